"""Leases: claiming a job raises its fence and takes a lease that expires."""

from collections.abc import Collection, Mapping

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage.jobs import NO_LEASE, Job, fetch_all
from storage.schema import TIMED, in_states, jobs


async def claim_due(
    tx: AsyncConnection, *, now_ms: int, owner: str, lease_ms: int, limit: int
) -> list[Job]:
    """Claim due jobs without a valid lease, the longest overdue first."""
    lease = {"owner": owner, "until_ms": now_ms + lease_ms}
    claimed = await fetch_all(tx, _CLAIM_DUE, now_ms=now_ms, row_limit=limit, **lease)
    return sorted(claimed, key=lambda job: (job.due_at_ms, job.id))


async def claim_lost_submissions(tx: AsyncConnection, *, now_ms: int) -> list[Job]:
    """Claim the jobs in `submitting` whose lease has expired.

    Whether a task exists is unknown, except for those without `submitted_at_ms`: they have none.
    """
    lost = await fetch_all(tx, _CLAIM_LOST, now_ms=now_ms)
    return sorted(lost, key=lambda job: job.id)


async def renew(tx: AsyncConnection, owner: str, job_ids: Collection[str], until_ms: int) -> None:
    """Extend the leases of an owner on the jobs that it works on; the others expire."""
    held = and_(jobs.c.lease_owner == owner, jobs.c.id.in_(job_ids))
    await tx.execute(update(jobs).where(held).values(lease_until_ms=until_ms))


async def drop_leases(tx: AsyncConnection, owner: str | None) -> None:
    """End an owner's leases; with None everyone's, when no other process can be alive."""
    held = jobs.c.lease_owner.is_not(None) if owner is None else jobs.c.lease_owner == owner
    await tx.execute(update(jobs).where(held).values(**NO_LEASE))


async def count_by_owner(tx: AsyncConnection, now_ms: int) -> Mapping[str, int]:
    """Return how many jobs each owner has a valid lease on."""
    counted = select(jobs.c.lease_owner, func.count()).where(
        jobs.c.lease_owner.is_not(None), jobs.c.lease_until_ms > now_ms
    )
    return dict((await tx.execute(counted.group_by(jobs.c.lease_owner))).all())


# The worker runs these in every cycle, and building a statement costs more than running it, so they
# are built once. `now_ms` is in Unix milliseconds, `row_limit` the maximum number of rows.
_NO_VALID_LEASE = or_(jobs.c.lease_until_ms.is_(None), jobs.c.lease_until_ms <= bindparam("now_ms"))
IS_TIMED = in_states(TIMED)
IS_DUE = and_(IS_TIMED, jobs.c.due_at_ms <= bindparam("now_ms"), _NO_VALID_LEASE)
"""A job in progress can be claimed at `now_ms`."""

IS_LOST = and_(in_states([JobState.SUBMITTING]), _NO_VALID_LEASE)
"""A submission's lease has expired at `now_ms`."""

# skip_locked: processes claim different jobs instead of waiting for each other.
_DUE = (
    select(jobs.c.id)
    .where(IS_DUE)
    .order_by(jobs.c.due_at_ms, jobs.c.id)
    .limit(bindparam("row_limit"))
    .with_for_update(skip_locked=True)
    .cte("due")
)
_LOST = select(jobs.c.id).where(IS_LOST).with_for_update(skip_locked=True).cte("lost")
_CLAIM_LOST = (
    update(jobs).where(jobs.c.id == _LOST.c.id).values(fence=jobs.c.fence + 1).returning(*jobs.c)
)
_CLAIM_DUE = (
    update(jobs)
    .where(jobs.c.id == _DUE.c.id)
    .values(
        fence=jobs.c.fence + 1,
        turns=jobs.c.turns + 1,
        lease_owner=bindparam("owner"),
        lease_until_ms=bindparam("until_ms"),
    )
    .returning(*jobs.c)
)
