"""Status messages: which state each one shows, and which are outdated."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, bindparam, case, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import NEVER_MS, JobState
from storage import high_water
from storage.jobs import Job, fetch_all
from storage.schema import in_states, jobs

IS_OUTDATED = or_(jobs.c.status_shown.is_(None), jobs.c.status_shown != jobs.c.state)
"""Must match the condition of the index `ix_jobs_unshown`."""


_WAITS_FOR_ORDER = and_(jobs.c.order_id.is_not(None), in_states([JobState.STORED]))


def is_shown(transient: Collection[JobState]) -> ColumnElement[bool]:
    """Return the condition that a job's state is shown, others being too short for it.

    A job of an order that is ready may wait for the others.
    """
    return or_(~in_states(transient), _WAITS_FOR_ORDER)


async def list_outdated(
    tx: AsyncConnection, limit: int, *, exclude: Collection[JobState] = ()
) -> list[Job]:
    """Return jobs whose message shows another state than theirs, except those in `exclude`.

    Jobs without a message come first, then the oldest.
    """
    return await fetch_all(tx, _OUTDATED, exclude=list(exclude), row_limit=limit)


async def mark_all_outdated(tx: AsyncConnection, state: JobState) -> None:
    """Mark the status messages of all jobs in a state as outdated; a waiting one has none.

    Also those that are outdated now: another transaction may be recording that they are shown.
    """
    is_waiting = and_(jobs.c.state == JobState.QUEUED, jobs.c.due_at_ms >= NEVER_MS)
    which = jobs.c.state == state, not_(is_waiting)
    await tx.execute(update(jobs).where(*which).values(status_shown=None))


async def mark_outdated(tx: AsyncConnection, job_id: str) -> None:
    """Mark the status message of one job as outdated."""
    await tx.execute(update(jobs).where(jobs.c.id == job_id).values(status_shown=None))


async def claim_post(tx: AsyncConnection, job: Job, now_ms: int, lapse_after_ms: int) -> bool:
    """Claim the right to post a job's status message; a claim without a message expires."""
    is_expired = jobs.c.status_since_ms <= now_ms - lapse_after_ms
    claimed = await tx.execute(
        update(jobs)
        .where(
            jobs.c.id == job.id,
            jobs.c.status_message_id.is_(None),
            or_(jobs.c.status_since_ms.is_(None), is_expired),
        )
        .values(status_since_ms=now_ms)
    )
    if claimed.rowcount == 1:
        await high_water.advance(tx)
    return claimed.rowcount == 1


async def save_message(
    tx: AsyncConnection,
    job_id: str,
    *,
    message_id: int | None = None,
    shown: JobState | None = None,
) -> None:
    """Store the id of a job's status message, or the state it shows; None leaves either as is."""
    columns = {"status_message_id": message_id, "status_shown": shown}
    values = {name: value for name, value in columns.items() if value is not None}
    await tx.execute(update(jobs).where(jobs.c.id == job_id).values(**values))


async def forget_message(tx: AsyncConnection, job_id: str, shown: JobState | None) -> None:
    """Record that a job's status message is deleted, and, unless None, the state that it showed."""
    values: dict[str, object] = {"status_message_id": None, "status_since_ms": None}
    if shown is not None:
        values["status_shown"] = shown
    await tx.execute(update(jobs).where(jobs.c.id == job_id).values(**values))


# The worker runs this in every cycle, and building a statement costs more than running it, so it is
# built once. `row_limit` is the maximum number of rows.
_OUTDATED = (
    select(jobs)
    .where(
        IS_OUTDATED,
        or_(jobs.c.state.not_in(bindparam("exclude", expanding=True)), _WAITS_FOR_ORDER),
    )
    .order_by(case((jobs.c.status_message_id.is_(None), 0), else_=1), jobs.c.id)
    .limit(bindparam("row_limit"))
)
