"""Quota buckets: running totals of what is used of each limit.

A bucket covers one UTC day or month of a member, a server or everything: what is on hold and what
is charged. Besides, each member has a grant bucket that no period ends. A hold takes what the
member's quota leaves and the rest from the grants; the server's and the global buckets count all of
it.

Only a hold is checked against limits, so a charge cannot fail. It locks its buckets before it looks
at them, so concurrent holds cannot oversell. Locks are always taken in one order, so transactions
cannot deadlock: the guild's lock (see `guild_settings`), ledger rows and their sums, then buckets
by name: everything, member (day, month), grants, server.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, bindparam, case, insert, select, update
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
from storage.schema_base import Int
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


async def check(
    tx: AsyncConnection, subject: QuotaSubject, amount: MicroUSD, limits: Limits
) -> None:
    """Check whether an amount could be reserved; until the transaction ends, nobody else reserves.

    Raises:
        QuotaExceeded: naming every exceeded limit.
    """
    await _lock_and_check(tx, subject, amount, _buckets(subject, limits))


async def reserve(
    tx: AsyncConnection, subject: QuotaSubject, amount: MicroUSD, limits: Limits
) -> Reservation:
    """Raise the held amount in every bucket, with grants covering what the member's quota lacks.

    Raises:
        QuotaExceeded: naming every exceeded limit.
    """
    buckets = _buckets(subject, limits)
    totals = await _lock_and_check(tx, subject, amount, buckets)
    from_grant = _find_grant_part(buckets, amount, totals)
    grant_buckets = [grant_bucket_id(subject.guild_id, subject.user_id)] if from_grant else []
    names = (*(bucket.id for bucket in buckets), *grant_buckets)
    shares = _share_parameters(held=SplitAmount(amount, from_grant), charged=SplitAmount(0, 0))
    await tx.execute(_CHANGE_NAMED, {"names": names, **shares})
    return Reservation(names, from_grant)


async def link_buckets(tx: AsyncConnection, hold_id: int, reservation: Reservation) -> None:
    """Record the buckets in which a hold counts."""
    links = [{"hold_id": hold_id, "bucket_id": bucket_id} for bucket_id in reservation.bucket_ids]
    await tx.execute(insert(billing_buckets), links)


async def change_buckets(
    tx: AsyncConnection, hold_id: int, *, held: SplitAmount, charged: SplitAmount
) -> None:
    """Change exactly the buckets that are linked to a hold, by signed amounts."""
    shares = _share_parameters(held=held, charged=charged)
    await tx.execute(_CHANGE_LINKED, {"hold": hold_id, **shares})


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


@dataclass(frozen=True, slots=True)
class _Totals:
    """What is used of each bucket, and what is unspent of the grants, in micro-dollars."""

    used: Mapping[str, int]
    unspent: MicroUSD


async def _lock_and_check(
    tx: AsyncConnection, subject: QuotaSubject, amount: MicroUSD, buckets: list[_Bucket]
) -> _Totals:
    grant_bucket = grant_bucket_id(subject.guild_id, subject.user_id)
    totals = await _lock_buckets(tx, [bucket.id for bucket in buckets], grant_bucket)
    exceeded = _find_exceeded(buckets, amount, totals)
    if exceeded:
        raise QuotaExceeded(_shortfalls(exceeded, subject, amount, totals))
    return totals


async def _lock_buckets(tx: AsyncConnection, names: list[str], grant_bucket: str) -> _Totals:
    """Lock buckets until the transaction ends, and return their totals.

    The global one is the first of them, so its lock serializes all holds.
    """
    wanted = {"names": [*names, grant_bucket]}
    found = {row.bucket_id: row for row in await tx.execute(_LOCK_NAMED, wanted)}
    if not found.keys() >= {*names}:
        await _ensure_buckets(tx, names)
        found = {row.bucket_id: row for row in await tx.execute(_LOCK_NAMED, wanted)}
    unspent = found[grant_bucket].unspent if grant_bucket in found else 0
    return _Totals({name: row.used for name, row in found.items()}, MicroUSD(unspent))


def _find_grant_part(buckets: list[_Bucket], amount: MicroUSD, totals: _Totals) -> MicroUSD:
    """Return what the grants have to cover: what the member's quota lacks."""
    rooms = _rooms([bucket for bucket in buckets if bucket.scope is Scope.MEMBER], totals)
    return MicroUSD(amount - min([amount, *(max(0, room) for room in rooms.values())]))


