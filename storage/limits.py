"""The limits set by managers and the operator; `domain.quotas` decides which one applies."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, RowMapping, and_, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.quotas import Limit, LimitKind, Limits, LimitTarget, resolve_limits
from storage.schema import limits

_HAS_SUBJECT = (LimitTarget.MEMBER, LimitTarget.ROLE)


async def get_effective(
    tx: AsyncConnection, guild_id: int, user_id: int, role_ids: Collection[int], defaults: Limits
) -> Limits:
    """Return the limits that apply to a member on a server now."""
    return resolve_limits(
        await list_applicable(tx, guild_id, user_id, role_ids), role_ids, defaults
    )


async def list_applicable(
    tx: AsyncConnection, guild_id: int, user_id: int, role_ids: Collection[int]
) -> list[Limit]:
    """Return what is set for a member, their roles, their server and everything."""
    applies = or_(
        limits.c.target.not_in(_HAS_SUBJECT),
        and_(limits.c.target == LimitTarget.MEMBER, limits.c.subject_id == user_id),
        and_(limits.c.target == LimitTarget.ROLE, limits.c.subject_id.in_(role_ids)),
    )
    return await _read(tx, limits.c.guild_id.in_((0, guild_id)), applies)


async def list_for_guild(tx: AsyncConnection, guild_id: int) -> list[Limit]:
    """Return every limit of a server, its roles and its members."""
    return await _read(tx, limits.c.guild_id == guild_id)


async def get(tx: AsyncConnection, limit: Limit) -> Limit | None:
    """Return the stored limit with the same target and kind, or None."""
    return next(iter(await _read(tx, _same_target(limit))), None)


async def put(tx: AsyncConnection, limit: Limit) -> None:
    """Replace the limit with the same target and kind; lock the guild first."""
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
    """Delete the limit with the same target and kind; lock the guild first."""
    await tx.execute(delete(limits).where(_same_target(limit)))


def _same_target(limit: Limit) -> ColumnElement[bool]:
    return and_(
        limits.c.guild_id == limit.guild_id,
        limits.c.target == limit.target,
        limits.c.subject_id == limit.subject_id,
        limits.c.kind == limit.kind,
    )


async def _read(tx: AsyncConnection, *where: ColumnElement[bool]) -> list[Limit]:
    ordered = select(limits).where(*where).order_by(*limits.primary_key)
    return [_row_to_limit(row) for row in (await tx.execute(ordered)).mappings()]


def _row_to_limit(row: RowMapping) -> Limit:
    return Limit(
        target=LimitTarget(row["target"]),
        kind=LimitKind(row["kind"]),
        amount=row["amount"],
        guild_id=row["guild_id"],
        subject_id=row["subject_id"],
    )
