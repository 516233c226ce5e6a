"""The version is the package's, and versions are compared by their numbers."""

import tomllib
from pathlib import Path

from bot.version import VERSION, version_key


def test_the_version_is_the_packages():
    """Where the package is described, and where the service says it."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION


def test_versions_are_compared_as_numbers():
    """0.10 comes after 0.9; what follows the numbers does not count."""
    versions = ["", "0.2", "0.2.0", "0.9.1", "0.10.0rc1", "1"]
    assert sorted(versions, key=version_key) == versions
