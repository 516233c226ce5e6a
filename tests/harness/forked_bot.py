"""Starts the service as a fork of a process that has read its modules, which is a second quicker.

Each is a process of its own, with its environment, its files and its signals. How it starts from
nothing is seen by the tests of the demo and of the outages.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bot.__main__ import main as command_line
from sandbox.demo.process import Process

BOT_COMMAND = [sys.executable, "-m", "bot"]

_READ_BEFORE = ("bot.app", "bot.cli.database", "bot.cli.doctor", "bot.logs", "storage.migrate")
"""What the command line reads only when it runs: a fork has it already."""

_TURNS = 20
"""Of the event loop: more than an end takes from a socket to who reads there."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, *_READ_BEFORE])


async def fork_bot(
    command: Sequence[str], environment: Mapping[str, str], out: Path, err: Path
) -> Process:
    """Start `python -m bot` with some words, as `demo.process.launch` starts any program."""
    assert [*command[:3]] == BOT_COMMAND, "only the service is forked"
    for path in (out, err):
        path.touch()
    given = ([*command[3:]], dict(environment), Path.cwd(), out.absolute(), err.absolute())
    process = _FORKS.Process(target=_be, args=given, daemon=True)
    process.start()
    return _Fork(process)


class _Fork:
    """What `asyncio.subprocess.Process` is of a program."""

    def __init__(self, process: ForkServerProcess) -> None:
        assert process.pid is not None, "it was started"
        self.pid = process.pid
        self._process = process

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int, /) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        # Several may wait, and a loop has one reader a file: so each has a file of its own.
        sentinel = os.dup(self._process.sentinel)
        loop.add_reader(sentinel, ended.set)
        try:
            while (code := self.returncode) is None:
                await ended.wait()
            # Its connections were closed before: let the stand-ins hear of that, or they would
            # take the next process for this one.
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            return code
        finally:
            loop.remove_reader(sentinel)
            os.close(sentinel)


def _be(words: list[str], environment: dict[str, str], folder: Path, out: Path, err: Path) -> None:
    os.chdir(folder)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    command_line(words, prog_name="python -m bot")