def _find_exceeded(buckets: list[_Bucket], amount: MicroUSD, totals: _Totals) -> list[_Bucket]:
    """Return the limits that an amount exceeds; the grants count on the member's side."""
    return [
        bucket
        for bucket, room in _rooms(buckets, totals).items()
        if amount > (max(0, room) + totals.unspent if bucket.scope is Scope.MEMBER else room)
    ]


def _rooms(buckets: list[_Bucket], totals: _Totals) -> dict[_Bucket, int]:
    """Return what each limit leaves; below zero where it was lowered since."""
    return {
        bucket: bucket.limit - totals.used[bucket.id]
        for bucket in buckets
        if bucket.limit is not None
    }


def _shortfalls(
    exceeded: list[_Bucket], subject: QuotaSubject, requested: MicroUSD, totals: _Totals
) -> tuple[Shortfall, ...]:
    return tuple(
        Shortfall(
            scope=bucket.scope,
            period=bucket.period,
            limit=bucket.limit or ZERO,
            used=MicroUSD(totals.used[bucket.id]),
            requested=requested,
            resets_at_ms=period_end_ms(bucket.period, subject.now_ms),
            grant_balance=totals.unspent if bucket.scope is Scope.MEMBER else ZERO,
        )
        for bucket in exceeded
    )


def _unspent(grant_bucket: str) -> Select[int]:
    return select(_UNSPENT).where(quota_buckets.c.bucket_id == grant_bucket)


def _share_parameters(*, held: SplitAmount, charged: SplitAmount) -> dict[str, int]:
    """Return the parts of amounts that count in each kind of bucket."""
    return {
        f"{name}_{kind}": part
        for name, parts in (("held", held), ("charged", charged))
        for kind, part in (
            ("grant", parts.from_grant),
            ("member", parts.amount - parts.from_grant),
            ("shared", parts.amount),
        )
    }


def _share(name: str) -> ColumnElement[int]:
    """Return the part of an amount that counts in a row's bucket."""
    kind = quota_buckets.c.bucket_id
    return case(
        (kind.startswith(GRANT_BUCKET_PREFIX), bindparam(f"{name}_grant", type_=Int)),
        (kind.startswith(MEMBER_BUCKET_PREFIX), bindparam(f"{name}_member", type_=Int)),
        else_=bindparam(f"{name}_shared", type_=Int),
    )


# Every hold and its end run these, and building a statement costs more than running it, so they are
# built once. Rows are locked by name, so that transactions cannot deadlock.
_NAMED = quota_buckets.c.bucket_id.in_(bindparam("names", expanding=True))
_LOCK_NAMED = (
    select(quota_buckets.c.bucket_id, _USED.label("used"), _UNSPENT.label("unspent"))
    .where(_NAMED)
    .order_by(quota_buckets.c.bucket_id)
    .with_for_update()
)
_CHANGE = update(quota_buckets).values(
    held_micro=quota_buckets.c.held_micro + _share("held"),
    charged_micro=quota_buckets.c.charged_micro + _share("charged"),
)
_CHANGE_NAMED = _CHANGE.where(_NAMED)
_LINKED = (
    select(quota_buckets.c.bucket_id)
    .join(billing_buckets, billing_buckets.c.bucket_id == quota_buckets.c.bucket_id)
    .where(billing_buckets.c.hold_id == bindparam("hold"))
    .order_by(quota_buckets.c.bucket_id)
    .with_for_update(of=quota_buckets)
    .cte("linked")
)
_CHANGE_LINKED = _CHANGE.where(quota_buckets.c.bucket_id == _LINKED.c.bucket_id)
