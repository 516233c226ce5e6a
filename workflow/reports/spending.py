"""Spending reports of a member, a server, or all servers; read without waiting for writers."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.failures import FailReason
from domain.money import MicroUSD
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
"""Ledger entries in one statement: about 7 MB as CSV, of the 10 MB that Discord accepts."""

_KEYS: Final[Mapping[Grouping, GroupKey]] = {
    Grouping.USER: "user_id",
    Grouping.MODEL: "model",
    Grouping.DAY: "day",
    Grouping.CHANNEL: "channel_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingReport:
    """The spending on a range of days, read at one time.

    `daily` has a line for each day and model. `groups` has one for each group, and `parts` one for
    each group and model, the most expensive group first; both are empty for a member. `today` is
    the usage of today's limit.
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
        """Return the daily limit times the number of days; None without a limit."""
        limit = self.today.limit
        return None if limit is None else MicroUSD(limit * len(self.days))


async def read_member_report(
    context: Context, guild_id: int, user_id: int, role_ids: Collection[int], period: ReportPeriod
) -> SpendingReport:
    """Return what a member spent on a server."""
    now_ms = context.now_ms()

    async def read_report(tx: AsyncConnection) -> SpendingReport:
        spending_filter = SpendingFilter(guild_id, user_id)
        days = await _known_days(tx, spending_filter, period_days(period, now_ms))
        daily = await reports.sum_spending(tx, spending_filter, days, "day", "model")
        subject = QuotaSubject(guild_id, user_id, now_ms)
        return SpendingReport(
            days=days,
            total=sum((line.sums for line in daily), Sums()),
            held=await reports.get_open_holds(tx, spending_filter),
            today=await _today(tx, context, subject, role_ids, Scope.MEMBER),
            daily=tuple(daily),
            failures={},
        )

    return await context.database.read(read_report)


async def read_server_report(
    context: Context, guild_id: int, period: ReportPeriod, grouping: Grouping
) -> SpendingReport:
    """Return what was spent on a server in a period."""
    now_ms = context.now_ms()
    days = period_days(period, now_ms)
    return await read_server_report_for_days(context, guild_id, days, grouping, now_ms)


async def read_server_report_for_days(
    context: Context, guild_id: int, asked: DayRange, grouping: Grouping, now_ms: int
) -> SpendingReport:
    """Return what was spent on a server on a range of days; `now_ms` says which day is today."""
    key = _KEYS[grouping]

    async def read_report(tx: AsyncConnection) -> SpendingReport:
        spending_filter = SpendingFilter(guild_id)
        days = await _known_days(tx, spending_filter, asked)
        daily = await reports.sum_spending(tx, spending_filter, days, "day", "model")
        has_parts = grouping in (Grouping.USER, Grouping.CHANNEL)
        parts = (
            await reports.sum_spending(tx, spending_filter, days, key, "model") if has_parts else []
        )
        return SpendingReport(
            days=days,
            total=sum((line.sums for line in daily), Sums()),
            held=await reports.get_open_holds(tx, spending_filter),
            today=await _today(tx, context, QuotaSubject(guild_id, 0, now_ms), (), Scope.SERVER),
            daily=tuple(daily),
            groups=_group(parts or daily, grouping),
            parts=tuple(parts),
            failures=await reports.count_failures(tx, guild_id, days),
        )

    return await context.database.read(read_report)


async def read_spending_by_server(
    tx: AsyncConnection, days: DayRange, grouping: Grouping
) -> tuple[DayRange, list[ReportLine]]:
    """Return the spending of all servers, one line per server and group, sorted by server id."""
    known = await _known_days(tx, SpendingFilter(), days)
    return known, await reports.sum_spending(
        tx, SpendingFilter(), days, "guild_id", _KEYS[grouping]
    )


async def read_member_statement(
    context: Context, guild_id: int, user_id: int, period: ReportPeriod
) -> tuple[DayRange, list[StatementEntry]]:
    """Return a member's latest ledger entries, oldest first, at most `MAX_STATEMENT_ENTRIES`."""
    asked = period_days(period, context.now_ms())

    async def read_statement(tx: AsyncConnection) -> tuple[DayRange, list[StatementEntry]]:
        days = await _known_days(tx, SpendingFilter(guild_id, user_id), asked)
        return days, await reports.list_statement(
            tx, guild_id, user_id, asked, MAX_STATEMENT_ENTRIES
        )

    return await context.database.read(read_statement)


async def _known_days(
    tx: AsyncConnection, spending_filter: SpendingFilter, days: DayRange
) -> DayRange:
    """Return the days; a range from 1970 starts at the first day with any spending instead."""
    if days.day_numbers.start > 0:
        return days
    first = await reports.first_day_number(tx, spending_filter)
    return DayRange(days.last if first is None else day_from_number(first), days.end)


async def _today(
    tx: AsyncConnection,
    context: Context,
    subject: QuotaSubject,
    role_ids: Collection[int],
    scope: Scope,
) -> LimitUsage:
    defaults = context.policy.limits
    effective_limits = await limits.get_effective(
        tx, subject.guild_id, subject.user_id, role_ids, defaults
    )
    remaining = await quotas.get_remaining(tx, subject, effective_limits)
    return next(
        usage for usage in remaining.usages if (usage.scope, usage.period) == (scope, Period.DAY)
    )


def _group(lines: Iterable[ReportLine], grouping: Grouping) -> tuple[ReportLine, ...]:
    """Merge lines by one of their keys: days in order, others the most expensive first."""
    key, found = _KEYS[grouping], dict[Any, ReportLine]()
    for line in lines:
        value = getattr(line, key)
        before = found[value].sums if value in found else Sums()
        found[value] = ReportLine(**{key: value}, sums=before + line.sums)
    if grouping is Grouping.DAY:
        return tuple(found.values())
    return tuple(sorted(found.values(), key=lambda line: -line.sums.net))
