"""The real service, `python -m bot run`, which kills itself at a named point; and its fork server.

`python -m qa.crash_matrix.process` brings processes up: it has read every module, runs no
loop and no thread, and forks one process for each line of JSON on its standard input, with the
settings, the log and the fate that the line names. A fork starts in a moment; it is a process
of its own, and it dies of SIGKILL. Each start and each end is told in a line on standard output.

The environment is the service's own. Besides:

* `DOOM`: `POINT#N` kills at the N-th passing of a point, `*#N` at the N-th passing of any.
* `PASSED`: a file that takes the name of each point that is passed.
* `HASTE`: divides the few waits that `TIME_SCALE` leaves alone: they are about Discord and other
  processes, which the stand-ins answer for in milliseconds.
* `BUSY_MS`: how long SQLite waits for somebody else's transaction.
* `DISK_FULL`: how many writes of a file fail, as on a full disk.
* `BLIND`: `history` has the service find nothing in Discord's history, `unknown` has it send again
  what it does not know the fate of: without such a guard the matrix has to find harm.
"""

import asyncio
import errno
import gc
import importlib
import json
import os
import select
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any, NoReturn

import discord.state
from babel import localedata

import bot.pauses
import storage.engines
import workflow.stages.submit
import workflow.status_updates
import workflow.worker
from bot.__main__ import main as command_line
from cogs.publishing.publisher import DiscordPublisher
from qa.crash_matrix.crash_points import instrument_all
from storage import media
from workflow.context import Context

_READ_BEFORE = "bot.app", "bot.logs", "storage.migrate", "workflow.video_tools.tools"
"""What the command line reads only when it runs: a fork has it already."""


class CrashTrigger:
    """Hears of every point that is passed, and kills the process at the one named."""

    def __init__(self) -> None:
        self._point, self._nth = "", 0
        self._passed: Counter[str] = Counter()
        self._file: int | None = None

    def configure(self, environment: Mapping[str, str]) -> None:
        """Learn where this process is to die, and where it writes what it passes."""
        self._point, _, nth = environment.get("DOOM", "").rpartition("#")
        self._nth = int(nth or 0)
        if path := environment.get("PASSED"):
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)

    def __call__(self, point: str) -> None:
        """Pass a point."""
        if self._file is not None:
            os.write(self._file, f"{point}\n".encode())
        self._passed[point] += 1
        self._passed["*"] += 1
        if self._nth and self._passed[self._point] == self._nth:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Bring up what is asked for until standard input ends."""
    fate = CrashTrigger()
    instrument_all(fate)
    for name in _READ_BEFORE:
        importlib.import_module(name)
    for name in ("en", "en_US"):
        localedata.load(name)
    gc.freeze()
    _ForkServer(fate).run()


class _ForkServer:
    def __init__(self, fate: CrashTrigger) -> None:
        self._fate = fate
        self._alive: set[int] = set()
        self._bell, bell_in = os.pipe()
        os.set_blocking(bell_in, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(bell_in, warn_on_full_buffer=False)

    def run(self) -> None:
        pending = b""
        while True:
            ready, _, _ = select.select([0, self._bell], [], [])
            if self._bell in ready:
                os.read(self._bell, 4096)
                self._bury()
            if 0 in ready:
                read = os.read(0, 65536)
                if not read:
                    break
                *lines, pending = (pending + read).split(b"\n")
                for line in lines:
                    self._bring_up(json.loads(line))
        for pid in self._alive:
            os.kill(pid, signal.SIGKILL)

    def _bring_up(self, order: dict[str, Any]) -> None:
        pid = os.fork()
        if pid == 0:
            _live(order, self._fate)
        self._alive.add(pid)
        _tell({"number": order["number"], "pid": pid})

    def _bury(self) -> None:
        while self._alive:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._alive.discard(pid)
            _tell({"pid": pid, "code": os.waitstatus_to_exitcode(status)})


def _tell(news: dict[str, int]) -> None:
    os.write(1, f"{json.dumps(news)}\n".encode())


def _live(order: dict[str, Any], fate: CrashTrigger) -> NoReturn:
    """Be the service, from its command line on."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(number, target)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        fate.configure(os.environ)
        _prepare(os.environ)
        command_line(["run"], standalone_mode=False)
    except SystemExit as end:
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(70)
    sys.stderr.flush()
    os._exit(0)


def _prepare(environment: Mapping[str, str]) -> None:
    haste = float(environment.get("HASTE", "1"))
    if haste != 1:
        _hurry(haste)
    if busy_ms := environment.get("BUSY_MS"):
        _be_impatient(int(busy_ms))
    if failing := environment.get("DISK_FULL"):
        _fill_disk(int(failing))
    match environment.get("BLIND"):
        case "history":
            DiscordPublisher.find_message = DiscordPublisher.find_result_dm = _find_nothing
        case "unknown":
            workflow.stages.submit._lost_answer = _send_again
        case _:
            return


def _hurry(haste: float) -> None:
    workflow.worker.LEASE_MS = round(workflow.worker.LEASE_MS / haste)
    workflow.worker.HEARTBEAT_S = workflow.worker.HEARTBEAT_S / haste
    bot.pauses._FIRST_PAUSE_S /= haste
    announce = workflow.status_updates
    announce._REPOST_AFTER_MS = round(announce._REPOST_AFTER_MS / haste)
    patience = announce.backoff_ms
    announce.backoff_ms = lambda failures, jitter: round(patience(failures, jitter) / haste)
    build = discord.state.ConnectionState.__init__

    def built(self: Any, **options: Any) -> None:
        # The library waits this long for one more server after the last.
        build(self, **{**options, "guild_ready_timeout": 2.0 / haste})

    discord.state.ConnectionState.__init__ = built


def _be_impatient(busy_ms: int) -> None:
    for name in ("_WRITER_PRAGMAS", "_READER_PRAGMAS"):
        pragmas = getattr(storage.engines, name)
        setattr(storage.engines, name, (*pragmas, f"busy_timeout = {busy_ms}"))


def _fill_disk(failing: int) -> None:
    write, left = media._Part.write, [failing]

    def refuse(self: Any, block: bytes) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, block)

    media._Part.write = refuse


async def _find_nothing(*_: Any) -> None:
    return None


async def _send_again(context: Context, job: Any, error: Exception) -> None:
    await asyncio.sleep(0)
    await workflow.stages.submit._requeue_unsent(context, job)


if __name__ == "__main__":
    main()
