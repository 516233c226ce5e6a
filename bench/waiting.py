"""The cost of a long line: one turn of the worker, and a member's place, on SQLite in memory.

A turn finds one task due and one place free at APIXO, and claims both; their stages are left out.
A place is looked up for an order that has just been accepted. Turns on the long line alternate with
turns on the short one.
"""

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.figures import Figure, report, scaled
from domain.jobs import JobState
from domain.quotas import Limits
from domain.requests import Draft, GenerationCommand, build_request
from storage import queue
from storage.database import Database
from storage.jobs import Job
from storage.media import MediaFolder
from workflow.context import Context, Policy
from workflow.stages.accept import Order, accept
from workflow.worker import Worker

_LONG, _LONG_UNDER_WAY = 100_000, 1_000
_SHORT, _SHORT_UNDER_WAY = 100, 10
_SHORT_LINE = 1_000
_WARM_UP, _ROUNDS = 10, 100
_EACH_WAITS = 20
"""Jobs of a member in the line; as many members as there are tasks have one under way, too."""

_SERVERS: Final = 997
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder is made in it


def measure(share: float = 1) -> bool:
    """Print the ratios."""
    turns, places = asyncio.run(_all(share))
    return report(
        f"A long line (a turn: {_show(turns)}; a place: {_show(places)})",
        [
            Figure("a turn, 100,000 waiting / 100", turns[0] / turns[1], 2),
            Figure("a place, among 100,000 / 1,000", places[0] / places[1], 1.5),
        ],
    )


def _show(pair: tuple[float, float]) -> str:
    return " and ".join(f"{seconds * 1e3:.2f} ms" for seconds in pair)


async def _all(share: float) -> tuple[tuple[float, float], tuple[float, float]]:
    async with AsyncExitStack() as stack:
        memory = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))

        async def line(name: str, waiting: int, under_way: int) -> "_Line":
            found = scaled(waiting, share, least=3), scaled(under_way, share, least=3)
            return await _Line.make(stack, folder / f"{name}.db", *found)

        rounds = scaled(_ROUNDS, share)
        long = await line("long", _LONG, _LONG_UNDER_WAY)
        short = await line("short", _SHORT, _SHORT_UNDER_WAY)
        turns = await _compare(long.take_turn, short.take_turn, rounds)
        middle = await line("middle", _SHORT_LINE, _LONG_UNDER_WAY)
        return turns, await _compare(long.find_place, middle.find_place, rounds)


