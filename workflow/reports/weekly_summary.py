"""Knows which servers want a summary of a week, when it is due, and what it says.

A week ends on Monday at 00:00 UTC and is told from 09:00 on. A service that was down then tells the
last one late, and no earlier one.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import structlog

from domain.reports import Days, Grouping, day_of
from storage import guild_settings
from workflow.context import Context
from workflow.guilds import settings
from workflow.reliability import once
from workflow.reports import spending
from workflow.reports.spending import Figures

_log = structlog.get_logger(__name__)

_HOUR_MS: Final = 3_600_000
_FROM_HOUR: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was spent on a server in a week, and the channel that wants to know.

    `week` names it, such as `2026-W47`. `posted_since_ms` is set where it may have been posted
    already, by a process that was not heard of again.
    """

    guild_id: int
    channel_id: int
    week: str
    figures: Figures
    posted_since_ms: int | None


Post = Callable[[Summary], Awaitable[bool]]
"""Posts a summary, once; False if that is to be tried again."""


async def post_due(context: Context, post: Post) -> None:
    """Post the last week's summary to each channel that wants one and has none yet."""
    days = week_before(context.now_ms())
    for guild_id in await context.database.read(guild_settings.all_settings):
        channel_id = (await settings.read(context, guild_id)).summary_channel
        if channel_id is not None:
            await _post_one(context, guild_id, channel_id, days, post)


def week_before(now_ms: int) -> Days:
    """Tell the days, Monday to Sunday, of the last week that is to be told by now."""
    today = day_of(now_ms - _FROM_HOUR * _HOUR_MS)
    monday = today - timedelta(days=today.weekday())
    return Days(monday - timedelta(days=7), monday)


def name_of(monday: date) -> str:
    """Name a week by its Monday, as ISO 8601 does."""
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02}"


async def _post_one(
    context: Context, guild_id: int, channel_id: int, days: Days, post: Post
) -> None:
    week = name_of(days.first)

    async def work(begun_ms: int | None) -> bool:
        figures = await spending.of_server_on(context, guild_id, days, Grouping.DAY)
        return await post(
            Summary(
                guild_id=guild_id,
                channel_id=channel_id,
                week=week,
                figures=figures,
                posted_since_ms=begun_ms,
            )
        )

    try:
        await once(context, f"summary {guild_id}", week, work)
    except Exception:  # noqa: BLE001 - the other servers get theirs
        _log.exception("no summary", server=guild_id, week=week)
