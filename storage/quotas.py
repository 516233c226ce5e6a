"""Quota buckets: running totals of what is used of each limit.

A bucket covers one UTC day or month of a member, a server or everything: what is on hold and what
is charged. Besides, each member has a grant bucket that no period ends. A hold takes what the
member's quota leaves and the rest from the grants; the server's and the global buckets count all of
it.

Only a hold is checked against limits, so a charge cannot fail. A shared bucket is checked and
raised in one statement; a member's buckets are locked first, for the split, so concurrent holds
cannot oversell. Locks are always taken in one order, so transactions cannot deadlock: the guild's
lock (see `guild_settings`), ledger rows and their sums, then buckets by name: everything, member
(day, month), grants, server.
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
"""Prefix of the ids of grant buckets; stored in the database."""

MEMBER_BUCKET_PREFIX: Final = "member"
"""Prefix of the ids of members' own buckets."""


@dataclass(frozen=True, slots=True)
class QuotaSubject:
    """Who makes a hold, where and when: it determines the buckets."""

    guild_id: int
    user_id: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """The buckets that a hold has raised, and the part of it taken from grants."""

    bucket_ids: tuple[str, ...]
    from_grant: MicroUSD


@dataclass(frozen=True, slots=True)
class SplitAmount:
    """A signed amount, and the part of it that belongs to grants."""

    amount: int
    from_grant: int

    def share_of(self, bucket_id: str) -> int:
        """Return the part that counts in a bucket."""
        if bucket_id.startswith(GRANT_BUCKET_PREFIX):
            return self.from_grant
        if bucket_id.startswith(MEMBER_BUCKET_PREFIX):
            return self.amount - self.from_grant
        return self.amount


async def get_remaining(
    tx: AsyncConnection, subject: QuotaSubject, limits: Limits
) -> RemainingQuota:
    """Return what is left under every limit, and of the grants."""
    buckets = _buckets(subject, limits)
    grant_bucket = grant_bucket_id(subject.guild_id, subject.user_id)
    names = [grant_bucket, *(bucket.id for bucket in buckets)]
    found = await tx.execute(select(quota_buckets).where(quota_buckets.c.bucket_id.in_(names)))
    rows = {row.bucket_id: row for row in found}
    used = {name: row.held_micro + row.charged_micro for name, row in rows.items()}
    granted = rows[grant_bucket].granted_micro - used[grant_bucket] if grant_bucket in rows else 0
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
    """Raise the held amount in every bucket, with grants covering what the member's quota lacks.

    Raises:
        QuotaExceeded: naming every exceeded limit; let it roll the transaction back.
    """
    buckets = _buckets(subject, limits)
    await _ensure_buckets(tx, [bucket.id for bucket in buckets])
    everything, member_buckets, server = (
        [bucket for bucket in buckets if bucket.scope is scope]
        for scope in (Scope.EVERYTHING, Scope.MEMBER, Scope.SERVER)
    )
    # The global bucket first: its row lock serializes all holds.
    exceeded = [bucket for bucket in everything if not await _raise(tx, bucket, amount)]
    from_grant, member_exceeded = await _reserve_member_quota(tx, member_buckets, subject, amount)
    exceeded += member_exceeded
    exceeded += [bucket for bucket in server if not await _raise(tx, bucket, amount)]
    if exceeded:
        raise QuotaExceeded(await _shortfalls(tx, exceeded, subject, amount))
    grant_buckets = [grant_bucket_id(subject.guild_id, subject.user_id)] if from_grant else []
    return Reservation((*(bucket.id for bucket in buckets), *grant_buckets), from_grant)


async def check(
    tx: AsyncConnection, subject: QuotaSubject, amount: MicroUSD, limits: Limits
) -> None:
    """Check whether an amount could be reserved; nothing is.

    Raises:
        QuotaExceeded: naming every exceeded limit.
    """
    async with tx.begin_nested() as nested:
        await reserve(tx, subject, amount, limits)
        await nested.rollback()


async def link_buckets(tx: AsyncConnection, hold_id: int, reservation: Reservation) -> None:
    """Record the buckets in which a hold counts."""
    links = [{"hold_id": hold_id, "bucket_id": bucket_id} for bucket_id in reservation.bucket_ids]
    await tx.execute(insert(billing_buckets), links)


async def change_buckets(
    tx: AsyncConnection, hold_id: int, *, held: SplitAmount, charged: SplitAmount
) -> None:
    """Change exactly the buckets that are linked to a hold, by signed amounts."""
    linked = select(billing_buckets.c.bucket_id).where(billing_buckets.c.hold_id == hold_id)
    # Sorted, so that all transactions lock buckets in the same order.
    for bucket_id in sorted((await tx.execute(linked)).scalars()):
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
    """Add a signed amount to a member's grant balance.

    The database rejects taking out more than is unspent; lock the balance first to know how much
    that is.
    """
    grant_bucket = grant_bucket_id(guild_id, user_id)
    await _ensure_buckets(tx, [grant_bucket])
    await tx.execute(
        update(quota_buckets)
        .where(quota_buckets.c.bucket_id == grant_bucket)
        .values(granted_micro=quota_buckets.c.granted_micro + amount)
    )


