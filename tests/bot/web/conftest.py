"""The workflow's parts, which the service's HTTP answers are about."""

from tests.workflow.conftest import apixo, clock, harness, template

__all__ = ["apixo", "clock", "harness", "template"]
