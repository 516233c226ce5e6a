"""Every script, program and documented command starts, at its smallest size.

Those of `SMALLEST` are started here, those of `STARTED_BY` by the tests that are named; those of
`NOT_STARTED` cannot be. A command that is in none of the tables fails the first test.
"""

import argparse
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click
import pytest

from tests.page.conftest import CHROMIUM

ROOT = Path(__file__).parents[1]
PAGES = (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))

SMALLEST = {
    "python -m bench": ["--share", "0.00001"],
    "python -m qa.cluster": ["--orders", "4", "--quick", "--kill-every", "1", "--kills", "1"],
    "python -m qa.crash_matrix": ["--only", "none", "none: nothing"],
    "python -m qa.fuzz": ["--share", "0.000001", "--seed", "1"],
    "python -m qa.mutation": ["--at-once", "1", "size of a manager's pattern"],
    "python -m qa.simulation": ["--days", "0.01", "--jobs", "1"],
    "pybabel": ["init", "-l", "de", "-i", "{root}/bot/locale/dailies.pot", "-o", "{folder}/de.po"],
    "scripts/chart-samples": ["{folder}"],
    "scripts/draw": ["{folder}/lake.jpg"],
    "scripts/portal-pictures": ["{folder}"],
    "scripts/sbom": ["{folder}/sbom.json"],
    "scripts/pictures": ["--into", "{folder}", "--first"],
    "scripts/words": [],
}

STARTED_BY = {
    "python -m bot": "e2e/test_operations.py",
    "python -m bot audit": "e2e/test_operations.py",
    "python -m bot backup": "e2e/test_operations.py",
    "python -m bot doctor": "e2e/test_doctor.py",
    "python -m bot migrate": "upgrade/from_0_1/test_upgrade_from_0_1.py",
    "python -m bot report": "bot/cli/test_database.py",
    "python -m bot reshard": "e2e/test_shards.py",
    "python -m bot restore": "e2e/test_restored_copy.py",
    "python -m bot rotate": "bot/cli/test_database.py",
    "python -m bot run": "e2e/test_operations.py",
    "python -m bot sandbox": "e2e/test_demo.py",
    "python -m bot setup": "e2e/test_setup.py",
    "python -m qa.discord_requests": "qa/discord_requests/test_requests.py",
    "python -m sandbox.apixo": "sandbox/apixo/test_main.py",
    "python -m sandbox.demo": "sandbox/discord/test_main.py",
    "python -m sandbox.discord": "sandbox/discord/test_main.py",
    "scripts/catalogue": "bot/test_translation_catalog.py",
}

_OF_THE_SYSTEM = ("useradd", "install", "chown", "cp", "runuser", "systemctl", "journalctl")

NOT_STARTED = {
    **dict.fromkeys(_OF_THE_SYSTEM, "changes or asks the machine that tests run on"),
    "docker": "needs a builder of containers",
    "pip": "needs the network",
    "scripts/_browser": "installs packages",
    "scripts/_env": "installs packages",
    "scripts/audit": "needs the network",
    "scripts/check": "takes a minute; it stands beside the tests in .ci/run",
    "scripts/fix": "changes the tree that is tested",
    "scripts/lock": "needs uv and the network",
    "scripts/test": "is what starts this",
}

WRAPPERS = {
    "scripts/cluster": "python -m qa.cluster",
    "scripts/demo": "python -m bot sandbox",
    "scripts/discord-requests": "python -m qa.discord_requests",
    "scripts/fuzz": "python -m qa.fuzz",
    "scripts/guards": "python -m qa.mutation",
    "scripts/matrix": "python -m qa.crash_matrix",
    "scripts/setup": "python -m bot setup",
    "scripts/simulate": "python -m qa.simulation",
}
"""Scripts that see to the environment and then run a program."""

PLACEHOLDERS = {
    "ARCHIVE": "dailies.tar",
    "N": "1",
    "X": "1",
    "P": "today",
    "G": "day",
    "TO_URL": "sqlite:///other.db",
    "ID": "987654321098765432",
    "PATH": "copy.db",
    "…": "",
}
"""What the docs write for a value, and such a value."""

_COMMAND = (
    r"(?:scripts/[\w-]+|(?:\.venv/bin/)?(?:python3? -m [\w.]+|pip|pybabel)"
    rf"|docker|{'|'.join(_OF_THE_SYSTEM)})\b"
)
_IN_PROSE = re.compile(rf"`({_COMMAND}[^`]*)`")
_IN_A_BLOCK = re.compile(rf"^({_COMMAND}.*)$", re.MULTILINE)


