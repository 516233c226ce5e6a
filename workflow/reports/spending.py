"""Answers what was spent: by a member, on a server, or everywhere; never waits for who writes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.failures import FailReason
from domain.money import ZERO, MicroUSD
from domain.quotas import Period, Room, Scope
from domain.reports import Days, Grouping, Line, ReportPeriod, Sums, days_of, from_number
from storage import limits, quotas, reports
from storage.quotas import Place
from storage.reports import Held, Key, Posting, Whose
from workflow.context import Context

MOST_POSTINGS: Final = 50_000
"""Rows of the ledger in one answer: about 7 MB as text, of the 10 that Discord takes."""

_KEYS: Final[Mapping[Grouping, Key]] = {
    Grouping.USER: "user_id",
    Grouping.MODEL: "model",
    Grouping.DAY: "day",
    Grouping.CHANNEL: "channel_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was spent on some days, at one moment.

    `daily` has a line for each day and model. `groups` has one for each group, and `parts` one for
    each group and model, the most expensive group first; a member has none. `today` is how much of
    the day's limit is held or charged, and the limit.
    """

    days: Days
    total: Sums
    held: Held
    today: Room
    daily: tuple[Line, ...]
    groups: tuple[Line, ...] = ()
    parts: tuple[Line, ...] = ()
    failures: Mapping[FailReason, int]

    @property
    def budget(self) -> MicroUSD | None:
        """Tell how much the limit allows on all of the days; None without a limit."""
        limit = self.today.limit
        return None if limit is None else MicroUSD(limit * len(self.days))


async def of_member(
    context: Context, guild_id: int, user_id: int, role_ids: Collection[int], period: ReportPeriod
) -> Figures:
    """Sum what a member spent on a server."""
    now_ms = context.now_ms()

    async def work(tx: AsyncConnection) -> Figures:
        whose = Whose(guild_id, user_id)
        days = await _known_days(tx, whose, days_of(period, now_ms))
        daily = await reports.lines(tx, whose, days, "day", "model")
        place = Place(guild_id, user_id, now_ms)
        return Figures(
            days=days,
            total=sum((line.sums for line in daily), Sums()),
            held=await reports.held_now(tx, whose),
            today=await _today(tx, context, place, role_ids, Scope.MEMBER),
            daily=tuple(daily),
            failures={},
        )

    return await context.database.read(work)


async def of_server(
    context: Context, guild_id: int, period: ReportPeriod, grouping: Grouping
) -> Figures:
    """Sum what was spent on a server."""
    return await of_server_on(context, guild_id, days_of(period, context.now_ms()), grouping)


async def of_server_on(context: Context, guild_id: int, asked: Days, grouping: Grouping) -> Figures:
    """Sum what was spent on a server on some days."""
    now_ms, key = context.now_ms(), _KEYS[grouping]

    async def work(tx: AsyncConnection) -> Figures:
        whose = Whose(guild_id)
        days = await _known_days(tx, whose, asked)
        daily = await reports.lines(tx, whose, days, "day", "model")
        has_parts = grouping in (Grouping.USER, Grouping.CHANNEL)
        parts = await reports.lines(tx, whose, days, key, "model") if has_parts else []
        return Figures(
            days=days,
            total=sum((line.sums for line in daily), Sums()),
            held=await reports.held_now(tx, whose),
            today=await _today(tx, context, Place(guild_id, 0, now_ms), (), Scope.SERVER),
            daily=tuple(daily),
            groups=_grouped(parts or daily, grouping),
            parts=tuple(parts),
            failures=await reports.failures(tx, guild_id, days),
        )

    return await context.database.read(work)


async def of_everyone(
    tx: AsyncConnection, days: Days, grouping: Grouping
) -> tuple[Days, list[Line]]:
    """Sum what was spent everywhere, one line for each server and group, servers by their ids."""
    known = await _known_days(tx, Whose(), days)
    return known, await reports.lines(tx, Whose(), days, "guild_id", _KEYS[grouping])


async def ledger_of_member(
    context: Context, guild_id: int, user_id: int, period: ReportPeriod
) -> tuple[Days, list[Posting]]:
    """Read a member's newest rows of the ledger, oldest first; at most `MOST_POSTINGS`."""

    async def work(tx: AsyncConnection) -> tuple[Days, list[Posting]]:
        asked = days_of(period, context.now_ms())
        days = await _known_days(tx, Whose(guild_id, user_id), asked)
        return days, await reports.postings(tx, guild_id, user_id, asked, MOST_POSTINGS)

    return await context.database.read(work)


def share(part: MicroUSD, whole: MicroUSD | None) -> int | None:
    """Tell a part in whole per cent, rounded down; None of nothing or of no limit."""
    return part * 100 // whole if whole is not None and whole > ZERO else None


async def _known_days(tx: AsyncConnection, whose: Whose, days: Days) -> Days:
    """Begin with the first day that has anything, where days before it were asked for from 1970."""
    if days.numbers.start > 0:
        return days
    first = await reports.first_day(tx, whose)
    return Days(days.last if first is None else from_number(first), days.end)


async def _today(
    tx: AsyncConnection,
    context: Context,
    place: Place,
    role_ids: Collection[int],
    scope: Scope,
) -> Room:
    defaults = context.policy.limits
    counting = await limits.counting(tx, place.guild_id, place.user_id, role_ids, defaults)
    left = await quotas.left(tx, place, counting)
    return next(room for room in left.rooms if (room.scope, room.period) == (scope, Period.DAY))


def _grouped(lines: Iterable[Line], grouping: Grouping) -> tuple[Line, ...]:
    """Put lines together by one of their keys: days in order, others the most expensive first."""
    key, found = _KEYS[grouping], dict[Any, Line]()
    for line in lines:
        value = getattr(line, key)
        before = found[value].sums if value in found else Sums()
        found[value] = Line(**{key: value}, sums=before + line.sums)
    if grouping is Grouping.DAY:
        return tuple(found.values())
    return tuple(sorted(found.values(), key=lambda line: -line.sums.net))
