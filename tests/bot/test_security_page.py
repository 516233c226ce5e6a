"""The security page keeps its word: the tests it names exist, the image is as it says."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| -")]


@pytest.mark.parametrize("row", ROWS[1:], ids=lambda row: row.split("|")[1].strip()[:60])
def test_every_threat_has_tests_that_exist(row: str):
    """Who renames one has to rename it there."""
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", row)
    assert named
    for path, name in named:
        tree = ast.parse((ROOT / path).read_text())
        tests = {node.name for node in ast.walk(tree) if isinstance(node, _FUNCTION)}
        assert not name or name in tests


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_by_its_hash(lock: str):
    """No line names a package without a version and a hash, or another place to get it from."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    lines = [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    assert lines
    assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text()


def test_the_image_has_neither_root_nor_a_root_to_write_to():
    """A user of its own; all but the data and a folder in memory is read-only, no capability."""
    image = (ROOT / "Dockerfile").read_text()
    last = image[image.rindex("\nFROM ${PYTHON_IMAGE} AS base") :]
    assert re.search(r"^USER dailies$", last, re.MULTILINE)
    assert last.index("\nUSER ") < last.index("\nCMD ")
    (volume,) = re.findall(r"^VOLUME (\S+)$", last, re.MULTILINE)
    service = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["dailies"]
    for setting, value in {
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - in the container
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "volumes": [f"data:{volume}"],
    }.items():
        assert service[setting] == value, setting


_FUNCTION: Any = ast.FunctionDef | ast.AsyncFunctionDef
