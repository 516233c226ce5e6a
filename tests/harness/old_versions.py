"""Versions before this one: their code from the history, and how it is started."""

import asyncio
import io
import platform
import subprocess
import tarfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

from sandbox.demo.process import Process

_ROOT = Path(__file__).parents[2]


def check_out(tag: str, folder: Path) -> Path:
    """Put the code of a version into a folder.

    The test is skipped where the history has none, or where this Python is newer than the version.
    """
    command = ["git", "-C", str(_ROOT), "archive", "--format=tar", tag]
    try:
        archive = subprocess.run(command, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"The history has no {tag} here: {error}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    if platform.python_version() not in SpecifierSet(project["requires-python"]):
        pytest.skip(f"{tag} is for Python {project['requires-python']}")
    return folder


async def launch_in(
    folder: Path, command: Sequence[str], environment: Mapping[str, str], out: Path, err: Path
) -> Process:
    """Start a program whose code lies in a folder."""
    with out.open("ab") as said, err.open("ab") as complained:
        return await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environment, stdout=said, stderr=complained
        )
