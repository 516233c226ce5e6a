"""Released jobs: cancelled for an obstacle, and whether their members were told."""

from collections.abc import Sequence

from sqlalchemy import bindparam, exists, func, not_, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.obstacles import ObstacleKind
from storage.jobs import Job, fetch_all
from storage.schema import jobs


async def lock_queued(tx: AsyncConnection, guild_id: int, limit: int) -> list[Job]:
    """Return queued jobs of a server, the oldest first, locked until the transaction ends."""
    waiting = select(jobs).where(jobs.c.state == JobState.QUEUED, jobs.c.guild_id == guild_id)
    return await fetch_all(tx, waiting.order_by(jobs.c.id).limit(limit).with_for_update())


async def list_waiting_guilds(tx: AsyncConnection) -> list[int]:
    """Return the servers that have queued jobs."""
    waiting = select(jobs.c.guild_id).where(jobs.c.state == JobState.QUEUED).distinct()
    return list((await tx.execute(waiting.order_by(jobs.c.guild_id))).scalars())


async def list_next_untold(tx: AsyncConnection, until_ms: int) -> list[Job]:
    """Return the released jobs of one member on one server who is not told of them yet.

    The last of them was released by `until_ms`: a server's jobs are released one after the other,
    perhaps by several processes. While others of theirs are still to be released, nobody is told.
    """
    first = (await tx.execute(_FIRST, {"until_ms": until_ms})).one_or_none()
    if first is None:
        return []
    of_member = (jobs.c.guild_id == first.guild_id, jobs.c.user_id == first.user_id)
    return await fetch_all(tx, select(jobs).where(_UNTOLD, *of_member).order_by(jobs.c.id))


async def mark_told(tx: AsyncConnection, released: Sequence[Job], now_ms: int) -> None:
    """Record that the member of these jobs was told of them, or will not be."""
    ids = [job.id for job in released]
    await tx.execute(update(jobs).where(jobs.c.id.in_(ids), _UNTOLD).values(told_at_ms=now_ms))


# The words of the partial index: engines compare them.
_UNTOLD = text("state = 'cancelled' AND fail_code IS NOT NULL AND told_at_ms IS NULL")
_waiting = jobs.alias()
_WAIT_TOO = exists().where(
    _waiting.c.guild_id == jobs.c.guild_id,
    _waiting.c.user_id == jobs.c.user_id,
    _waiting.c.state.in_((JobState.QUEUED, JobState.SUBMITTING)),
)
_OF_CHANNEL = [kind for kind in ObstacleKind if not kind.is_of_server]
# Runs every few seconds, so it is built once.
_FIRST = (
    select(jobs.c.guild_id, jobs.c.user_id)
    .where(_UNTOLD, or_(jobs.c.fail_code.in_(_OF_CHANNEL), not_(_WAIT_TOO)))
    .group_by(jobs.c.guild_id, jobs.c.user_id)
    .having(func.max(jobs.c.ended_at_ms) <= bindparam("until_ms"))
    .order_by(func.min(jobs.c.ended_at_ms), jobs.c.guild_id, jobs.c.user_id)
    .limit(1)
)
