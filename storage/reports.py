"""Spending reports: exact sums from the daily totals that the database maintains.

A ledger row counts on the UTC day on which it was written, so a past day never changes. Use these
with `Database.read`, so that one report shows one snapshot.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, RowMapping, and_, case, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.failures import FailReason, classify_fail_code
from domain.jobs import LOST, MAY_HOLD
from domain.money import ZERO, MicroUSD
from domain.reports import DayRange, ReportLine, Sums, day_from_number
from domain.requests import VideoRequest
from storage.billing import SERVICE_ACTOR, EntryKind, is_open_hold
from storage.schema import MODEL_FAILED, billing, daily_sums, jobs

GroupKey = Literal["guild_id", "day", "user_id", "channel_id", "model"]
"""Columns to group by; member and channel exclude each other."""


@dataclass(frozen=True, slots=True)
class SpendingFilter:
    """Whose spending: a member's on a server, a server's, or everyone's."""

    guild_id: int | None = None
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class OpenHolds:
    """The amount on hold now, and the number of videos it is for."""

    amount: MicroUSD
    videos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """A ledger row with the facts and the request of its video; a grant has no video.

    `cost` is the effect on what the member paid: zero for a hold or a release. `note` is the
    service's own; what a manager or the operator notes is left out.
    """

    at_ms: int
    kind: EntryKind
    amount: MicroUSD
    cost: MicroUSD
    job_id: str | None
    channel_id: int | None
    model: str | None
    resolution: str | None
    seconds: int | None
    note: str
    request: VideoRequest | None = None


async def sum_spending(
    tx: AsyncConnection, spending_filter: SpendingFilter, days: DayRange, *keys: GroupKey
) -> list[ReportLine]:
    """Return the spending, one line per existing combination of the keys, sorted by them."""
    columns = [_COLUMNS.get(key, daily_sums.c.subject_id).label(key) for key in keys]
    sums = [func.sum(daily_sums.c[name]).label(name) for name in _SUMMED]
    found = await tx.execute(
        select(*columns, *sums)
        .where(_matches_scope(spending_filter, *keys))
        .where(_within(_day_column(spending_filter), days, 1))
        .group_by(*columns)
        .order_by(*columns)
    )
    lost = await _count_lost(tx, spending_filter, days, keys)
    return [_row_to_line(row, keys, lost) for row in found.mappings()]


async def get_total(tx: AsyncConnection, spending_filter: SpendingFilter, days: DayRange) -> Sums:
    """Return the spending as one sum."""
    lines = await sum_spending(tx, spending_filter, days, "model")
    return sum((line.sums for line in lines), Sums())


async def _count_lost(
    tx: AsyncConnection, spending_filter: SpendingFilter, days: DayRange, keys: Sequence[GroupKey]
) -> Counter[tuple[Any, ...]]:
    """Return how many jobs are lost, by the values of the keys.

    Each has its day from the ledger row that gave the price back, and that row has its line in the
    daily sums.
    """
    columns = [_LOST_COLUMNS[key].label(key) for key in keys]
    found = await tx.execute(
        select(*columns, func.count(jobs.c.id.distinct()))
        .select_from(jobs)
        .join(billing, billing.c.job_id == jobs.c.id)
        .where(
            jobs.c.state.in_(LOST),
            _GIVES_BACK,
            _matches_owner(jobs, spending_filter),
            _within(billing.c.created_at_ms, days, DAY_MS),
        )
        .group_by(*columns)
    )
    return Counter({tuple(key): count for *key, count in found})


async def first_day_number(tx: AsyncConnection, spending_filter: SpendingFilter) -> int | None:
    """Return the first day with anything to report, in days since 1970."""
    return await tx.scalar(
        select(func.min(daily_sums.c.day)).where(_matches_scope(spending_filter))
    )


async def get_open_holds(tx: AsyncConnection, spending_filter: SpendingFilter) -> OpenHolds:
    """Return the sum and the number of open holds."""
    found = await tx.execute(
        select(func.coalesce(func.sum(billing.c.amount_micro), 0), func.count())
        .select_from(jobs)
        .join(billing, billing.c.job_id == jobs.c.id)
        .where(
            jobs.c.state.in_(MAY_HOLD),
            _matches_owner(jobs, spending_filter),
            billing.c.kind == "hold",
            is_open_hold(),
        )
    )
    amount, videos = found.one()
    return OpenHolds(MicroUSD(int(amount)), videos)


async def count_failures(
    tx: AsyncConnection, guild_id: int, days: DayRange
) -> dict[FailReason, int]:
    """Return how many of a server's jobs APIXO refused or could not make, by reason."""
    found = await tx.execute(
        select(jobs.c.fail_code, func.count())
        .where(
            MODEL_FAILED,
            jobs.c.guild_id == guild_id,
            _within(jobs.c.ended_at_ms, days, DAY_MS),
        )
        .group_by(jobs.c.fail_code)
    )
    counts = dict.fromkeys(FailReason, 0)
    for code, count in found:
        counts[classify_fail_code(code)] += count
    return {reason: count for reason, count in counts.items() if count}


