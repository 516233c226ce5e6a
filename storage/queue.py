"""Knows the line: whose queued job is next, how many wait, and taking them from it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import AT_APIXO, JobState
from storage import submission_pause
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
    """Move as many due jobs to `submitting` as APIXO has places, over all processes.

    The member with the fewest jobs in flight is first, then the oldest job. The belt's lock keeps
    two processes from filling the same place. A paused or stopped belt gives nothing, and one that
    is short of money one job, to see whether there is some; `limit` bounds what this process takes.
    """
    state = await submission_pause.lock(tx)
    if state.is_paused(now_ms) or limit == 0:
        return []
    most = 1 if state.is_out_of_credit else limit
    free = max_in_flight - (await tx.execute(_COUNT_AT_APIXO)).scalar_one()
    free = free if most is None else min(free, most)
    found = await fetch_all(tx, _NEXT, now_ms=now_ms, most=max(0, free))
    lease = {"lease_owner": owner, "lease_until_ms": now_ms + lease_ms}
    claimed = [await _submitting(tx, job, now_ms, lease) for job in found]
    return [job for job in claimed if job is not None]


async def count_queued(tx: AsyncConnection, guild_id: int, user_id: int) -> tuple[int, int]:
    """Count the queued jobs of a member on a server, and of the whole server."""
    found = await tx.execute(
        select(func.count().filter(jobs.c.user_id == user_id), func.count()).where(
            jobs.c.state == JobState.QUEUED, jobs.c.guild_id == guild_id
        )
    )
    mine, everyones = found.one()
    return mine, everyones


async def count_active(tx: AsyncConnection, guild_id: int, user_id: int) -> int:
    """Count the jobs of a member on a server that wait or are being made."""
    found = await tx.execute(
        select(func.count()).where(
            jobs.c.state.in_({JobState.QUEUED} | AT_APIXO),
            jobs.c.guild_id == guild_id,
            jobs.c.user_id == user_id,
        )
    )
    return found.scalar_one()


async def position(tx: AsyncConnection, job_id: str) -> int:
    """Tell a queued job's place, 1 being next; 0 if it waits no more."""
    line = _line().subquery()
    order = func.row_number().over(order_by=_order(line)).label("place")
    places = select(line.c.id, order).subquery()
    found = await tx.execute(select(places.c.place).where(places.c.id == job_id))
    return found.scalar() or 0


async def peek(tx: AsyncConnection) -> Job | None:
    """Read the queued job that is next, due or not."""
    return next(iter(await fetch_all(tx, _in_turn(_line()).limit(1))), None)


async def list_queued_until(tx: AsyncConnection, until_ms: int, limit: int) -> list[Job]:
    """Read queued jobs that were asked for by a moment, the oldest first."""
    waiting = select(jobs).where(jobs.c.state == JobState.QUEUED, jobs.c.created_at_ms <= until_ms)
    return await fetch_all(tx, waiting.order_by(jobs.c.id).limit(limit))


async def oldest_created_at_ms(tx: AsyncConnection) -> int | None:
    """Tell since when the job that has waited longest waits."""
    oldest = select(func.min(jobs.c.created_at_ms)).where(jobs.c.state == JobState.QUEUED)
    return (await tx.execute(oldest)).scalar()


async def _submitting(
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
    if claimed is not None:  # None: its member cancelled it between the reading and the taking
        await record_event(tx, job.id, job.state, claimed.state, now_ms, None)
    return claimed


def _line() -> Select[*tuple[Any, ...]]:
    """List the queued jobs with their turn: the member's jobs in flight plus those before it.

    Taking jobs by turn, then age, is taking one after the other from whoever has the fewest in
    flight, those just taken counted in.
    """
    busy = (
        select(jobs.c.user_id, func.count().label("in_flight"))
        .where(jobs.c.state.in_(AT_APIXO))
        .group_by(jobs.c.user_id)
        .subquery()
    )
    own_place = func.row_number().over(
        partition_by=jobs.c.user_id, order_by=(jobs.c.created_at_ms, jobs.c.id)
    )
    turn = (own_place + func.coalesce(busy.c.in_flight, 0)).label("turn")
    return (
        select(jobs.c.id, jobs.c.created_at_ms, turn)
        .outerjoin(busy, busy.c.user_id == jobs.c.user_id)
        .where(jobs.c.state == JobState.QUEUED)
    )


def _in_turn(line: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    queued = line.subquery()
    return select(jobs).join(queued, queued.c.id == jobs.c.id).order_by(*_order(queued))


def _order(line: Subquery) -> tuple[ColumnElement[Any], ...]:
    return line.c.turn, line.c.created_at_ms, line.c.id


# Every turn of the belt asks these, and a statement costs more to build than to run: so they are
# built once. `now_ms` is Unix milliseconds, `most` how many rows at most.
_COUNT_AT_APIXO = select(func.count()).select_from(jobs).where(jobs.c.state.in_(AT_APIXO))
_NEXT = _in_turn(_line().where(jobs.c.due_at_ms <= bindparam("now_ms"))).limit(bindparam("most"))