def documented() -> list[str]:
    """List the command lines of every page, without the words and comments around them."""
    found = set[str]()
    for text in (page.read_text(encoding="utf-8") for page in PAGES):
        blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        lines = [line for block in blocks for line in _IN_A_BLOCK.findall(block)]
        lines += _IN_PROSE.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
        found |= {_without_comment(line) for line in lines}
    return sorted(found)


def _without_comment(line: str) -> str:
    line = re.sub(r"\s+#.*", "", line).replace(".venv/bin/", "").replace("python3 ", "python ")
    return line.strip()


def program_of(line: str) -> str:
    """Return the program of a command line, with its subcommand if it is the service's."""
    words = line.split()
    if words[0] != "python":
        return words[0]
    named = " ".join(words[:3])
    known = {*STARTED_BY, *SMALLEST}
    return " ".join(words[:4]) if " ".join(words[:4]) in known else named


def programs() -> set[str]:
    """Return every command that there is: documented, a script, or a package that can be run."""
    packages = {
        f"python -m {'.'.join(path.relative_to(ROOT).parent.parts)}"
        for room in ("bench", "bot", "qa", "sandbox")
        for path in (ROOT / room).rglob("__main__.py")
    }
    scripts = {f"scripts/{path.name}" for path in (ROOT / "scripts").iterdir() if path.is_file()}
    return {program_of(line) for line in documented()} | packages | scripts


def test_every_command_is_in_one_table():
    """And each that is in a table is there; `python -m venv` is Python's own."""
    tables = (SMALLEST, STARTED_BY, NOT_STARTED, WRAPPERS)
    listed = [name for table in tables for name in table]
    assert len(listed) == len(set(listed))
    subcommands = {name for name in STARTED_BY if name.startswith("python -m bot ")}
    assert programs() - {"python -m venv"} | subcommands == set(listed)


@pytest.mark.parametrize("page", ["README.md", "docs/operating.md", "docs/runbook.md"])
def test_each_line_of_an_operators_page_is_a_command_of_the_tables(page: str):
    """Nothing in a block is passed over because it begins with an unknown word."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = {line for kind, block in blocks if not kind for line in block.splitlines()}
    assert {_without_comment(line) for line in lines} <= {*documented()}


@pytest.mark.parametrize(("command", "tests"), STARTED_BY.items())
def test_what_others_start_they_name(command: str, tests: str):
    """The last word of the command is in their code, or in that of the harness they use."""
    sources = [ROOT / "tests" / tests, *(ROOT / "tests" / "harness").glob("*.py")]
    word = command.rpartition("/")[2].split()[-1]
    assert any(f'"{word}"' in source.read_text(encoding="utf-8") for source in sources)


@pytest.mark.parametrize(("script", "program"), WRAPPERS.items())
def test_a_wrapper_runs_its_program(script: str, program: str):
    """With every word that it is given."""
    last = (ROOT / script).read_text(encoding="utf-8").splitlines()[-1]
    assert last == f'exec .venv/bin/{program} "$@"'
    assert {program} <= {*SMALLEST, *STARTED_BY}


@pytest.mark.parametrize("line", documented())
def test_a_documented_command_is_understood(line: str, monkeypatch: pytest.MonkeyPatch):
    """Its options and subcommands are those that the program has."""
    program = next((name for name in WRAPPERS if line.split(maxsplit=1)[0] == name), "")
    line = line.replace(program, WRAPPERS[program], 1) if program else line
    words = shlex.split(line.replace("[", "").replace("]", ""))
    if words[:2] != ["python", "-m"] or words[2] == "venv":
        return
    given = [PLACEHOLDERS.get(word, word) for word in words[3:]]
    module = importlib.import_module(f"{words[2]}.__main__")
    if isinstance(module.main, click.Command):
        _parse(module.main, given)
    else:
        monkeypatch.setattr(sys, "argv", [words[2], *given])
        assert isinstance(module.read_command_line(), argparse.Namespace)


def _parse(command: click.Command, given: Sequence[str]) -> None:
    rest = [*given]
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        command = command.commands[rest.pop(0)]
    with suppress(click.exceptions.Exit):  # --version ends there
        command.make_context("documented", rest)


@pytest.mark.parametrize(("command", "given"), SMALLEST.items())
def test_it_starts(command: str, given: Sequence[str], tmp_path: Path):
    """And ends well."""
    if command == "scripts/pictures" and CHROMIUM is None:
        pytest.skip("there is no Chromium: `apt install chromium`, or run scripts/test as root")
    words = [word.format(root=ROOT, folder=tmp_path) for word in given]
    called = command.replace("pybabel", "python -m babel.messages.frontend").removeprefix("python ")
    ended = subprocess.run(
        [sys.executable, *called.split(), *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
