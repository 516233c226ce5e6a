"""Metrics of jobs and money; each statement reads few rows or an index."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import ENDED_WITHOUT_VIDEO, JobState
from storage.schema import job_events, jobs

_ENDED = ENDED_WITHOUT_VIDEO | {JobState.DELIVERED}
_MAX_TRANSITIONS = 10_000


@dataclass(frozen=True, slots=True)
class Transition:
    """A transition of a job, and the age of the job at that time."""

    id: int
    source: JobState | None
    target: JobState
    age_ms: int


async def oldest_created_at_ms_by_state(tx: AsyncConnection) -> dict[JobState, int]:
    """Return when the oldest unfinished job in each state was created."""
    found = await tx.execute(
        select(jobs.c.state, func.min(jobs.c.created_at_ms))
        .where(jobs.c.state.not_in(_ENDED))
        .group_by(jobs.c.state)
    )
    return dict(found.all())


async def oldest_due_poll_ms(tx: AsyncConnection, now_ms: int) -> int | None:
    """Return the due time of the most overdue poll, or None."""
    no_valid_lease = or_(jobs.c.lease_until_ms.is_(None), jobs.c.lease_until_ms <= now_ms)
    waiting = select(func.min(jobs.c.due_at_ms)).where(
        jobs.c.state == JobState.GENERATING, jobs.c.due_at_ms <= now_ms, no_valid_lease
    )
    return (await tx.execute(waiting)).scalar()


async def last_transition_id(tx: AsyncConnection) -> int:
    """Return the id of the latest transition, or 0."""
    return (await tx.execute(select(func.max(job_events.c.id)))).scalar() or 0


async def list_transitions_after(tx: AsyncConnection, last_id: int) -> Sequence[Transition]:
    """Return the transitions after an id, oldest first; at most 10,000 at a time."""
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
        .limit(_MAX_TRANSITIONS)
    )
    return [Transition(*row) for row in found]