async def list_statement(
    tx: AsyncConnection, guild_id: int, user_id: int, days: DayRange, limit: int
) -> list[StatementEntry]:
    """Return a member's newest ledger rows, at most `limit`, oldest first.

    A hold is among them while it is open: then its end has the same amount.
    """
    cost = case((billing.c.kind.in_(["charge", "adjust"]), billing.c.amount_micro), else_=0)
    about_job = (
        jobs.c[name] for name in ("channel_id", "model", "resolution", "seconds", "request")
    )
    about_row = (billing.c[name] for name in ("kind", "amount_micro", "job_id"))
    # What a manager or the operator notes is not for the member.
    note = case((billing.c.actor == SERVICE_ACTOR, billing.c.note), else_="").label("note")
    newest = (
        select(billing.c.created_at_ms, cost.label("cost"), note, *about_row, *about_job)
        .outerjoin(jobs, jobs.c.id == billing.c.job_id)
        .where(
            _matches_owner(billing, SpendingFilter(guild_id, user_id)),
            _within(billing.c.created_at_ms, days, DAY_MS),
            billing.c.account == "member",
            or_(billing.c.kind != "hold", is_open_hold()),
        )
        .order_by(billing.c.created_at_ms.desc(), billing.c.id.desc())
        .limit(limit)
    )
    found = (await tx.execute(newest)).mappings().all()
    return [_row_to_entry(row) for row in reversed(found)]


_GIVES_BACK = and_(
    billing.c.account == "member",
    or_(billing.c.kind == "release", and_(billing.c.kind == "adjust", billing.c.amount_micro < 0)),
)
_LOST_COLUMNS: Mapping[GroupKey, ColumnElement[Any]] = {
    "guild_id": jobs.c.guild_id,
    "day": billing.c.created_at_ms // DAY_MS,
    "user_id": jobs.c.user_id,
    "channel_id": jobs.c.channel_id,
    "model": jobs.c.model,
}
_SUMMED = tuple(column.name for column in daily_sums.c if not column.primary_key)
_COLUMNS: Mapping[GroupKey, Column[Any]] = {
    "guild_id": daily_sums.c.guild_id,
    "day": daily_sums.c.day,
    "model": daily_sums.c.model,
}


def _matches_scope(spending_filter: SpendingFilter, *keys: GroupKey) -> ColumnElement[bool]:
    """Select the daily sums of the one scope that fits the filter and the keys."""
    by_user = spending_filter.user_id is not None or "user_id" in keys
    by_channel = "channel_id" in keys
    assert not (by_user and by_channel), "nothing is summed by member and channel"
    scope = "user" if by_user else "channel" if by_channel else "server"
    conditions = [daily_sums.c.scope == scope]
    if spending_filter.guild_id is not None:
        conditions.append(daily_sums.c.guild_id == spending_filter.guild_id)
    if spending_filter.user_id is not None:
        conditions.append(daily_sums.c.subject_id == spending_filter.user_id)
    return and_(*conditions)


def _day_column(spending_filter: SpendingFilter) -> ColumnElement[int]:
    """Return the day column.

    For a member `+ 0` disables its index, so that SQLite searches by member, not by day.
    """
    return daily_sums.c.day if spending_filter.user_id is None else daily_sums.c.day + 0


def _matches_owner(table: Any, spending_filter: SpendingFilter) -> ColumnElement[bool]:
    ids = {"guild_id": spending_filter.guild_id, "user_id": spending_filter.user_id}
    return and_(true(), *(table.c[name] == id_ for name, id_ in ids.items() if id_ is not None))


def _within(column: ColumnElement[int], days: DayRange, per_day: int) -> ColumnElement[bool]:
    return and_(
        column >= days.day_numbers.start * per_day, column < days.day_numbers.stop * per_day
    )


def _row_to_line(
    row: RowMapping, keys: Sequence[GroupKey], lost: Counter[tuple[Any, ...]]
) -> ReportLine:
    group: dict[str, Any] = {key: row[key] for key in keys}
    if "day" in group:
        group["day"] = day_from_number(group["day"])
    # SUM over 64-bit integers returns a Decimal on PostgreSQL.
    sums: dict[str, Any] = {name.removesuffix("_micro"): int(row[name]) for name in _SUMMED}
    return ReportLine(**group, sums=Sums(**sums, lost=lost[tuple(row[key] for key in keys)]))


def _row_to_entry(row: RowMapping) -> StatementEntry:
    fields: dict[str, Any] = dict(row)
    return StatementEntry(
        at_ms=fields.pop("created_at_ms"),
        amount=MicroUSD(fields.pop("amount_micro")),
        cost=MicroUSD(fields.pop("cost") or ZERO),
        **fields,
    )
