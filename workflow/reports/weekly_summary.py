"""Knows which servers want a summary of a week, when it is due, and what it says.

A week ends on Monday at 00:00 UTC and is told from 09:00 on. A service that was down then tells the
last one late, and no earlier one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import structlog

from domain.durations import HOUR_MS
from domain.reports import DayRange, Grouping, utc_day
from storage import guild_settings
from workflow.context import Context
from workflow.guilds import settings
from workflow.reliability import run_once_per
from workflow.reports import spending
from workflow.reports.spending import SpendingReport

_log = structlog.get_logger(__name__)

_FROM_HOUR: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklySummary:
    """What was spent on a server in a week, and the channel that wants to know.

    `week` names it, such as `2026-W47`. `posted_since_ms` is set where it may have been posted
    already, by a process that was not heard of again.
    """

    guild_id: int
    channel_id: int
    week: str
    figures: SpendingReport
    posted_since_ms: int | None


PostSummary = Callable[[WeeklySummary], Awaitable[bool]]
"""Posts a summary, once; False if that is to be tried again."""


async def post_due_summaries(context: Context, post: PostSummary) -> None:
    """Post the last week's summary to each channel that wants one and has none yet."""
    days = last_due_week(context.now_ms())
    for guild_id in await context.database.read(guild_settings.get_all_settings):
        channel_id = (await settings.read(context, guild_id)).summary_channel
        if channel_id is not None:
            await _post_one(context, guild_id, channel_id, days, post)


def last_due_week(now_ms: int) -> DayRange:
    """Tell the days, Monday to Sunday, of the last week that is to be told by now."""
    today = utc_day(now_ms - _FROM_HOUR * HOUR_MS)
    monday = today - timedelta(days=today.weekday())
    return DayRange(monday - timedelta(days=7), monday)


def iso_week_name(monday: date) -> str:
    """Name a week by its Monday, as ISO 8601 does."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


async def _post_one(
    context: Context, guild_id: int, channel_id: int, days: DayRange, post: PostSummary
) -> None:
    week = iso_week_name(days.first)

    async def post_summary(begun_ms: int | None) -> bool:
        figures = await spending.read_server_report_for_days(context, guild_id, days, Grouping.DAY)
        return await post(
            WeeklySummary(
                guild_id=guild_id,
                channel_id=channel_id,
                week=week,
                figures=figures,
                posted_since_ms=begun_ms,
            )
        )

    try:
        await run_once_per(context, f"summary {guild_id}", week, post_summary)
    except Exception:  # noqa: BLE001 - the other servers get theirs
        _log.exception("no summary", server=guild_id, week=week)
