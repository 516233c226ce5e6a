"""The queue: its fair order, its counts, and claiming jobs for submission."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    ScalarSelect,
    Select,
    Text,
    and_,
    bindparam,
    func,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import AT_APIXO, COUNTED_PLACES, LAST_PLACE, NEVER_MS, JobState
from storage import high_water, submission_pause
from storage.jobs import Job, fetch_all, job_from_row, record_event, update_if_unchanged
from storage.schema import ACTIVE, Int, in_states, jobs

IS_QUEUED: Final = in_states([JobState.QUEUED])
"""Must match the condition of the index `ix_jobs_queued`."""

IS_IN_LINE: Final = and_(IS_QUEUED, jobs.c.due_at_ms < NEVER_MS)
"""It waits for its turn, and for no other job."""

_WHENEVER_MS: Final = NEVER_MS - 1
"""By then every job in line is due."""

_LOOKED_AT: Final = (256, 4_096, 1 << 40)
"""How many of the oldest jobs a claim looks at, in turn."""


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
    found = await _list_next(tx, now_ms, free) if free > 0 else []
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
    """Return the number of jobs of a member on a server that are in line or at APIXO."""
    found = await tx.execute(
        select(func.count()).where(
            jobs.c.state.in_({JobState.QUEUED} | AT_APIXO),
            jobs.c.guild_id == guild_id,
            jobs.c.user_id == user_id,
            jobs.c.due_at_ms < NEVER_MS,
        )
    )
    return found.scalar_one()


async def position(tx: AsyncConnection, job_id: str) -> int:
    """Return the queue position of a job, 1 being next; 0 if it is no longer queued.

    In a line of more than `COUNTED_PLACES` it is an estimate, from as many of the oldest jobs; it
    is never more than `LAST_PLACE`. So it costs the same, however long the line is.
    """
    own = (await tx.execute(_OWN_TURN, {"job_id": job_id})).one_or_none()
    if own is None:
        return 0
    created_at_ms, turn = own
    of_job = {"job_id": job_id, "created_at_ms": created_at_ms, "turn": turn}
    found = await tx.execute(_BEFORE, {**of_job, "row_limit": COUNTED_PLACES})
    looked_at, before, equal, older = found.one()
    if looked_at < COUNTED_PLACES:
        return 1 + before + older
    at_most = {"row_limit": LAST_PLACE}
    length = (await tx.execute(_LENGTH, at_most)).scalar_one()
    since = {**at_most, "created_at_ms": created_at_ms}
    longer = (await tx.execute(_OLDER, since)).scalar_one()
    rest = older if longer < looked_at else equal * longer // looked_at
    return min(LAST_PLACE, 1 + before * length // looked_at + rest)


async def peek(tx: AsyncConnection) -> Job | None:
    """Return the queued job that is next, due or not."""
    return next(iter(await _list_next(tx, _WHENEVER_MS, 1)), None)


async def list_queued_until(tx: AsyncConnection, until_ms: int, limit: int) -> list[Job]:
    """Return queued jobs that were created by a moment, the oldest first."""
    waiting = select(jobs).where(jobs.c.state == JobState.QUEUED, jobs.c.created_at_ms <= until_ms)
    return await fetch_all(tx, waiting.order_by(jobs.c.id).limit(limit))


async def oldest_created_at_ms(tx: AsyncConnection) -> int | None:
    """Return when the oldest job in line was created, or None."""
    oldest = select(func.min(jobs.c.created_at_ms)).where(IS_IN_LINE)
    return (await tx.execute(oldest)).scalar()


async def _list_next(tx: AsyncConnection, now_ms: int, places: int) -> list[Job]:
    """Return the next jobs to be submitted, as many as there are places.

    Nobody's turn is before the first, so where the oldest jobs have enough of those, the rest of
    the line is not looked at.
    """
    found: Sequence[RowMapping] = ()
    for row_limit in _LOOKED_AT:
        given = {"now_ms": now_ms, "places": places, "row_limit": row_limit}
        found = (await tx.execute(_NEXT, given)).mappings().all()
        is_whole = not found or found[0]["looked_at"] < row_limit
        if is_whole or (len(found) == places and found[-1]["turn"] == 1):
            break
    return [job_from_row(row) for row in found]


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


def _first_with_turns(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    """Select the first `row_limit` queued jobs by age, each with its turn.

    The turn is the member's jobs in flight plus those queued before. Ordering by turn, then age,
    gives the same result as repeatedly claiming one job of the member with the fewest in flight,
    those just claimed included.
    """
    of_age = select(jobs.c.id, jobs.c.user_id, jobs.c.created_at_ms)
    first = (
        of_age.where(IS_IN_LINE, *conditions)
        .order_by(jobs.c.created_at_ms, jobs.c.id)
        .limit(bindparam("row_limit"))
        .subquery("first")
    )
    # An older one is among the first too, so places among a member's own jobs are right.
    own_place = func.row_number().over(
        partition_by=first.c.user_id, order_by=(first.c.created_at_ms, first.c.id)
    )
    turn = own_place + _in_flight_of(first.c.user_id)
    return select(first.c.id, first.c.created_at_ms, turn.label("turn"))


def _in_flight_of(user_id: ColumnElement[int]) -> ScalarSelect[int]:
    """Count a member's jobs in flight, from the index of what is active."""
    other = jobs.alias("other")
    found = select(func.count()).where(
        other.c.user_id == user_id,
        in_states(ACTIVE, other),
        in_states(AT_APIXO, other),
    )
    return found.scalar_subquery()


