"""Open jobs of a database that was restored from a copy."""

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import TRANSITIONS, JobState
from storage.billing import is_open_hold
from storage.jobs import NO_LEASE, Job, fetch_all
from storage.schema import billing, jobs

_ENDED = [state for state, next_states in TRANSITIONS.items() if not next_states]
_MAY_BE_SUBMITTED = JobState.QUEUED, JobState.SUBMITTING
_IS_OPEN = jobs.c.state.not_in(_ENDED)
_IS_UNSHOWN = or_(jobs.c.status_shown.is_(None), jobs.c.status_shown != jobs.c.state)


async def mark(tx: AsyncConnection, now_ms: int, never_ms: int) -> int:
    """Mark every open job as restored, and return how many are open.

    Its lease ends, and its fence rises. A status message that is not known may have been posted,
    and a submission without an answer waits (until `never_ms`) for the operator alone.
    """
    message_unknown = and_(jobs.c.status_message_id.is_(None), jobs.c.status_since_ms.is_(None))
    await _update(tx, and_(_IS_UNSHOWN, message_unknown), status_since_ms=jobs.c.created_at_ms)
    await _update(
        tx,
        or_(_IS_OPEN, _IS_UNSHOWN),
        restored_at_ms=now_ms,
        fence=jobs.c.fence + 1,
        **NO_LEASE,
    )
    await _update(tx, jobs.c.state == JobState.SUBMIT_UNKNOWN, due_at_ms=never_ms)
    return (await tx.execute(select(func.count()).where(_IS_OPEN))).scalar_one()


async def list_unsubmitted(tx: AsyncConnection) -> list[Job]:
    """Return the jobs that no submission is known of, the oldest first."""
    found = select(jobs).where(jobs.c.state.in_(_MAY_BE_SUBMITTED)).order_by(jobs.c.id)
    return await fetch_all(tx, found)


async def list_releasable(tx: AsyncConnection, guild_id: int) -> list[str]:
    """Return the ids of a server's jobs that are parked because of the restore, oldest first."""
    found = select(jobs.c.id).where(_is_parked(), jobs.c.guild_id == guild_id).order_by(jobs.c.id)
    return list((await tx.execute(found)).scalars())


async def count_releasable(tx: AsyncConnection) -> dict[int, int]:
    """Return how many jobs of each server are parked because of the restore."""
    counted = select(jobs.c.guild_id, func.count()).where(_is_parked()).group_by(jobs.c.guild_id)
    return dict((await tx.execute(counted)).all())


def _is_parked() -> ColumnElement[bool]:
    is_held = exists().where(
        billing.c.job_id == jobs.c.id, billing.c.kind == "hold", is_open_hold()
    )
    is_restored = jobs.c.restored_at_ms.is_not(None) & jobs.c.closed_at_ms.is_(None)
    return and_(jobs.c.state == JobState.SUBMIT_UNKNOWN, is_restored, is_held)


async def _update(tx: AsyncConnection, which: ColumnElement[bool], **values: object) -> None:
    await tx.execute(update(jobs).where(which).values(**values))
