"""The command line where a part of the service is not there."""

import sys

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.version import VERSION


def test_an_image_without_the_demo_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch):
    """A sentence, not a traceback."""
    monkeypatch.setitem(sys.modules, "sandbox.demo", None)
    found = CliRunner().invoke(main, ["sandbox", "--once"])
    assert found.exit_code == 1
    assert "docker build --target demo" in found.output


def test_the_version_is_printed():
    """Without any setting."""
    found = CliRunner().invoke(main, ["--version"])
    assert (found.exit_code, found.output) == (0, f"Dailies {VERSION}\n")
