"""Weekly summaries of servers: which are due, and their figures.

A week ends on Monday at 00:00 UTC, and its summary is due at 09:00 UTC. After a downtime the last
one is posted late, and earlier ones are skipped. So are weeks in which nothing was asked for, and
those that ended before a channel was chosen.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS, HOUR_MS
from domain.reports import DayRange, Grouping, Sums, day_number, utc_day
from storage import guild_settings, high_water, key_value
from workflow.context import Context
from workflow.guilds import settings
from workflow.reliability import run_once_per
from workflow.reports import spending
from workflow.reports.spending import SpendingReport

_log = structlog.get_logger(__name__)

_DUE_HOUR: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklySummary:
    """The spending of a server in a week, and the channel to post it to.

    `week` is its ISO name, such as `2026-W47`. `posted_since_ms` is set if the summary may already
    have been posted since then, by a process that died.
    """

    guild_id: int
    channel_id: int
    week: str
    figures: SpendingReport
    posted_since_ms: int | None

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was asked for in that week."""
        return self.figures.total == Sums() and not self.figures.failures


PostSummary = Callable[[WeeklySummary], Awaitable[bool]]
"""Posts a summary once; returns False if it must be tried again."""


async def post_due_summaries(context: Context, post: PostSummary) -> None:
    """Post the last week's summary to each configured channel that does not have it yet."""
    days = last_due_week(context.now_ms())
    for guild_id in await context.database.read(guild_settings.get_all_settings):
        channel_id = (await settings.read(context, guild_id)).summary_channel
        if channel_id is not None:
            await _post_summary(context, guild_id, channel_id, days, post)


async def skip_due_week(context: Context, guild_id: int) -> None:
    """Begin with the next week, on a server that has had no summaries until now."""
    week = iso_week_name(last_due_week(context.now_ms()).first)

    async def record_skip(tx: AsyncConnection) -> None:
        await key_value.put(tx, _key(guild_id), week)

    if (await settings.read(context, guild_id)).summary_channel is None:
        await context.database.transact(record_skip)


def last_due_week(now_ms: int) -> DayRange:
    """Return the days, Monday to Sunday, of the last week whose summary is due."""
    today = utc_day(now_ms - _DUE_HOUR * HOUR_MS)
    monday = today - timedelta(days=today.weekday())
    return DayRange(monday - timedelta(days=7), monday)


def iso_week_name(monday: date) -> str:
    """Return the ISO 8601 name of the week of a Monday."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


async def suspect_due_summaries(tx: AsyncConnection, now_ms: int) -> None:
    """Record that the last week's summaries may have been posted, in a restored database."""
    days = last_due_week(now_ms)
    due_ms = day_number(days.end) * DAY_MS + _DUE_HOUR * HOUR_MS
    week = iso_week_name(days.first)
    for guild_id in await guild_settings.get_all_settings(tx):
        if await key_value.get(tx, _key(guild_id)) != week:
            await key_value.put(tx, _key(guild_id), f"{week} {due_ms}")


def _key(guild_id: int) -> str:
    return f"summary {guild_id}"


async def _post_summary(
    context: Context, guild_id: int, channel_id: int, days: DayRange, post: PostSummary
) -> None:
    week = iso_week_name(days.first)

    async def post_summary(claimed_ms: int | None) -> bool:
        await context.database.transact(high_water.advance)
        await context.high_water.keep_if_possible(context.database, context.media)
        figures = await spending.read_server_report_for_days(
            context, guild_id, days, Grouping.DAY, context.now_ms()
        )
        return await post(
            WeeklySummary(
                guild_id=guild_id,
                channel_id=channel_id,
                week=week,
                figures=figures,
                posted_since_ms=claimed_ms,
            )
        )

    try:
        await run_once_per(context, _key(guild_id), week, post_summary)
    except Exception:  # noqa: BLE001 - the other servers still get theirs
        _log.exception("weekly summary failed", server=guild_id, week=week)
