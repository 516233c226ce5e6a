"""Knows the limits that managers and the operator have set; `domain.quotas` says which counts."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, RowMapping, and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.quotas import Limit, LimitKind, Limits, LimitTarget, resolve_limits
from storage.schema import limits

_OF_ONE = (LimitTarget.MEMBER, LimitTarget.ROLE)


async def get_effective(
    tx: AsyncConnection, guild_id: int, user_id: int, role_ids: Collection[int], defaults: Limits
) -> Limits:
    """Find the limits that count for a member on a server now."""
    return resolve_limits(
        await list_applicable(tx, guild_id, user_id, role_ids), role_ids, defaults
    )


async def list_applicable(
    tx: AsyncConnection, guild_id: int, user_id: int, role_ids: Collection[int]
) -> list[Limit]:
    """Read what is set for a member, their roles, their server and everything."""
    theirs = or_(
        limits.c.target.not_in(_OF_ONE),
        and_(limits.c.target == LimitTarget.MEMBER, limits.c.subject_id == user_id),
        and_(limits.c.target == LimitTarget.ROLE, limits.c.subject_id.in_(role_ids)),
    )
    return await _read(tx, limits.c.guild_id.in_((0, guild_id)), theirs)


async def list_for_guild(tx: AsyncConnection, guild_id: int) -> list[Limit]:
    """Read everything that is set for a server, its roles and its members."""
    return await _read(tx, limits.c.guild_id == guild_id)


async def get(tx: AsyncConnection, limit: Limit) -> Limit | None:
    """Read what is set where this limit would be set."""
    return next(iter(await _read(tx, _place(limit))), None)


async def put(tx: AsyncConnection, limit: Limit) -> None:
    """Set a limit in the place of what is set there; lock the server before."""
    await remove(tx, limit)
    row = {
        "guild_id": limit.guild_id,
        "target": limit.target,
        "subject_id": limit.subject_id,
        "kind": limit.kind,
        "amount": limit.amount,
    }
    await tx.execute(insert(limits).values(row))


async def remove(tx: AsyncConnection, limit: Limit) -> None:
    """Clear what is set where this limit would be set; lock the server before."""
    await tx.execute(delete(limits).where(_place(limit)))


def _place(limit: Limit) -> ColumnElement[bool]:
    return and_(
        limits.c.guild_id == limit.guild_id,
        limits.c.target == limit.target,
        limits.c.subject_id == limit.subject_id,
        limits.c.kind == limit.kind,
    )


async def _read(tx: AsyncConnection, *where: ColumnElement[bool]) -> list[Limit]:
    ordered = select(limits).where(*where).order_by(*limits.primary_key)
    return [_limit(row) for row in (await tx.execute(ordered)).mappings()]


def _limit(row: RowMapping) -> Limit:
    return Limit(
        target=LimitTarget(row["target"]),
        kind=LimitKind(row["kind"]),
        amount=row["amount"],
        guild_id=row["guild_id"],
        subject_id=row["subject_id"],
    )
