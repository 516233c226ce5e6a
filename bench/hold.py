"""An accepted order, its job and its hold, on a long ledger against a short one.

Both databases lie in memory where the machine has a folder for that, so that no disk's latency
hides the work, and orders alternate between them.
"""

import asyncio
import random
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Integer, Text, insert, literal, select, true
from sqlalchemy import cast as sql_cast
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.figures import Figure, report, scaled
from domain.quotas import Limits
from domain.requests import Draft, GenerationCommand, build_request
from storage.database import Database
from storage.media import MediaFolder
from storage.schema import billing, jobs
from workflow.context import Context, Policy
from workflow.stages.accept import Order, accept

_LONG, _SHORT = 1_000_000, 1_000
_WARM_UP, _ORDERS = 50, 200
_MANY_MEMBERS = 997
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder is made in it

_interactions = count(1 << 40)


def measure(share: float = 1) -> bool:
    """Print the ratio on SQLite."""
    rows = scaled(_LONG, share, least=2), scaled(_SHORT, share, least=2)
    long, short = asyncio.run(_both(*rows, scaled(_WARM_UP, share), scaled(_ORDERS, share)))
    ratio = Figure(f"{rows[0]:,} rows / {rows[1]:,} rows", long / short, 1.5)
    return report(f"An order with its hold on SQLite (short: {short * 1e3:.1f} ms)", [ratio])


async def _both(long_rows: int, short_rows: int, warm_up: int, orders: int) -> tuple[float, float]:
    async with AsyncExitStack() as stack:
        memory = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        long = await _ledger(stack, folder / "long.db", long_rows)
        short = await _ledger(stack, folder / "short.db", short_rows)
        for _ in range(warm_up):
            await _order(long)
            await _order(short)
        pairs = [(await _order(long), await _order(short)) for _ in range(orders)]
        return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


async def _ledger(stack: AsyncExitStack, file: Path, rows: int) -> Context:
    """Make a database whose ledger has so many rows: holds and their charges."""
    database = await stack.enter_async_context(await Database.open(f"sqlite:///{file}"))
    await database.migrate()
    unused = cast("Any", None)
    context = Context(
        database=database,
        apixo=unused,
        results=unused,
        media=MediaFolder(file.parent / "media"),
        playback=unused,
        publisher=unused,
        policy=Policy(
            limits=Limits(member_day=None, server_day=None, everything_day=None),
            max_tasks=5,
            max_queued_per_member=1 << 40,
            max_queued_per_server=1 << 40,
        ),
        now_ms=lambda: time.time_ns() // 1_000_000,
        random=random.Random(1),
    )
    await _order(context)
    await database.transact(lambda tx: _fill(tx, rows // 2))
    return context


async def _fill(tx: AsyncConnection, times: int) -> None:
    """Copy the one job and hold there are, as delivered and charged."""
    first = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = first.union_all(select(first.c.n + 1).where(first.c.n < times))
    name = literal("j") + sql_cast(numbers.c.n, Text)
    member = sql_cast(numbers.c.n % _MANY_MEMBERS, Integer)
    kept = [c for c in jobs.c if c.name not in ("id", "interaction_id", "user_id", "state")]
    done = select(name, numbers.c.n, member, literal("delivered"), *kept).select_from(
        numbers.join(jobs, true())
    )
    names = ["id", "interaction_id", "user_id", "state", *(c.name for c in kept)]
    await tx.execute(insert(jobs).from_select(names, done))
    for kind in ("hold", "charge"):
        changed = ("id", "kind", "job_id", "hold_id", "user_id")
        kept = [c for c in billing.c if c.name not in changed]
        offset = 1 if kind == "hold" else 1 + times
        hold = literal(None, Integer) if kind == "hold" else numbers.c.n + 1
        rows = select(numbers.c.n + offset, literal(kind), name, hold, member, *kept)
        rows = rows.select_from(numbers.join(billing, billing.c.id == 1))
        await tx.execute(insert(billing).from_select([*changed, *(c.name for c in kept)], rows))


async def _order(context: Context) -> float:
    """Accept one order, and return the seconds that it took."""
    order = Order(
        interaction_id=next(_interactions),
        guild_id=1,
        channel_id=2,
        user_id=random.randrange(_MANY_MEMBERS),
        request=build_request(Draft(command=GenerationCommand.VIDEO, prompt="a lake at dusk")),
    )
    began = time.perf_counter()
    await accept(context, order)
    return time.perf_counter() - began
