"""Answers what was spent: by a member, on a server, or everywhere; never waits for who writes."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.failures import FailReason
from domain.money import ZERO, MicroUSD
from domain.quotas import LimitUsage, Period, Scope
from domain.reports import (
    DayRange,
    Grouping,
    ReportLine,
    ReportPeriod,
    Sums,
    day_from_number,
    period_days,
)
from storage import limits, quotas, reports
from storage.quotas import QuotaSubject
from storage.reports import GroupKey, OpenHolds, SpendingFilter, StatementEntry
from workflow.context import Context

MAX_STATEMENT_ENTRIES: Final = 50_000
"""Rows of the ledger in one answer: about 7 MB as text, of the 10 that Discord takes."""

_KEYS: Final[Mapping[Grouping, GroupKey]] = {
    Grouping.USER: "user_id",
    Grouping.MODEL: "model",
    Grouping.DAY: "day",
    Grouping.CHANNEL: "channel_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingReport:
    """What was spent on some days, at one moment.

    `daily` has a line for each day and model. `groups` has one for each group, and `parts` one for
    each group and model, the most expensive group first; a member has none. `today` is how much of
    the day's limit is held or charged, and the limit.
    """

    days: DayRange
    total: Sums
    held: OpenHolds
    today: LimitUsage
    daily: tuple[ReportLine, ...]
    groups: tuple[ReportLine, ...] = ()
    parts: tuple[ReportLine, ...] = ()
    failures: Mapping[FailReason, int]

    @property
    def budget(self) -> MicroUSD | None:
        """Tell how much the limit allows on all of the days; None without a limit."""
        limit = self.today.limit
        return None if limit is None else MicroUSD(limit * len(self.days))


async def read_member_report(
    context: Context, guild_id: int, user_id: int, role_ids: Collection[int], period: ReportPeriod
) -> SpendingReport:
    """Sum what a member spent on a server."""
    now_ms = context.now_ms()

    async def read_report(tx: AsyncConnection) -> SpendingReport:
        whose = SpendingFilter(guild_id, user_id)
        days = await _known_days(tx, whose, period_days(period, now_ms))
        daily = await reports.sum_spending(tx, whose, days, "day", "model")
        place = QuotaSubject(guild_id, user_id, now_ms)
        return SpendingReport(
            days=days,
            total=sum((line.sums for line in daily), Sums()),
            held=await reports.get_open_holds(tx, whose),
            today=await _today(tx, context, place, role_ids, Scope.MEMBER),
            daily=tuple(daily),
            failures={},
        )

    return await context.database.read(read_report)


async def read_server_report(
    context: Context, guild_id: int, period: ReportPeriod, grouping: Grouping
) -> SpendingReport:
    """Sum what was spent on a server."""
    return await read_server_report_for_days(
        context, guild_id, period_days(period, context.now_ms()), grouping
    )


async def read_server_report_for_days(
    context: Context, guild_id: int, asked: DayRange, grouping: Grouping
) -> SpendingReport:
    """Sum what was spent on a server on some days."""
    now_ms, key = context.now_ms(), _KEYS[grouping]

    async def read_report(tx: AsyncConnection) -> SpendingReport:
        whose = SpendingFilter(guild_id)
        days = await _known_days(tx, whose, asked)
        daily = await reports.sum_spending(tx, whose, days, "day", "model")
        has_parts = grouping in (Grouping.USER, Grouping.CHANNEL)
        parts = await reports.sum_spending(tx, whose, days, key, "model") if has_parts else []
        return SpendingReport(
            days=days,
            total=sum((line.sums for line in daily), Sums()),
            held=await reports.get_open_holds(tx, whose),
            today=await _today(tx, context, QuotaSubject(guild_id, 0, now_ms), (), Scope.SERVER),
            daily=tuple(daily),
            groups=_grouped(parts or daily, grouping),
            parts=tuple(parts),
            failures=await reports.count_failures(tx, guild_id, days),
        )

    return await context.database.read(read_report)


async def read_spending_by_server(
    tx: AsyncConnection, days: DayRange, grouping: Grouping
) -> tuple[DayRange, list[ReportLine]]:
    """Sum what was spent everywhere, one line for each server and group, servers by their ids."""
    known = await _known_days(tx, SpendingFilter(), days)
    return known, await reports.sum_spending(
        tx, SpendingFilter(), days, "guild_id", _KEYS[grouping]
    )


async def read_member_statement(
    context: Context, guild_id: int, user_id: int, period: ReportPeriod
) -> tuple[DayRange, list[StatementEntry]]:
    """Read a member's newest rows of the ledger, oldest first; at most `MAX_STATEMENT_ENTRIES`."""

    async def read_statement(tx: AsyncConnection) -> tuple[DayRange, list[StatementEntry]]:
        asked = period_days(period, context.now_ms())
        days = await _known_days(tx, SpendingFilter(guild_id, user_id), asked)
        return days, await reports.list_statement(
            tx, guild_id, user_id, asked, MAX_STATEMENT_ENTRIES
        )

    return await context.database.read(read_statement)


def percent_of(part: MicroUSD, whole: MicroUSD | None) -> int | None:
    """Tell a part in whole per cent, rounded down; None of nothing or of no limit."""
    return part * 100 // whole if whole is not None and whole > ZERO else None


async def _known_days(tx: AsyncConnection, whose: SpendingFilter, days: DayRange) -> DayRange:
    """Begin with the first day that has anything, where days before it were asked for from 1970."""
    if days.day_numbers.start > 0:
        return days
    first = await reports.first_day_number(tx, whose)
    return DayRange(days.last if first is None else day_from_number(first), days.end)


async def _today(
    tx: AsyncConnection,
    context: Context,
    place: QuotaSubject,
    role_ids: Collection[int],
    scope: Scope,
) -> LimitUsage:
    defaults = context.policy.limits
    counting = await limits.get_effective(tx, place.guild_id, place.user_id, role_ids, defaults)
    left = await quotas.get_remaining(tx, place, counting)
    return next(room for room in left.usages if (room.scope, room.period) == (scope, Period.DAY))


def _grouped(lines: Iterable[ReportLine], grouping: Grouping) -> tuple[ReportLine, ...]:
    """Put lines together by one of their keys: days in order, others the most expensive first."""
    key, found = _KEYS[grouping], dict[Any, ReportLine]()
    for line in lines:
        value = getattr(line, key)
        before = found[value].sums if value in found else Sums()
        found[value] = ReportLine(**{key: value}, sums=before + line.sums)
    if grouping is Grouping.DAY:
        return tuple(found.values())
    return tuple(sorted(found.values(), key=lambda line: -line.sums.net))
