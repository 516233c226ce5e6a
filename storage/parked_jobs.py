"""Parked jobs of all servers, which wait for the operator, and whether they were reported."""

from collections.abc import Collection

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import PARKED
from storage.errors import StaleJobError
from storage.jobs import Job
from storage.schema import jobs

_OPEN = jobs.c.state.in_(PARKED) & jobs.c.closed_at_ms.is_(None)


async def list_ids(tx: AsyncConnection, offset: int, limit: int) -> list[str]:
    """Return the ids of open parked jobs, oldest first."""
    found = select(jobs.c.id).where(_OPEN).order_by(jobs.c.created_at_ms, jobs.c.id)
    return list((await tx.execute(found.offset(offset).limit(limit))).scalars())


async def count(tx: AsyncConnection) -> int:
    """Return the number of open parked jobs."""
    return (await tx.execute(select(func.count()).where(_OPEN))).scalar_one()


async def list_unreported(tx: AsyncConnection) -> list[str]:
    """Return the ids of open parked jobs that were not reported to the operator."""
    found = select(jobs.c.id).where(_OPEN, jobs.c.told_at_ms.is_(None)).order_by(jobs.c.id)
    return list((await tx.execute(found)).scalars())


async def mark_reported(tx: AsyncConnection, job_ids: Collection[str], now_ms: int) -> None:
    """Record that these jobs were reported; skip those no longer parked."""
    still_open = jobs.c.id.in_(job_ids) & _OPEN
    await tx.execute(update(jobs).where(still_open).values(told_at_ms=now_ms))


async def close(tx: AsyncConnection, job: Job, now_ms: int) -> None:
    """Close a parked job; it keeps its state, and reappears if it is parked again.

    Raises:
        StaleJobError: it changed since it was read, or is closed already.
    """
    as_read = (jobs.c.id == job.id) & (jobs.c.state == job.state) & (jobs.c.fence == job.fence)
    closed = await tx.execute(update(jobs).where(as_read, _OPEN).values(closed_at_ms=now_ms))
    if closed.rowcount != 1:
        raise StaleJobError(job.id)
