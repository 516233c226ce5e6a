"""The workflow's parts, which the service's HTTP answers are about."""

from tests.workflow.conftest import apixo, clock, template, world

__all__ = ["apixo", "clock", "template", "world"]
