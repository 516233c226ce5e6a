"""The version is the package's."""

import tomllib
from pathlib import Path

from bot.version import VERSION


def test_the_version_is_the_packages():
    """Where the package is described, and where the service says it."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION
