"""Knows the jobs that wait for the operator, over all servers, and what they were told of them."""

from collections.abc import Collection

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import PARKED
from storage.errors import StaleJobError
from storage.jobs import Job
from storage.schema import jobs

_OPEN = jobs.c.state.in_(PARKED) & jobs.c.closed_at_ms.is_(None)


async def list_ids(tx: AsyncConnection, offset: int, limit: int) -> list[str]:
    """List the jobs that wait, oldest first."""
    found = select(jobs.c.id).where(_OPEN).order_by(jobs.c.created_at_ms, jobs.c.id)
    return list((await tx.execute(found.offset(offset).limit(limit))).scalars())


async def count(tx: AsyncConnection) -> int:
    """Count the jobs that wait."""
    return (await tx.execute(select(func.count()).where(_OPEN))).scalar_one()


async def list_unreported(tx: AsyncConnection) -> list[str]:
    """List the jobs that wait and of which the operator was not told."""
    found = select(jobs.c.id).where(_OPEN, jobs.c.told_at_ms.is_(None)).order_by(jobs.c.id)
    return list((await tx.execute(found)).scalars())


async def mark_reported(tx: AsyncConnection, job_ids: Collection[str], now_ms: int) -> None:
    """Note that the operator was told of these jobs; not of one that is parked no more."""
    of_them = jobs.c.id.in_(job_ids) & _OPEN
    await tx.execute(update(jobs).where(of_them).values(told_at_ms=now_ms))


async def close(tx: AsyncConnection, job: Job, now_ms: int) -> None:
    """Take a job from the list; it stays as it is, and comes back if it is parked anew.

    Raises:
        StaleJobError: it changed since it was read, or is closed already.
    """
    as_read = (jobs.c.id == job.id) & (jobs.c.state == job.state) & (jobs.c.fence == job.fence)
    closed = await tx.execute(update(jobs).where(as_read, _OPEN).values(closed_at_ms=now_ms))
    if closed.rowcount != 1:
        raise StaleJobError(job.id)
