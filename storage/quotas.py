"""Knows how much of each limit is used: running buckets for a member, a server and everything.

A bucket counts one UTC day or month: what is on hold and what is charged. A member has a purse
besides, in which lies what grants gave; it ends with no period. A hold takes what the member's
quota leaves and the rest from the purse; the server's and everyone's buckets count all of it.

Only a hold is checked against a limit, so a charge cannot fail. A shared bucket is checked and
raised in one statement; a member's are locked first, for the split, so concurrent holds cannot
oversell. Locks are always taken in one order, so transactions cannot wait for each other in a
circle: the server's lock (see `guilds`), rows of the ledger and their sums, then buckets by name:
everything, member (day, month), purse, server.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import ZERO, MicroUSD
from domain.quotas import (
    Limits,
    LimitUsage,
    Period,
    RemainingQuota,
    Scope,
    Shortfall,
    period_end_ms,
    period_name,
)
from storage.errors import QuotaExceeded
from storage.schema import billing_buckets, quota_buckets
from storage.upsert import insert_or_ignore

GRANT_BUCKET_PREFIX: Final = "purse"
"""How the names of purses begin."""

MEMBER_BUCKET_PREFIX: Final = "member"
"""How the names of members' own buckets begin."""


@dataclass(frozen=True, slots=True)
class QuotaSubject:
    """Where and when a hold is made: it chooses the buckets."""

    guild_id: int
    user_id: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a hold has raised: these buckets, and how much of it in the purse."""

    bucket_ids: tuple[str, ...]
    from_grant: MicroUSD


@dataclass(frozen=True, slots=True)
class SplitAmount:
    """A signed amount, and the part of it that is the purse's."""

    amount: int
    from_grant: int

    def share_of(self, bucket_id: str) -> int:
        """Tell how much of it counts in a bucket."""
        if bucket_id.startswith(GRANT_BUCKET_PREFIX):
            return self.from_grant
        if bucket_id.startswith(MEMBER_BUCKET_PREFIX):
            return self.amount - self.from_grant
        return self.amount


async def get_remaining(
    tx: AsyncConnection, subject: QuotaSubject, limits: Limits
) -> RemainingQuota:
    """Tell what is left under every limit, and of the grants."""
    buckets, purse = _buckets(subject, limits), grant_bucket_id(subject.guild_id, subject.user_id)
    names = [purse, *(bucket.id for bucket in buckets)]
    found = await tx.execute(select(quota_buckets).where(quota_buckets.c.bucket_id.in_(names)))
    rows = {row.bucket_id: row for row in found}
    used = {name: row.held_micro + row.charged_micro for name, row in rows.items()}
    granted = rows[purse].granted_micro - used[purse] if purse in rows else 0
    rooms = (
        LimitUsage(
            scope=bucket.scope,
            period=bucket.period,
            limit=bucket.limit,
            used=MicroUSD(used.get(bucket.id, 0)),
            resets_at_ms=period_end_ms(bucket.period, subject.now_ms),
        )
        for bucket in buckets
    )
    return RemainingQuota(tuple(rooms), MicroUSD(granted))


async def reserve(
    tx: AsyncConnection, subject: QuotaSubject, amount: MicroUSD, limits: Limits
) -> Reservation:
    """Raise what is on hold in every bucket, from the purse what the member's quota lacks.

    Raises:
        QuotaExceeded: naming every limit in the way; let it end the transaction.
    """
    buckets = _buckets(subject, limits)
    await _make(tx, [bucket.id for bucket in buckets])
    everything, own, server = (
        [bucket for bucket in buckets if bucket.scope is scope]
        for scope in (Scope.EVERYTHING, Scope.MEMBER, Scope.SERVER)
    )
    # First what counts everything: it keeps every other hold out until this one ends.
    full = [bucket for bucket in everything if not await _raise(tx, bucket, amount)]
    from_grant, short = await _take_own(tx, own, subject, amount)
    full += short
    full += [bucket for bucket in server if not await _raise(tx, bucket, amount)]
    if full:
        raise QuotaExceeded(await _shortfalls(tx, full, subject, amount))
    purses = [grant_bucket_id(subject.guild_id, subject.user_id)] if from_grant else []
    return Reservation((*(bucket.id for bucket in buckets), *purses), from_grant)


async def link_buckets(tx: AsyncConnection, hold_id: int, reservation: Reservation) -> None:
    """Have the ledger's hold remember the buckets that it counts in."""
    links = [{"hold_id": hold_id, "bucket_id": bucket_id} for bucket_id in reservation.bucket_ids]
    await tx.execute(insert(billing_buckets), links)


async def change_buckets(
    tx: AsyncConnection, hold_id: int, *, held: SplitAmount, charged: SplitAmount
) -> None:
    """Change exactly the buckets that a hold is pinned to, by signed amounts."""
    pinned = select(billing_buckets.c.bucket_id).where(billing_buckets.c.hold_id == hold_id)
    for bucket_id in sorted((await tx.execute(pinned)).scalars()):
        await tx.execute(
            update(quota_buckets)
            .where(quota_buckets.c.bucket_id == bucket_id)
            .values(
                held_micro=quota_buckets.c.held_micro + held.share_of(bucket_id),
                charged_micro=quota_buckets.c.charged_micro + charged.share_of(bucket_id),
            )
        )


