"""The queue: its fair order, its counts, and claiming jobs for submission."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import AT_APIXO, JobState
from storage import high_water, submission_pause
from storage.jobs import Job, fetch_all, record_event, update_if_unchanged
from storage.schema import jobs


async def claim_for_submission(
    tx: AsyncConnection,
    *,
    now_ms: int,
    owner: str,
    lease_ms: int,
    max_in_flight: int,
    limit: int | None = None,
) -> list[Job]:
    """Move as many due jobs to `submitting` as APIXO has capacity for, across all processes.

    The member with the fewest jobs in flight is first, then the oldest job. The lock on the
    submission pause keeps two processes from filling the same slot. While submissions are paused or
    stopped nothing is claimed, and while APIXO is out of credit one job, as a probe. `limit` bounds
    what this process claims.
    """
    pause = await submission_pause.lock(tx)
    if pause.is_paused(now_ms) or limit == 0:
        return []
    row_limit = 1 if pause.is_out_of_credit else limit
    free = max_in_flight - (await tx.execute(_COUNT_AT_APIXO)).scalar_one()
    free = free if row_limit is None else min(free, row_limit)
    found = await fetch_all(tx, _NEXT, now_ms=now_ms, row_limit=max(0, free))
    lease = {"lease_owner": owner, "lease_until_ms": now_ms + lease_ms}
    if found:
        await high_water.advance(tx)
    claimed = [await _claim_for_submission(tx, job, now_ms, lease) for job in found]
    return [job for job in claimed if job is not None]


async def count_queued(tx: AsyncConnection, guild_id: int, user_id: int) -> tuple[int, int]:
    """Return the number of queued jobs of a member on a server, and of the whole server."""
    found = await tx.execute(
        select(func.count().filter(jobs.c.user_id == user_id), func.count()).where(
            jobs.c.state == JobState.QUEUED, jobs.c.guild_id == guild_id
        )
    )
    members_count, guild_count = found.one()
    return members_count, guild_count


async def count_active(tx: AsyncConnection, guild_id: int, user_id: int) -> int:
    """Return the number of jobs of a member on a server that are queued or at APIXO."""
    found = await tx.execute(
        select(func.count()).where(
            jobs.c.state.in_({JobState.QUEUED} | AT_APIXO),
            jobs.c.guild_id == guild_id,
            jobs.c.user_id == user_id,
        )
    )
    return found.scalar_one()


async def position(tx: AsyncConnection, job_id: str) -> int:
    """Return the queue position of a job, 1 being next; 0 if it is no longer queued."""
    queue = _queue_with_turns().subquery()
    order = func.row_number().over(order_by=_fair_order(queue)).label("position")
    positions = select(queue.c.id, order).subquery()
    found = await tx.execute(select(positions.c.position).where(positions.c.id == job_id))
    return found.scalar() or 0


async def peek(tx: AsyncConnection) -> Job | None:
    """Return the queued job that is next, due or not."""
    return next(iter(await fetch_all(tx, _jobs_in_order(_queue_with_turns()).limit(1))), None)


async def list_queued_until(tx: AsyncConnection, until_ms: int, limit: int) -> list[Job]:
    """Return queued jobs that were created by a moment, the oldest first."""
    waiting = select(jobs).where(jobs.c.state == JobState.QUEUED, jobs.c.created_at_ms <= until_ms)
    return await fetch_all(tx, waiting.order_by(jobs.c.id).limit(limit))


async def oldest_created_at_ms(tx: AsyncConnection) -> int | None:
    """Return when the oldest queued job was created, or None."""
    oldest = select(func.min(jobs.c.created_at_ms)).where(jobs.c.state == JobState.QUEUED)
    return (await tx.execute(oldest)).scalar()


async def _claim_for_submission(
    tx: AsyncConnection, job: Job, now_ms: int, lease: Mapping[str, object]
) -> Job | None:
    claimed = await update_if_unchanged(
        tx,
        job,
        state=JobState.SUBMITTING,
        fence=job.fence + 1,
        submissions=job.submissions + 1,
        submitted_at_ms=now_ms,
        **lease,
    )
    if claimed is not None:  # None: the member cancelled it between select and update
        await record_event(tx, job.id, job.state, claimed.state, now_ms, None)
    return claimed


def _queue_with_turns() -> Select[*tuple[Any, ...]]:
    """Select the queued jobs with their turn: the member's jobs in flight plus those queued before.

    Ordering by turn, then age, gives the same result as repeatedly claiming one job of the member
    with the fewest in flight, those just claimed included.
    """
    busy = (
        select(jobs.c.user_id, func.count().label("in_flight"))
        .where(jobs.c.state.in_(AT_APIXO))
        .group_by(jobs.c.user_id)
        .subquery()
    )
    own_position = func.row_number().over(
        partition_by=jobs.c.user_id, order_by=(jobs.c.created_at_ms, jobs.c.id)
    )
    turn = (own_position + func.coalesce(busy.c.in_flight, 0)).label("turn")
    return (
        select(jobs.c.id, jobs.c.created_at_ms, turn)
        .outerjoin(busy, busy.c.user_id == jobs.c.user_id)
        .where(jobs.c.state == JobState.QUEUED)
    )


def _jobs_in_order(queue: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    queued = queue.subquery()
    return select(jobs).join(queued, queued.c.id == jobs.c.id).order_by(*_fair_order(queued))


def _fair_order(queue: Subquery) -> tuple[ColumnElement[Any], ...]:
    return queue.c.turn, queue.c.created_at_ms, queue.c.id


# The worker runs these in every cycle, and building a statement costs more than running it, so they
# are built once. `now_ms` is in Unix milliseconds, `row_limit` the maximum number of rows.
_COUNT_AT_APIXO = select(func.count()).select_from(jobs).where(jobs.c.state.in_(AT_APIXO))
_DUE_QUEUE = _queue_with_turns().where(jobs.c.due_at_ms <= bindparam("now_ms"))
_NEXT = _jobs_in_order(_DUE_QUEUE).limit(bindparam("row_limit"))
