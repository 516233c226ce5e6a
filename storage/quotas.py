"""Knows how much of each limit is used: running buckets for a member, a server and everything.

A bucket counts one UTC day or month: what is on hold and what is charged. Only a hold is checked
against a limit, and checking and raising are one statement, so concurrent holds cannot oversell.
Buckets are always touched in the order of their names, so transactions cannot deadlock on them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import ZERO, MicroUSD
from storage.conflicts import insert_new
from storage.schema import billing_buckets, quota_buckets


class Scope(StrEnum):
    """Whose spending a limit bounds."""

    MEMBER = "member"
    SERVER = "server"
    EVERYTHING = "everything"


class Period(StrEnum):
    """The time over which spending is summed, in UTC."""

    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits that hold for one member on one server; None means no limit."""

    member_day: MicroUSD | None
    server_day: MicroUSD | None
    everything_day: MicroUSD | None


@dataclass(frozen=True, slots=True)
class Left:
    """What may still be spent today, never below zero; None means no limit."""

    member: MicroUSD | None
    server: MicroUSD | None
    everything: MicroUSD | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """A limit that a hold of `asked` does not fit under, and when it starts anew."""

    scope: Scope
    period: Period
    limit: MicroUSD
    used: MicroUSD
    asked: MicroUSD
    resets_at_ms: int


async def left(
    tx: AsyncConnection, guild_id: int, user_id: int, limits: Limits, now_ms: int
) -> Left:
    """Tell what is left of today's limits."""
    buckets = _buckets(guild_id, user_id, limits, now_ms)
    found = await tx.execute(
        select(quota_buckets).where(
            quota_buckets.c.bucket_id.in_([bucket.id for bucket in buckets])
        )
    )
    used = {row.bucket_id: row.held_micro + row.charged_micro for row in found}
    rest = {
        bucket.scope: None
        if bucket.limit is None
        else MicroUSD(max(0, bucket.limit - used.get(bucket.id, 0)))
        for bucket in buckets
        if bucket.period is Period.DAY
    }
    return Left(rest[Scope.MEMBER], rest[Scope.SERVER], rest[Scope.EVERYTHING])


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a hold is made: it chooses the buckets."""

    guild_id: int
    user_id: int
    now_ms: int


async def hold(
    tx: AsyncConnection, hold_id: int, place: Place, amount: MicroUSD, limits: Limits
) -> tuple[Shortfall, ...]:
    """Raise what is on hold in every bucket, and pin the ledger's hold to them.

    Returns:
        Every limit that is in the way: if there is one, roll the transaction back.
    """
    buckets = _buckets(place.guild_id, place.user_id, limits, place.now_ms)
    rows = [{"bucket_id": bucket.id, "held_micro": 0, "charged_micro": 0} for bucket in buckets]
    await tx.execute(insert_new(tx, quota_buckets, "bucket_id"), rows)
    full = [bucket for bucket in buckets if not await _raise(tx, bucket, amount)]
    links = [{"hold_id": hold_id, "bucket_id": bucket.id} for bucket in buckets]
    await tx.execute(insert(billing_buckets), links)
    return tuple([await _shortfall(tx, bucket, amount, place.now_ms) for bucket in full])


async def settle(tx: AsyncConnection, hold_id: int, *, held: int, charged: int) -> None:
    """Change exactly the buckets that a hold is pinned to, by signed amounts."""
    pinned = select(billing_buckets.c.bucket_id).where(billing_buckets.c.hold_id == hold_id)
    for bucket_id in sorted((await tx.execute(pinned)).scalars()):
        await tx.execute(
            update(quota_buckets)
            .where(quota_buckets.c.bucket_id == bucket_id)
            .values(
                held_micro=quota_buckets.c.held_micro + held,
                charged_micro=quota_buckets.c.charged_micro + charged,
            )
        )


@dataclass(frozen=True, slots=True)
class _Bucket:
    id: str
    scope: Scope
    period: Period
    limit: MicroUSD | None


def _buckets(guild_id: int, user_id: int, limits: Limits, now_ms: int) -> list[_Bucket]:
    today = datetime.fromtimestamp(now_ms // 1000, UTC)
    periods = {Period.DAY: f"{today:%Y-%m-%d}", Period.MONTH: f"{today:%Y-%m}"}
    scopes = (
        (Scope.MEMBER, f"member:{guild_id}:{user_id}", limits.member_day),
        (Scope.SERVER, f"server:{guild_id}", limits.server_day),
        (Scope.EVERYTHING, "everything", limits.everything_day),
    )
    # Months have no limit yet, but their sums are kept from the first day on.
    buckets = [
        _Bucket(f"{name}:{period}:{date}", scope, period, limit if period is Period.DAY else None)
        for scope, name, limit in scopes
        for period, date in periods.items()
    ]
    return sorted(buckets, key=lambda bucket: bucket.id)


async def _raise(tx: AsyncConnection, bucket: _Bucket, amount: MicroUSD) -> bool:
    used = quota_buckets.c.held_micro + quota_buckets.c.charged_micro
    fits = true() if bucket.limit is None else used + amount <= bucket.limit
    changed = await tx.execute(
        update(quota_buckets)
        .where(quota_buckets.c.bucket_id == bucket.id, fits)
        .values(held_micro=quota_buckets.c.held_micro + amount)
    )
    return changed.rowcount == 1


async def _shortfall(
    tx: AsyncConnection, bucket: _Bucket, asked: MicroUSD, now_ms: int
) -> Shortfall:
    used = quota_buckets.c.held_micro + quota_buckets.c.charged_micro
    found = await tx.execute(select(used).where(quota_buckets.c.bucket_id == bucket.id))
    return Shortfall(
        scope=bucket.scope,
        period=bucket.period,
        limit=bucket.limit or ZERO,
        used=MicroUSD(found.scalar_one()),
        asked=asked,
        resets_at_ms=_end_ms(bucket.period, now_ms),
    )


def _end_ms(period: Period, now_ms: int) -> int:
    today = datetime.fromtimestamp(now_ms // 1000, UTC).replace(hour=0, minute=0, second=0)
    if period is Period.DAY:
        end = today + timedelta(days=1)
    else:
        end = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    return int(end.timestamp()) * 1000
