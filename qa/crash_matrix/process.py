"""The real service, `python -m bot run`, which kills itself at a named point.

Each is a fork of a process that has read every module (see `tests.harness.forked_bot`), and is
changed from the outside before it starts; it dies of SIGKILL.

The environment is the service's own. Besides:

* `DOOM`: `POINT#N` kills at the N-th passing of a point, `*#N` at the N-th passing of any.
* `COPY`: a file that takes a copy of the database at that passing, instead of a death.
* `SLOT`: which of two processes it is; its points are named with it, as `before:CALL@first`.
* `STRANGERS`: whether no process sees if another of its machine lives, nor hears its notices.
* `LATER`: whether so much time has passed that no nonce may be relied upon.
* `PASSED`: a file that takes the name of each point that is passed.
* `HASTE`: divides the few waits that `TIME_SCALE` leaves alone: they are about Discord and other
  processes, which the stand-ins answer for in milliseconds.
* `BUSY_MS`: how long SQLite waits for somebody else's transaction.
* `DISK_FULL`: how many writes of a file fail, as on a full disk.
* `BLIND`: `history` has the service find nothing in Discord's history, `unknown` has it send again
  what it does not know the fate of, `restore` has it take a copy that was put back for the present,
  `removal` has it not hear of, nor look for, a server that it was thrown out of: without such a
  guard the matrix has to find harm.
"""

import asyncio
import errno
import os
import signal
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import discord.state

import bot.pauses
import bot.sharding.identifies
import cogs.background
import cogs.servers.cog
import storage.engines
import workflow.results.posted
import workflow.servers.notices
import workflow.stages.submit
import workflow.status_updates
import workflow.worker
from bot.sharding import leases
from cogs.publishing.publisher import DiscordPublisher
from qa.crash_matrix.crash_points import instrument_all
from qa.crash_matrix.databases import copy_database
from sandbox.demo.process import Process
from storage.database import Database
from storage.partial_files import PartialFile
from tests.harness.forked_bot import fork_bot
from workflow.context import Context


class CrashTrigger:
    """Hears of every point that is passed, and kills the process at the one named."""

    def __init__(self) -> None:
        self._point, self._nth = "", 0
        self._copy = self._database_url = ""
        self._slot = ""
        self._passed: Counter[str] = Counter()
        self._file: int | None = None

    def configure(self, environment: Mapping[str, str]) -> None:
        """Learn where this process is to die, and where it writes what it passes."""
        self._point, _, nth = environment.get("DOOM", "").rpartition("#")
        self._nth = int(nth or 0)
        self._copy = environment.get("COPY", "")
        self._slot = environment.get("SLOT", "")
        self._database_url = environment.get("DATABASE_URL", "")
        if path := environment.get("PASSED"):
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC)

    def __call__(self, point: str) -> None:
        """Pass a point."""
        point += self._slot
        if self._file is not None:
            os.write(self._file, f"{point}\n".encode())
        self._passed[point] += 1
        self._passed["*"] += 1
        if self._nth and self._passed[self._point] == self._nth:
            self._nth = 0
            if self._copy:
                copy_database(self._database_url, Path(self._copy))
            else:
                os.kill(os.getpid(), signal.SIGKILL)


async def fork_bot_to_kill(
    command: Sequence[str], environment: Mapping[str, str], out: Path, err: Path
) -> Process:
    """Start the service with a crash trigger, as `demo.process.launch` starts any program."""
    return await fork_bot(command, environment, out, err, prepare=_arm_crash_points)


def _arm_crash_points() -> None:
    trigger = CrashTrigger()
    instrument_all(trigger)
    trigger.configure(os.environ)
    _prepare(os.environ)


def _prepare(environment: Mapping[str, str]) -> None:
    haste = float(environment.get("HASTE", "1"))
    if haste != 1:
        _shorten_intervals(haste)
    # Several releases for one removal are one piece of news only within this.
    patience = float(environment.get("TIME_SCALE", "1")) / haste
    workflow.servers.notices._SETTLE_MS = round(workflow.servers.notices._SETTLE_MS * patience)
    if environment.get("STRANGERS"):
        leases._pid_space = _find_no_machine
        Database.has_notices = property(_has_no_notices)
    if environment.get("LATER"):
        workflow.results.posted._NONCE_WINDOW_MS = 0
    if busy_ms := environment.get("BUSY_MS"):
        _be_impatient(int(busy_ms))
    if failing := environment.get("DISK_FULL"):
        _fill_disk(int(failing))
    _take_out_guard(environment.get("BLIND", ""))


def _take_out_guard(guard: str) -> None:
    match guard:
        case "history":
            DiscordPublisher.find_message = DiscordPublisher.find_result_dm = _find_nothing
        case "unknown":
            workflow.stages.submit._lost_answer = _send_again
        case "restore":
            workflow.worker.check_high_water = _take_for_present
        case "removal":
            workflow.stages.submit._find_obstacle = _find_nothing
            cogs.servers.cog.release_waiting = cogs.background.release_where_left = _find_nothing
        case _:
            return


def _shorten_intervals(haste: float) -> None:
    workflow.worker.LEASE_MS = round(workflow.worker.LEASE_MS / haste)
    workflow.worker.HEARTBEAT_S = workflow.worker.HEARTBEAT_S / haste
    identifies = bot.sharding.identifies
    identifies.IDENTIFY_INTERVAL_MS = round(identifies.IDENTIFY_INTERVAL_MS / haste)  # pyright: ignore[reportConstantRedefinition] - of this process
    leases.LEASE_MS = round(leases.LEASE_MS / haste)  # pyright: ignore[reportConstantRedefinition] - see above
    leases._SAFETY_MS = round(leases._SAFETY_MS / haste)
    leases.BEAT_S /= haste  # pyright: ignore[reportConstantRedefinition] - see above
    bot.pauses._FIRST_PAUSE_MS = round(bot.pauses._FIRST_PAUSE_MS / haste)
    announce = workflow.status_updates
    announce._REPOST_AFTER_MS = round(announce._REPOST_AFTER_MS / haste)
    patience = announce.backoff_ms
    announce.backoff_ms = lambda failures, jitter: round(patience(failures, jitter) / haste)
    cogs.background._LEFT_SERVERS_INTERVAL_S /= haste
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
    write, left = PartialFile.write, [failing]

    def refuse(self: Any, block: bytes) -> None:
        if left[0] > 0:
            left[0] -= 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, block)

    PartialFile.write = refuse


def _find_no_machine() -> None:
    return None


def _has_no_notices(_database: Database) -> bool:
    return False


async def _find_nothing(*_: Any) -> None:
    await asyncio.sleep(0)


async def _take_for_present(context: Context) -> None:
    await asyncio.sleep(0)
    context.high_water.is_checked = True


async def _send_again(context: Context, job: Any, error: Exception) -> None:
    await asyncio.sleep(0)
    await workflow.stages.submit._requeue_unsent(context, job)
