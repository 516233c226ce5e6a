# ruff: noqa: S608 - the statements are put together from the constants below
"""`/spend` and `/report` on a month of a million ledger rows of one server.

What Discord takes is left out: the names of members, and the way there and back. The floor is the
same question put to the rows themselves. SQLite, in memory where the machine has a folder for that.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bench.figures import Figure, report, scaled
from cogs.reports import views
from cogs.reports.charts.renderer import ChartRenderer
from domain.quotas import Limits
from domain.reports import Grouping, ReportPeriod
from storage.database import Database
from workflow.context import Context, Policy
from workflow.reports.spending import SpendingReport, read_member_report, read_server_report

_VIDEOS = 500_000
_MEMBERS, _CHANNELS = 997, 7
_MONTH_MS = 30 * 86_400_000
_ROUNDS = 5
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder is made in it

Answer = Callable[[], Awaitable[SpendingReport]]


def measure(share: float = 1) -> bool:
    """Print the seconds that each answer takes."""
    videos = scaled(_VIDEOS, share)
    seconds, floor = asyncio.run(_answers(videos, scaled(_ROUNDS, share)))
    return report(
        f"A server's month of {2 * videos:,} ledger rows (summing the rows: {floor:.1f} s)",
        [Figure(name, taken, 1, " s") for name, taken in seconds.items()],
    )


async def _answers(videos: int, rounds: int) -> tuple[dict[str, float], float]:
    async with AsyncExitStack() as stack:
        memory = _IN_MEMORY if _IN_MEMORY.is_dir() else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=memory)))
        opened = await Database.open(f"sqlite:///{folder / 'month.db'}")
        context = _context(await stack.enter_async_context(opened))
        await context.database.migrate()
        await context.database.transact(lambda tx: _fill(tx, videos))
        period, by_day = ReportPeriod.THIRTY_DAYS, Grouping.DAY
        seconds = {
            "/spend, with its picture": await _quickest(
                lambda: read_member_report(context, 1, 1, (), period), by_day, rounds
            )
        }
        for grouping in Grouping:
            seconds[f"/report by {grouping}, with its picture"] = await _quickest(
                lambda by=grouping: read_server_report(context, 1, period, by), grouping, rounds
            )
        began = time.perf_counter()
        await context.database.read(_sum_rows)
        return seconds, time.perf_counter() - began


def _context(database: Database) -> Context:
    unused = cast("Any", None)
    no_limits = Limits(member_day=None, server_day=None, everything_day=None)
    return Context(
        database=database,
        apixo=unused,
        results=unused,
        media=unused,
        playback=unused,
        publisher=unused,
        policy=Policy(limits=no_limits, max_tasks=5),
        now_ms=lambda: time.time_ns() // 1_000_000,
        random=random.Random(1),
    )


async def _quickest(answer: Answer, grouping: Grouping, rounds: int) -> float:
    """Return the seconds of the quickest answer: what else runs here is no cost of ours."""
    painter, taken = ChartRenderer(), list[float]()
    for _ in range(rounds):
        began = time.perf_counter()
        found = await answer()
        assert found.total.delivered, "there is something to sum"
        await painter.render_png(views.render_chart(found, "Spending", grouping, {}))
        taken.append(time.perf_counter() - began)
    return min(taken)


async def _fill(tx: AsyncConnection, videos: int) -> None:
    """Make videos all through the month, a twentieth of which failed; the triggers sum them."""
    for statement in _FILLING:
        end_ms = time.time_ns() // 1_000_000
        await tx.execute(
            text(statement), {"end": end_ms, "videos": videos, "apart": _MONTH_MS // videos}
        )


_FILLING = (
    f"""
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :videos)
    INSERT INTO jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, request,
        model, mode, resolution, seconds, price_micro, price_version, attempt, submissions,
        failures, turns, due_at_ms, created_at_ms)
    SELECT printf('j%09d', n), n, 1, n % {_CHANNELS}, n % {_MEMBERS}, 'posting', 0, '',
        CASE WHEN n % 3 THEN 'seedance-1-5-pro' ELSE 'seedance-2-0' END, '', '', 4, 80000, '', 1, 1,
        0, 0, 0, :end - 100000 - (n * :apart)
    FROM numbers
    """,
    """
    INSERT INTO billing (id, kind, job_id, attempt, amount_micro, account, guild_id, user_id,
        price_version, created_at_ms, actor, note)
    SELECT interaction_id, 'hold', id, 1, 80000, 'member', 1, user_id, '', created_at_ms, '', ''
    FROM jobs
    """,
    """
    INSERT INTO billing (kind, job_id, attempt, hold_id, amount_micro, account, guild_id, user_id,
        price_version, created_at_ms, actor, note)
    SELECT CASE WHEN interaction_id % 20 THEN 'charge' ELSE 'release' END, id, 1, interaction_id,
        80000, 'member', 1, user_id, '', created_at_ms + 90000, '', ''
    FROM jobs WHERE interaction_id <= :videos
    """,
    """
    UPDATE jobs SET ended_at_ms = created_at_ms + 95000, fail_code = 'Timeout',
        state = CASE WHEN interaction_id % 20 THEN 'delivered' ELSE 'failed' END
    """,
)


async def _sum_rows(tx: AsyncConnection) -> None:
    await tx.execute(
        text(
            "SELECT billing.created_at_ms / 86400000, jobs.model, SUM(billing.amount_micro) "
            "FROM billing JOIN jobs ON jobs.id = billing.job_id "
            "WHERE billing.kind = 'charge' AND billing.guild_id = 1 GROUP BY 1, 2"
        )
    )
