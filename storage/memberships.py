"""Memberships: who of those with data on a server is still on it, as Discord was last asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import Int, erasures, jobs, members, memberships, servers
from storage.upsert import insert_or_ignore


@dataclass(frozen=True, slots=True)
class Membership:
    """Somebody with data on a server: seen there at `checked_at_ms`, or not since `left_at_ms`.

    Times are Unix milliseconds.
    """

    guild_id: int
    user_id: int
    checked_at_ms: int
    left_at_ms: int | None = None


async def list_new(tx: AsyncConnection, now_ms: int) -> list[Membership]:
    """Return the memberships of those with data who have none yet.

    They were seen when they last asked for a video, or are taken to be there now.
    """
    asked = select(jobs.c.guild_id, jobs.c.user_id, jobs.c.created_at_ms.label("seen_at_ms"))
    chose = select(members.c.guild_id, members.c.user_id, literal(now_ms, Int))
    known = union_all(asked.where(jobs.c.erased_at_ms.is_(None)), chose).subquery()
    is_known = exists().where(
        memberships.c.guild_id == known.c.guild_id, memberships.c.user_id == known.c.user_id
    )
    who = known.c.guild_id, known.c.user_id
    found = select(*who, func.max(known.c.seen_at_ms)).where(~is_known).group_by(*who)
    return [Membership(*row) for row in await tx.execute(found)]


async def add(tx: AsyncConnection, new: Sequence[Membership]) -> None:
    """Store memberships; one that is known stays as it is."""
    statement = insert_or_ignore(tx, memberships, "guild_id", "user_id")
    rows = [
        {"guild_id": one.guild_id, "user_id": one.user_id, "checked_at_ms": one.checked_at_ms}
        for one in new
    ]
    await tx.execute(statement, rows)


async def find_due(tx: AsyncConnection, before_ms: int) -> Membership | None:
    """Return the membership that was looked at longest ago, if that was before a time.

    Those on a server that the bot has left cannot be looked at.
    """
    has_left = exists().where(
        servers.c.guild_id == memberships.c.guild_id, servers.c.left_at_ms.is_not(None)
    )
    oldest = (
        select(memberships)
        .where(memberships.c.checked_at_ms <= before_ms, ~has_left)
        .order_by(memberships.c.checked_at_ms, memberships.c.guild_id, memberships.c.user_id)
        .limit(1)
    )
    row = (await tx.execute(oldest)).one_or_none()
    return None if row is None else Membership(*row)


async def claim(tx: AsyncConnection, membership: Membership, now_ms: int) -> bool:
    """Record that a membership is looked at now; return False if another process does so."""
    claimed = await tx.execute(
        update(memberships)
        .where(*_is(membership), memberships.c.checked_at_ms == membership.checked_at_ms)
        .values(checked_at_ms=now_ms)
    )
    return claimed.rowcount == 1


async def record(tx: AsyncConnection, membership: Membership, left_at_ms: int | None) -> None:
    """Record since when somebody is not on a server, or that they are."""
    statement = update(memberships).where(*_is(membership))
    await tx.execute(statement.values(left_at_ms=left_at_ms))


async def list_left_servers(tx: AsyncConnection, before_ms: int) -> list[int]:
    """Return the servers that the bot left before a time, and that were not erased since."""
    is_erased = exists().where(
        erasures.c.user_id == 0,
        erasures.c.guild_id == servers.c.guild_id,
        erasures.c.until_ms >= servers.c.left_at_ms,
    )
    found = select(servers.c.guild_id).where(servers.c.left_at_ms <= before_ms, ~is_erased)
    return list((await tx.execute(found.order_by(servers.c.guild_id))).scalars())


def _is(membership: Membership) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return (
        memberships.c.guild_id == membership.guild_id,
        memberships.c.user_id == membership.user_id,
    )