async def change_grant_balance(
    tx: AsyncConnection, guild_id: int, user_id: int, amount: MicroUSD
) -> None:
    """Put an amount into a member's purse, or take a negative one out of it.

    The database refuses to take out more than is unspent; lock the purse to know how much that is.
    """
    purse = grant_bucket_id(guild_id, user_id)
    await _make(tx, [purse])
    await tx.execute(
        update(quota_buckets)
        .where(quota_buckets.c.bucket_id == purse)
        .values(granted_micro=quota_buckets.c.granted_micro + amount)
    )


async def lock_grant_balance(tx: AsyncConnection, guild_id: int, user_id: int) -> MicroUSD:
    """Lock a member's purse and tell what is unspent; where there is none, nothing is."""
    unspent = _unspent(grant_bucket_id(guild_id, user_id)).with_for_update()
    return MicroUSD((await tx.execute(unspent)).scalar() or 0)


def grant_bucket_id(guild_id: int, user_id: int) -> str:
    """Name a member's purse on a server."""
    return f"{GRANT_BUCKET_PREFIX}:{guild_id}:{user_id}"


_USED = quota_buckets.c.held_micro + quota_buckets.c.charged_micro
_UNSPENT = quota_buckets.c.granted_micro - _USED


@dataclass(frozen=True, slots=True)
class _Bucket:
    id: str
    scope: Scope
    period: Period
    limit: MicroUSD | None


def _buckets(place: QuotaSubject, limits: Limits) -> list[_Bucket]:
    names = {
        Scope.EVERYTHING: "everything",
        Scope.MEMBER: f"{MEMBER_BUCKET_PREFIX}:{place.guild_id}:{place.user_id}",
        Scope.SERVER: f"server:{place.guild_id}",
    }
    # A sum is kept where there is no limit too: one may be set in the middle of a period.
    buckets = [
        _Bucket(
            f"{name}:{period}:{period_name(period, place.now_ms)}",
            scope,
            period,
            limits.of(scope, period),
        )
        for scope, name in names.items()
        for period in Period
    ]
    return sorted(buckets, key=lambda bucket: bucket.id)


async def _make(tx: AsyncConnection, bucket_ids: list[str]) -> None:
    empty = {"held_micro": 0, "charged_micro": 0}
    rows = [{"bucket_id": bucket_id, **empty} for bucket_id in bucket_ids]
    await tx.execute(insert_or_ignore(tx, quota_buckets, "bucket_id"), rows)


async def _raise(tx: AsyncConnection, bucket: _Bucket, amount: MicroUSD) -> bool:
    fits = true() if bucket.limit is None else _USED + amount <= bucket.limit
    return await _add(tx, bucket.id, amount, fits)


async def _take_own(
    tx: AsyncConnection, own: list[_Bucket], place: QuotaSubject, amount: MicroUSD
) -> tuple[MicroUSD, list[_Bucket]]:
    """Take what the member's quota leaves, and the rest from the purse.

    Returns:
        How much came from the purse; and the limits in the way: then nothing was taken.
    """
    used = dict((await tx.execute(_using(own))).all())
    rooms = {
        bucket: max(0, bucket.limit - used[bucket.id]) for bucket in own if bucket.limit is not None
    }
    quota = MicroUSD(min([amount, *rooms.values()]))
    from_grant = MicroUSD(amount - quota)
    if from_grant:
        unspent = await lock_grant_balance(tx, place.guild_id, place.user_id)
        if unspent < from_grant:
            return ZERO, [bucket for bucket, room in rooms.items() if room + unspent < amount]
        await _add(tx, grant_bucket_id(place.guild_id, place.user_id), from_grant)
    for bucket in own:
        await _add(tx, bucket.id, quota)
    return from_grant, []


def _using(buckets: list[_Bucket]) -> Select[str, int]:
    names = [bucket.id for bucket in buckets]
    return (
        select(quota_buckets.c.bucket_id, _USED)
        .where(quota_buckets.c.bucket_id.in_(names))
        .order_by(quota_buckets.c.bucket_id)
    )


def _unspent(purse: str) -> Select[int]:
    return select(_UNSPENT).where(quota_buckets.c.bucket_id == purse)


async def _add(
    tx: AsyncConnection, bucket_id: str, amount: MicroUSD, fits: ColumnElement[bool] | None = None
) -> bool:
    changed = await tx.execute(
        update(quota_buckets)
        .where(quota_buckets.c.bucket_id == bucket_id, true() if fits is None else fits)
        .values(held_micro=quota_buckets.c.held_micro + amount)
    )
    return changed.rowcount == 1


async def _shortfalls(
    tx: AsyncConnection, full: list[_Bucket], place: QuotaSubject, asked: MicroUSD
) -> tuple[Shortfall, ...]:
    used = dict((await tx.execute(_using(full))).all())
    purse = grant_bucket_id(place.guild_id, place.user_id)
    unspent = MicroUSD((await tx.execute(_unspent(purse))).scalar() or 0)
    return tuple(
        Shortfall(
            scope=bucket.scope,
            period=bucket.period,
            limit=bucket.limit or ZERO,
            used=MicroUSD(used[bucket.id]),
            requested=asked,
            resets_at_ms=period_end_ms(bucket.period, place.now_ms),
            grant_balance=unspent if bucket.scope is Scope.MEMBER else ZERO,
        )
        for bucket in full
    )