async def _compare(
    long: Callable[[], Awaitable[float]], short: Callable[[], Awaitable[float]], rounds: int
) -> tuple[float, float]:
    for _ in range(min(_WARM_UP, rounds)):
        await long()
        await short()
    pairs = [(await long(), await short()) for _ in range(rounds)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


class _Turns(Worker):
    """A worker that claims, and does nothing with what it has claimed; `states` are of those."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, "bench")
        self.states = list[JobState]()

    async def _work(self, job: Job) -> None:
        self.states.append(job.state)


@dataclass(frozen=True, slots=True)
class _Line:
    """Jobs that wait and tasks under way, and what is measured on them, in CPU seconds."""

    context: Context
    worker: _Turns
    job_id: str

    @classmethod
    async def make(cls, stack: AsyncExitStack, file: Path, waiting: int, under_way: int) -> "_Line":
        database = await stack.enter_async_context(await Database.open(f"sqlite:///{file}"))
        await database.migrate()
        context = _context(database, file.parent / "media", under_way)
        accepted = await accept(context, _order())
        numbers = {"waiting": waiting, "under_way": under_way, "now": context.now_ms()}
        await database.transact(lambda tx: _fill(tx, numbers))
        context.high_water.is_checked = True
        return cls(context, _Turns(context), accepted.job.id)

    async def take_turn(self) -> float:
        """Free a place and have a task be due, and then take a turn."""
        now_ms = self.context.now_ms()
        await self.context.database.transact(lambda tx: _make_room(tx, now_ms))
        self.worker.states.clear()
        began_s = time.process_time()
        await self.worker.run_once()
        await self.worker.wait_until_idle()
        taken_s = time.process_time() - began_s
        claimed = sorted(self.worker.states)
        assert claimed == [JobState.GENERATING, JobState.SUBMITTING], claimed
        return taken_s

    async def find_place(self) -> float:
        """Look the place of an order up."""
        began_s = time.process_time()
        await self.context.database.read(lambda tx: queue.position(tx, self.job_id))
        return time.process_time() - began_s


class _Roomy(MediaFolder):
    """A folder with room for every task that is under way."""

    def free_bytes(self) -> int:
        return 1 << 60


class _Connected:
    is_connected, is_ready = True, False


def _context(database: Database, media: Path, under_way: int) -> Context:
    unused = cast("Any", None)
    return Context(
        database=database,
        apixo=unused,
        results=unused,
        media=_Roomy(media),
        playback=unused,
        publisher=cast("Any", _Connected()),
        policy=Policy(
            limits=Limits(member_day=None, server_day=None, everything_day=None),
            max_tasks=under_way,
            # A moment of the rate limit is no cost of a turn.
            time_scale=1_000_000,
        ),
        now_ms=lambda: time.time_ns() // 1_000_000,
        random=random.Random(1),
    )


def _order() -> Order:
    draft = Draft(command=GenerationCommand.VIDEO, prompt="a lake at dusk")
    return Order(
        interaction_id=1, guild_id=1, channel_id=2, user_id=3, request=build_request(draft)
    )


async def _fill(tx: AsyncConnection, numbers: dict[str, int]) -> None:
    """Copy the one job there is: as waiting, and as being made since then."""
    columns = (await tx.execute(text("SELECT name FROM pragma_table_info('jobs')"))).scalars()
    kept = [name for name in columns if name not in _CHANGED]
    for statement in _COPIES:
        copied = statement.format(
            columns=", ".join([*_CHANGED, *kept]), kept=", ".join(f"one.{name}" for name in kept)
        )
        await tx.execute(text(copied), {**numbers, "each": _EACH_WAITS, "servers": _SERVERS})
    await tx.execute(text("UPDATE jobs SET status_shown = state"))


_CHANGED: Final = (
    *("id", "interaction_id", "guild_id", "user_id", "state", "created_at_ms", "due_at_ms"),
    "task_id",
)
_COPIES: Final = (
    """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :waiting)
    INSERT INTO jobs ({columns})
    SELECT printf('w%09d', n), 10 + n, n % :servers, 10 + n / :each, 'queued',
        :now - 9000000 + n, :now - 9000000 + n, NULL, {kept}
    FROM numbers JOIN jobs AS one ON one.interaction_id = 1
    """,
    """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :under_way)
    INSERT INTO jobs ({columns})
    SELECT printf('g%09d', n), -n, n % :servers, 10 + n * 2, 'generating',
        :now - 9900000 + n, :now + 9000000 + n, printf('t%09d', n), {kept}
    FROM numbers JOIN jobs AS one ON one.interaction_id = 1
    """,
)


async def _make_room(tx: AsyncConnection, now_ms: int) -> None:
    """Have a task wait again, at the end of the line; and have one that goes on be due."""
    for statement in _ROOM:
        await tx.execute(text(statement), {"now": now_ms})


_ROOM: Final = (
    """
    UPDATE jobs SET state = 'queued', status_shown = 'queued', created_at_ms = :now,
        due_at_ms = :now, lease_owner = NULL, lease_until_ms = NULL
    WHERE id = (SELECT id FROM jobs WHERE state IN ('submitting', 'generating')
        ORDER BY state DESC, id LIMIT 1)
    """,
    """
    UPDATE jobs SET due_at_ms = :now, lease_owner = NULL, lease_until_ms = NULL, turns = 0
    WHERE id = (SELECT max(id) FROM jobs WHERE state = 'generating')
    """,
)
