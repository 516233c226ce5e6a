"""The command line where a part of the service is not there."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.version import VERSION

ROOT = Path(__file__).parents[2]


def test_an_image_without_the_demo_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch):
    """A sentence, not a traceback."""
    monkeypatch.setitem(sys.modules, "sandbox.demo", None)
    found = CliRunner().invoke(main, ["sandbox", "--once"])
    assert found.exit_code == 1
    assert "docker build --target demo" in found.output


def test_an_older_python_gets_a_sentence():
    """Instead of the traceback of whatever it lacks first."""
    python = shutil.which("python3.10")
    works = (
        python
        and not subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode
    )
    if not python or not works:
        pytest.skip("there is no Python 3.10 here")
    words = [python, "-m", "bot", "--version"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "Dailies needs Python 3.11 to 3.14.\n")


def test_the_version_is_printed():
    """Without any setting."""
    found = CliRunner().invoke(main, ["--version"])
    assert (found.exit_code, found.output) == (0, f"Dailies {VERSION}\n")
