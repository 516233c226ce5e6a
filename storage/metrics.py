"""Reads what a monitor wants to know of the belt; each statement looks at few rows or an index."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import ENDED_WITHOUT_VIDEO, HOLDING, JobState
from domain.money import MicroUSD
from storage.billing import is_open_hold
from storage.schema import billing, job_events, jobs

_ENDED = ENDED_WITHOUT_VIDEO | {JobState.DELIVERED}
_MAY_HOLD = HOLDING | {JobState.SUBMIT_UNKNOWN, JobState.QUARANTINED}
_MOST_MOVES = 10_000


@dataclass(frozen=True, slots=True)
class Transition:
    """A move that a job made, and how old the job was then."""

    id: int
    source: JobState | None
    target: JobState
    age_ms: int


async def oldest_created_at_ms_by_state(tx: AsyncConnection) -> dict[JobState, int]:
    """Tell since when the oldest job in each state was wanted, of those that have not ended."""
    found = await tx.execute(
        select(jobs.c.state, func.min(jobs.c.created_at_ms))
        .where(jobs.c.state.not_in(_ENDED))
        .group_by(jobs.c.state)
    )
    return dict(found.all())


async def oldest_due_poll_ms(tx: AsyncConnection, now_ms: int) -> int | None:
    """Tell since when the task that waits longest to be asked for has been due."""
    unheld = or_(jobs.c.lease_until_ms.is_(None), jobs.c.lease_until_ms <= now_ms)
    waiting = select(func.min(jobs.c.due_at_ms)).where(
        jobs.c.state == JobState.GENERATING, jobs.c.due_at_ms <= now_ms, unheld
    )
    return (await tx.execute(waiting)).scalar()


async def sum_open_holds(tx: AsyncConnection) -> MicroUSD:
    """Sum what is on hold."""
    summed = await tx.execute(
        select(func.coalesce(func.sum(billing.c.amount_micro), 0))
        .select_from(jobs)
        .join(billing, billing.c.job_id == jobs.c.id)
        .where(jobs.c.state.in_(_MAY_HOLD), billing.c.kind == "hold", is_open_hold())
    )
    # A sum of 64-bit integers is a Decimal on PostgreSQL.
    return MicroUSD(int(summed.scalar_one()))


async def last_transition_id(tx: AsyncConnection) -> int:
    """Tell the number of the newest move; 0 before the first."""
    return (await tx.execute(select(func.max(job_events.c.id)))).scalar() or 0


async def list_transitions_after(tx: AsyncConnection, last_id: int) -> Sequence[Transition]:
    """Read the moves after a number, oldest first, so many at a time."""
    found = await tx.execute(
        select(
            job_events.c.id,
            job_events.c.source,
            job_events.c.target,
            job_events.c.at_ms - jobs.c.created_at_ms,
        )
        .join(jobs, jobs.c.id == job_events.c.job_id)
        .where(job_events.c.id > last_id)
        .order_by(job_events.c.id)
        .limit(_MOST_MOVES)
    )
    return [Transition(*row) for row in found]
