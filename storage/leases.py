"""Knows who works on a job: a claim raises its fence and gives a lease, and leases run out."""

from collections.abc import Collection, Sequence

from sqlalchemy import and_, bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import RUNNABLE, JobState
from storage.jobs import NO_LEASE, Job, job_from_row
from storage.schema import jobs

_TIMED = (RUNNABLE - {JobState.QUEUED}) | {JobState.SUBMIT_UNKNOWN}
"""States in which a job is taken up when it is due."""


async def claim_due(
    tx: AsyncConnection, *, now_ms: int, owner: str, lease_ms: int, limit: int
) -> list[Job]:
    """Take the jobs whose moment has come and that nobody holds, the longest overdue first."""
    due = list((await tx.execute(_DUE, {"now_ms": now_ms, "most": limit})).scalars())
    lease = {"lease_owner": owner, "lease_until_ms": now_ms + lease_ms}
    taken = await _take(tx, due, turns=jobs.c.turns + 1, **lease)
    return sorted(taken, key=lambda job: (job.due_at_ms, job.id))


async def claim_lost_submissions(tx: AsyncConnection, *, now_ms: int) -> list[Job]:
    """Take the jobs whose submission nobody holds any more.

    Nobody knows whether a task exists, but for those without `submitted_at_ms`: there is none.
    """
    lost = list((await tx.execute(_LOST, {"now_ms": now_ms})).scalars())
    return sorted(await _take(tx, lost), key=lambda job: job.id)


async def renew(tx: AsyncConnection, owner: str, job_ids: Collection[str], until_ms: int) -> None:
    """Lengthen an owner's leases of the jobs that it works on; the others run out."""
    held = and_(jobs.c.lease_owner == owner, jobs.c.id.in_(job_ids))
    await tx.execute(update(jobs).where(held).values(lease_until_ms=until_ms))


async def drop_leases(tx: AsyncConnection, owner: str | None) -> None:
    """End every lease of an owner; of everyone for None, when no other process can be alive."""
    held = jobs.c.lease_owner.is_not(None) if owner is None else jobs.c.lease_owner == owner
    await tx.execute(update(jobs).where(held).values(**NO_LEASE))


async def next_due_ms(tx: AsyncConnection) -> int | None:
    """Tell when the next job under way can be taken: due, and its lease over if it has one.

    Queued jobs do not count: they wait for a place at APIXO or the end of a pause, not for a time.
    """
    return (await tx.execute(_NEXT_DUE)).scalar()


async def _take(tx: AsyncConnection, chosen: Sequence[str], **values: object) -> list[Job]:
    if not chosen:
        return []
    statement = update(jobs).where(jobs.c.id.in_(chosen)).values(fence=jobs.c.fence + 1, **values)
    taken = await tx.execute(statement.returning(*jobs.c))
    return [job_from_row(row) for row in taken.mappings()]


# Every turn of the belt asks these, and a statement costs more to build than to run: so they are
# built once. `now_ms` is Unix milliseconds, `most` how many rows at most.
_UNHELD = or_(jobs.c.lease_until_ms.is_(None), jobs.c.lease_until_ms <= bindparam("now_ms"))
_DUE = (
    select(jobs.c.id)
    .where(jobs.c.state.in_(_TIMED), jobs.c.due_at_ms <= bindparam("now_ms"), _UNHELD)
    .order_by(jobs.c.due_at_ms, jobs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LOST = (
    select(jobs.c.id)
    .where(jobs.c.state == JobState.SUBMITTING, _UNHELD)
    .with_for_update(skip_locked=True)
)
_FREE_AT_MS = case(
    (jobs.c.lease_until_ms > jobs.c.due_at_ms, jobs.c.lease_until_ms), else_=jobs.c.due_at_ms
)
_NEXT_DUE = select(func.min(_FREE_AT_MS)).where(jobs.c.state.in_(_TIMED))