async def lock_grant_balance(tx: AsyncConnection, guild_id: int, user_id: int) -> MicroUSD:
    """Lock a member's grant bucket and return the unspent balance; zero if there is none."""
    unspent = _unspent(grant_bucket_id(guild_id, user_id)).with_for_update()
    return MicroUSD((await tx.execute(unspent)).scalar() or 0)


def grant_bucket_id(guild_id: int, user_id: int) -> str:
    """Return the id of a member's grant bucket on a server."""
    return f"{GRANT_BUCKET_PREFIX}:{guild_id}:{user_id}"


_USED = quota_buckets.c.held_micro + quota_buckets.c.charged_micro
_UNSPENT = quota_buckets.c.granted_micro - _USED


@dataclass(frozen=True, slots=True)
class _Bucket:
    id: str
    scope: Scope
    period: Period
    limit: MicroUSD | None


def _buckets(subject: QuotaSubject, limits: Limits) -> list[_Bucket]:
    names = {
        Scope.EVERYTHING: "everything",
        Scope.MEMBER: f"{MEMBER_BUCKET_PREFIX}:{subject.guild_id}:{subject.user_id}",
        Scope.SERVER: f"server:{subject.guild_id}",
    }
    # Buckets without a limit count too: one may be set in the middle of a period.
    buckets = [
        _Bucket(
            f"{name}:{period}:{period_name(period, subject.now_ms)}",
            scope,
            period,
            limits.of(scope, period),
        )
        for scope, name in names.items()
        for period in Period
    ]
    return sorted(buckets, key=lambda bucket: bucket.id)


async def _ensure_buckets(tx: AsyncConnection, bucket_ids: list[str]) -> None:
    empty = {"held_micro": 0, "charged_micro": 0}
    rows = [{"bucket_id": bucket_id, **empty} for bucket_id in bucket_ids]
    await tx.execute(insert_or_ignore(tx, quota_buckets, "bucket_id"), rows)


async def _raise(tx: AsyncConnection, bucket: _Bucket, amount: MicroUSD) -> bool:
    fits = true() if bucket.limit is None else _USED + amount <= bucket.limit
    return await _add(tx, bucket.id, amount, fits)


async def _reserve_member_quota(
    tx: AsyncConnection, member_buckets: list[_Bucket], subject: QuotaSubject, amount: MicroUSD
) -> tuple[MicroUSD, list[_Bucket]]:
    """Take what the member's quota leaves, and the rest from the grants.

    Returns:
        The amount taken from grants, and the exceeded limits; if there are any, nothing was taken.
    """
    used = dict((await tx.execute(_select_used(member_buckets))).all())
    rooms = {
        bucket: max(0, bucket.limit - used[bucket.id])
        for bucket in member_buckets
        if bucket.limit is not None
    }
    quota = MicroUSD(min([amount, *rooms.values()]))
    from_grant = MicroUSD(amount - quota)
    if from_grant:
        unspent = await lock_grant_balance(tx, subject.guild_id, subject.user_id)
        if unspent < from_grant:
            return ZERO, [bucket for bucket, room in rooms.items() if room + unspent < amount]
        await _add(tx, grant_bucket_id(subject.guild_id, subject.user_id), from_grant)
    for bucket in member_buckets:
        await _add(tx, bucket.id, quota)
    return from_grant, []


def _select_used(buckets: list[_Bucket]) -> Select[str, int]:
    names = [bucket.id for bucket in buckets]
    return (
        select(quota_buckets.c.bucket_id, _USED)
        .where(quota_buckets.c.bucket_id.in_(names))
        .order_by(quota_buckets.c.bucket_id)
    )


def _unspent(grant_bucket: str) -> Select[int]:
    return select(_UNSPENT).where(quota_buckets.c.bucket_id == grant_bucket)


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
    tx: AsyncConnection, exceeded: list[_Bucket], subject: QuotaSubject, requested: MicroUSD
) -> tuple[Shortfall, ...]:
    used = dict((await tx.execute(_select_used(exceeded))).all())
    grant_bucket = grant_bucket_id(subject.guild_id, subject.user_id)
    unspent = MicroUSD((await tx.execute(_unspent(grant_bucket))).scalar() or 0)
    return tuple(
        Shortfall(
            scope=bucket.scope,
            period=bucket.period,
            limit=bucket.limit or ZERO,
            used=MicroUSD(used[bucket.id]),
            requested=requested,
            resets_at_ms=period_end_ms(bucket.period, subject.now_ms),
            grant_balance=unspent if bucket.scope is Scope.MEMBER else ZERO,
        )
        for bucket in exceeded
    )
