"""Starts the service as a fork of a process that has read its modules, which is a second quicker.

Each is a process of its own, with its environment, its files and its signals. How it starts from
nothing is seen by the tests of the demo and of the outages.
"""

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing import popen_forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from bot.__main__ import main as command_line
from sandbox.demo.process import Process

BOT_COMMAND = [sys.executable, "-m", "bot"]

Prepare = Callable[[], object]
"""Changes a fork before it is the service; its environment is in place."""

_READ_BEFORE = (
    *("bot.app", "bot.cli.database", "bot.cli.doctor", "bot.logs", "storage.migrate"),
    *("bot.snapshot_reader", "sandbox.demo.run"),
    *("workflow.video_tools.tools", "qa.crash_matrix.process"),
    *(
        *("tests.harness.template_ahead", "tests.harness.read_ahead"),
        *("tests.harness.migrated_ahead", "tests.harness.compiled_ahead"),
        "alembic.command",
        "sqlalchemy.dialects.postgresql.asyncpg",
    ),
)
"""What the command line reads only when it runs, and what prepares a fork: it has it already."""

_TURNS = 20
"""Of the event loop: more than an end takes from a socket to who reads there."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__, *_READ_BEFORE])

_poll = popen_forkserver.Popen.poll
_polling = threading.Lock()


def _poll_alone(self: popen_forkserver.Popen, flag: int = os.WNOHANG) -> int | None:
    """Read an exit code once: each start polls every process, in a thread of its own.

    The second of two that read at once would find nothing, and take that for an exit code of 255.
    """
    with _polling:
        return _poll(self, flag)


popen_forkserver.Popen.poll = _poll_alone


async def fork_bot(
    command: Sequence[str],
    environment: Mapping[str, str],
    out: Path,
    err: Path,
    *,
    prepare: Prepare | None = None,
) -> Process:
    """Start `python -m bot` with some words, as `demo.process.launch` starts any program.

    It runs in the folder of `out`, where no `.env` lies. `prepare` is a function of a module.
    """
    assert [*command[:3]] == BOT_COMMAND, "only the service is forked"
    for path in (out, err):
        path.touch()
    given = ([*command[3:]], dict(environment), out.absolute(), err.absolute(), prepare)
    process = _FORKS.Process(target=_be, args=given, daemon=True)
    # The first one waits for the modules to be read: the stand-ins have to go on meanwhile.
    starting = asyncio.ensure_future(asyncio.to_thread(process.start))
    try:
        await asyncio.shield(starting)
    except asyncio.CancelledError:
        await starting
        process.kill()
        raise
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
        # It may have died just now, and that not be known yet.
        if self.returncode is None:
            with suppress(ProcessLookupError):
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


def _be(
    words: list[str],
    environment: dict[str, str],
    out: Path,
    err: Path,
    prepare: Prepare | None,
) -> None:
    # What was read before is looked through by no collection, and stays shared.
    gc.freeze()
    # Tests below `nohup` would hand down an ignored signal, which the demo respects.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    os.chdir(out.parent)
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    if prepare is not None:
        prepare()
    command_line(words, prog_name="python -m bot")
