"""Knows which status messages are out, what each shows, and which show what was."""

from collections.abc import Collection

from sqlalchemy import and_, bindparam, case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage.jobs import Job, fetch_all
from storage.schema import jobs

_BEHIND = or_(jobs.c.status_shown.is_(None), jobs.c.status_shown != jobs.c.state)
"""The condition of the index `ix_jobs_unshown`."""


async def list_outdated(
    tx: AsyncConnection, limit: int, *, exclude: Collection[JobState] = ()
) -> list[Job]:
    """Read jobs that show another state than they are in; not those in `quiet`.

    Those that have no message yet are first, then the oldest.
    """
    return await fetch_all(tx, _OUTDATED, quiet=list(exclude), most=limit)


async def mark_all_outdated(tx: AsyncConnection, state: JobState) -> None:
    """Have the status messages of all jobs in a state brought up to date, where they are out."""
    shown = and_(jobs.c.state == state, jobs.c.status_shown == state)
    await tx.execute(update(jobs).where(shown).values(status_shown=None))


async def mark_outdated(tx: AsyncConnection, job_id: str) -> None:
    """Have the status message of one job brought up to date."""
    await tx.execute(update(jobs).where(jobs.c.id == job_id).values(status_shown=None))


async def claim_post(tx: AsyncConnection, job: Job, now_ms: int, lapse_after_ms: int) -> bool:
    """Claim the right to post a job's status message; an old claim without a message lapses."""
    lapsed = jobs.c.status_since_ms <= now_ms - lapse_after_ms
    started = await tx.execute(
        update(jobs)
        .where(
            jobs.c.id == job.id,
            jobs.c.status_message_id.is_(None),
            or_(jobs.c.status_since_ms.is_(None), lapsed),
        )
        .values(status_since_ms=now_ms)
    )
    return started.rowcount == 1


async def save_message(
    tx: AsyncConnection,
    job_id: str,
    *,
    message_id: int | None = None,
    shown: JobState | None = None,
) -> None:
    """Remember a job's status message, or the state that it shows; None leaves either alone."""
    given = {"status_message_id": message_id, "status_shown": shown}
    values = {name: value for name, value in given.items() if value is not None}
    await tx.execute(update(jobs).where(jobs.c.id == job_id).values(**values))


# Every turn of the belt asks this, and a statement costs more to build than to run: so it is built
# once. `most` is how many rows at most.
_OUTDATED = (
    select(jobs)
    .where(_BEHIND, jobs.c.state.not_in(bindparam("quiet", expanding=True)))
    .order_by(case((jobs.c.status_message_id.is_(None), 0), else_=1), jobs.c.id)
    .limit(bindparam("most"))
)