def _select_next() -> Select[*tuple[Any, ...]]:
    """Select the next jobs among the first by age, with their turn and how many were looked at."""
    first = _first_with_turns(jobs.c.due_at_ms <= bindparam("now_ms")).subquery()
    looked_at = func.count().over().label("looked_at")
    ranked = select(first, looked_at).order_by(first.c.turn, first.c.created_at_ms, first.c.id)
    chosen = ranked.limit(bindparam("places")).subquery()
    return (
        select(jobs, chosen.c.turn, chosen.c.looked_at)
        .join(chosen, chosen.c.id == jobs.c.id)
        .order_by(chosen.c.turn, chosen.c.created_at_ms, chosen.c.id)
    )


def _select_own_turn() -> Select[*tuple[Any, ...]]:
    """Select when a queued job was created, and its turn."""
    own = jobs.alias("own")
    before = select(func.count()).where(
        own.c.user_id == jobs.c.user_id,
        in_states(ACTIVE, own),
        in_states([JobState.QUEUED], own),
        own.c.due_at_ms < NEVER_MS,
        tuple_(own.c.created_at_ms, own.c.id) < tuple_(jobs.c.created_at_ms, jobs.c.id),
    )
    turn = 1 + before.scalar_subquery() + _in_flight_of(jobs.c.user_id)
    return select(jobs.c.created_at_ms, turn).where(jobs.c.id == bindparam("job_id"), IS_IN_LINE)


def _select_before() -> Select[*tuple[Any, ...]]:
    """Count the first by age: all, those of an earlier turn, of the same turn, and older ones."""
    first = _first_with_turns().subquery()
    key = tuple_(bindparam("created_at_ms", type_=Int), bindparam("job_id", type_=Text))
    is_older = tuple_(first.c.created_at_ms, first.c.id) < key
    is_equal = first.c.turn == bindparam("turn")
    return select(
        func.count(),
        func.count().filter(first.c.turn < bindparam("turn")),
        func.count().filter(is_equal),
        func.count().filter(is_equal, is_older),
    ).select_from(first)


# The worker runs these in every cycle, and building a statement costs more than running it, so they
# are built once. `now_ms` is in Unix milliseconds, `row_limit` the maximum number of rows.
_COUNT_AT_APIXO = select(func.count()).select_from(jobs).where(in_states(AT_APIXO))
_NEXT = _select_next()
_OWN_TURN = _select_own_turn()
_BEFORE = _select_before()
_QUEUED_ROW = select(jobs.c.created_at_ms).where(IS_QUEUED).limit(bindparam("row_limit"))
_LENGTH = select(func.count()).select_from(_QUEUED_ROW.subquery())
_OLDER_ROW = _QUEUED_ROW.where(jobs.c.created_at_ms < bindparam("created_at_ms"))
_OLDER = select(func.count()).select_from(_OLDER_ROW.subquery())
