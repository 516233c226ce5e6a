"""Copies of the tree in which a guard may be missing, and the tests run in them."""

import multiprocessing
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from qa.mutation.guard import Guard

ROOT = Path(__file__).parents[2]

_LEFT_OUT = (".*", "data", "node_modules")
_ENDED_BY_FAILURES = 1
_LONGEST_S = 1_200
_SLOW_TO_LOAD = (
    *("aiohttp.web", "alembic.command", "asyncpg", "babel.numbers", "discord.ext.commands"),
    *("PIL.Image", "pydantic_settings", "sqlalchemy.ext.asyncio", "structlog"),
)
"""Others' modules, which are the same in every copy."""

_OURS = ("apixo", "bot", "cogs", "domain", "sandbox", "storage", "tests", "workflow")

_FORKS = multiprocessing.get_context("forkserver")


def load_before() -> None:
    """Let each run be a fork of a process that has loaded these, which halves what it takes."""
    _FORKS.set_forkserver_preload([*_SLOW_TO_LOAD])


@dataclass(frozen=True, slots=True)
class TestRun:
    """What a run of tests told: how it ended, its words, and the tests that failed."""

    exit_code: int
    output: str
    failed: tuple[str, ...]

    @property
    def is_green(self) -> bool:
        """Return whether every test passed."""
        return self.exit_code == 0

    def unaffected_tests(self, tests: Sequence[str]) -> list[str]:
        """List those of some tests that noticed nothing: they passed, or could not be begun."""
        if self.exit_code != _ENDED_BY_FAILURES:
            return [*tests]
        return [test for test in tests if not any(_is_of(test, name) for name in self.failed)]


@dataclass(frozen=True, slots=True)
class TreeCopy:
    """A copy of the tree."""

    root: Path

    def run_mutated(self, guard: Guard) -> TestRun:
        """Run the tests of a guard while it is gone."""
        file = self.root / guard.path
        source, times = file.read_bytes(), file.stat()
        guard.remove(self.root)
        try:
            return self.run(guard.tests)
        finally:
            file.write_bytes(source)
            os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))

    def run(self, tests: Sequence[str], log: Path | None = None) -> TestRun:
        """Run tests, in a process of their own; `log` takes what it says."""
        log = log or self.root / "pytest.log"
        process = _FORKS.Process(target=_run, args=(self.root, [*tests], log))
        process.start()
        process.join(_LONGEST_S)
        if process.exitcode is None:
            process.kill()
            return TestRun(-1, f"no end within {_LONGEST_S} s", ())
        lines = log.read_text().splitlines()
        failed = tuple(line.split()[1] for line in lines if line.startswith(("FAILED ", "SUBFAIL")))
        return TestRun(process.exitcode, "\n".join(lines[-25:]), failed)


def copy_tree(to: Path) -> TreeCopy:
    """Copy what the tests need, compiled files and their times included."""
    shutil.copytree(ROOT, to, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    return TreeCopy(to)


def _run(root: Path, tests: Sequence[str], log: Path) -> None:
    """Run as a process of the copy alone, and end as pytest does."""
    os.chdir(root)
    sys.path[:] = [str(root), *(path for path in sys.path if path not in ("", str(ROOT)))]
    for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
        del sys.modules[name]
    # Compiled files of the tree are used, for they know its times; none is written, lest the code
    # of a file without its guard outlive it.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with log.open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.exit(pytest.main(["-q", "-n0", "-rf", "--tb=line", *tests]))


def _is_of(test: str, name: str) -> bool:
    return name == test or name.startswith(f"{test}[")
