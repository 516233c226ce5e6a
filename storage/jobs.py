"""Knows the jobs: adding, reading and moving them, each change guarded by state and fence.

A holder that lost its job cannot change it any more. Every move leaves an event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from sqlalchemy import (
    RowMapping,
    Select,
    and_,
    case,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.jobs import TRANSITIONS, JobState, can_transition
from domain.money import MicroUSD
from domain.requests import VideoRequest
from storage.errors import StaleJobError, TaskAlreadyAssigned
from storage.schema import job_events, jobs
from storage.upsert import insert_or_ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a job begins with."""

    id: str
    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    request: VideoRequest
    price: MicroUSD
    price_version: str
    created_at_ms: int
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(JobView):
    """A job with all that its worker needs.

    `submissions` counts the times it was sent to APIXO, `failures` the failed tries in a row,
    `turns` the claims without progress. `status_since_ms` is an intent: a message may be out since
    then. `told_at_ms` is when the operator was told that it is parked, `closed_at_ms` when they
    closed it.
    """

    interaction_id: int
    fence: int
    price_version: str
    attempt: int
    submissions: int
    result_url: str | None
    file_sha256: str | None
    status_since_ms: int | None
    status_shown: JobState | None
    failures: int
    turns: int
    lease_owner: str | None
    lease_until_ms: int | None
    submitted_at_ms: int | None
    started_at_ms: int | None
    ended_at_ms: int | None
    told_at_ms: int | None = None
    closed_at_ms: int | None = None


class JobChanges(TypedDict, total=False):
    """What may change with a move or a keep; `status_shown=None` has the job announced anew."""

    attempt: int
    task_id: str | None
    result_url: str | None
    file_name: str | None
    file_size: int | None
    file_sha256: str | None
    status_shown: JobState | None
    result_message_id: int | None
    posting_since_ms: int | None
    reason: str | None
    fail_code: str | None
    failures: int
    started_at_ms: int | None
    shared_message_id: int | None
    shared_channel_id: int | None
    result_channel_id: int | None


class TransitionChanges(JobChanges, total=False):
    """What may change with a move; without `due_at_ms` the job is due at once."""

    due_at_ms: int


NO_LEASE: Mapping[str, None] = {"lease_owner": None, "lease_until_ms": None}


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A move that a job made; `source` is None where it began."""

    source: JobState | None
    target: JobState
    at_ms: int
    detail: str | None


async def enqueue(tx: AsyncConnection, new: NewJob) -> tuple[Job, bool]:
    """Put a job in the line; False with the job that this interaction already has."""
    row = {
        "id": new.id,
        "interaction_id": new.interaction_id,
        "guild_id": new.guild_id,
        "channel_id": new.channel_id,
        "user_id": new.user_id,
        "state": JobState.QUEUED,
        "request": new.request,
        "model": new.request.model,
        "mode": new.request.mode,
        "resolution": new.request.resolution,
        "seconds": new.request.seconds,
        "price_micro": new.price,
        "price_version": new.price_version,
        "attempt": 1,
        "created_at_ms": new.created_at_ms,
        "due_at_ms": new.created_at_ms,
        "private": int(new.private),
        **dict.fromkeys(("fence", "submissions", "failures", "turns"), 0),
    }
    added = await tx.execute(insert_or_ignore(tx, jobs, "interaction_id").values(row))
    is_new = added.rowcount == 1
    if is_new:
        await record_event(tx, new.id, None, JobState.QUEUED, new.created_at_ms, None)
    job = await get_by_interaction(tx, new.interaction_id)
    if job is None:
        raise StaleJobError(new.id)
    return job, is_new


async def get(tx: AsyncConnection, job_id: str) -> Job | None:
    """Read a job."""
    return await _one(tx, select(jobs).where(jobs.c.id == job_id))


async def lock(tx: AsyncConnection, job_id: str) -> Job | None:
    """Read a job and keep every other transaction from changing it till this one ends.

    On SQLite a transaction that writes keeps the others out from its beginning.
    """
    return await _one(tx, select(jobs).where(jobs.c.id == job_id).with_for_update())


async def get_by_interaction(tx: AsyncConnection, interaction_id: int) -> Job | None:
    """Read the job that an interaction asked for."""
    return await _one(tx, select(jobs).where(jobs.c.interaction_id == interaction_id))


async def previous_request_ms(tx: AsyncConnection, job: Job) -> int | None:
    """Tell when the member last asked for a video on this server, this one aside."""
    found = await tx.execute(
        select(func.max(jobs.c.created_at_ms)).where(
            jobs.c.guild_id == job.guild_id, jobs.c.user_id == job.user_id, jobs.c.id != job.id
        )
    )
    return found.scalar()


async def set_submitted_at(tx: AsyncConnection, job: Job, at_ms: int | None) -> None:
    """Note when a job in `submitting` is sent; None: it is not yet, and can be sent by another.

    Raises:
        StaleJobError: the job changed since it was read.
    """
    if await update_if_unchanged(tx, job, submitted_at_ms=at_ms) is None:
        raise StaleJobError(job.id)


async def transition(
    tx: AsyncConnection,
    job: Job,
    target: JobState,
    *,
    now_ms: int,
    keep_lease: bool = False,
    **changes: Unpack[TransitionChanges],
) -> Job:
    """Carry a job to another state and write the event; its lease ends unless it is kept.

    Raises:
        ValueError: the belt does not know this move.
        StaleJobError: the job changed since it was read.
        TaskAlreadyAssigned: its task belongs to another job.
    """
    if not can_transition(job.state, target):
        raise ValueError(f"Job {job.id} cannot go from {job.state} to {target}.")
    values: dict[str, object] = {"due_at_ms": now_ms, "failures": 0, "turns": 0, **changes}
    values |= {"told_at_ms": None, "closed_at_ms": None}
    if not keep_lease:
        values |= NO_LEASE
    if not TRANSITIONS[target]:
        values["ended_at_ms"] = now_ms
    moved = await update_if_unchanged(tx, job, state=target, **values)
    if moved is None:
        raise StaleJobError(job.id)
    await record_event(tx, job.id, job.state, target, now_ms, changes.get("reason"))
    return moved


async def reschedule(
    tx: AsyncConnection,
    job: Job,
    *,
    due_at_ms: int,
    progress: bool = True,
    **changes: Unpack[JobChanges],
) -> Job:
    """Leave a job where it stands until it is due again, and end its lease.

    Raises:
        StaleJobError: the job changed since it was read.
        TaskAlreadyAssigned: its task belongs to another job.
    """
    values: dict[str, object] = {"turns": 0, **changes} if progress else {**changes}
    values |= {"due_at_ms": due_at_ms, **NO_LEASE}
    kept = await update_if_unchanged(tx, job, **values)
    if kept is None:
        raise StaleJobError(job.id)
    return kept


async def make_due(tx: AsyncConnection, job: Job, now_ms: int) -> None:
    """Make a job due at once where it stands, also one that somebody holds.

    Its moment always changes, so that whoever holds it can see that it was hurried meanwhile.
    """
    sooner = case((jobs.c.due_at_ms > now_ms, now_ms), else_=jobs.c.due_at_ms - 1)
    here = and_(jobs.c.id == job.id, jobs.c.state == job.state)
    await tx.execute(update(jobs).where(here).values(due_at_ms=sooner))


async def count_by_state(tx: AsyncConnection) -> dict[JobState, int]:
    """Count the jobs in each state that has any."""
    found = await tx.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
    return dict(found.all())


async def list_events(tx: AsyncConnection, job_id: str) -> list[JobEvent]:
    """Read the moves of a job, oldest first."""
    columns = (job_events.c[name] for name in ("source", "target", "at_ms", "detail"))
    found = await tx.execute(
        select(*columns).where(job_events.c.job_id == job_id).order_by(job_events.c.id)
    )
    return [JobEvent(*row) for row in found]


async def record_event(
    tx: AsyncConnection,
    job_id: str,
    source: JobState | None,
    target: JobState,
    at_ms: int,
    detail: str | None,
) -> None:
    """Write down a move that a job made."""
    event = {"job_id": job_id, "source": source, "target": target, "at_ms": at_ms, "detail": detail}
    await tx.execute(insert(job_events).values(event))


async def _one(tx: AsyncConnection, statement: Select[*tuple[Any, ...]]) -> Job | None:
    row = (await tx.execute(statement)).mappings().one_or_none()
    return None if row is None else job_from_row(row)


async def fetch_all(
    tx: AsyncConnection, statement: Select[*tuple[Any, ...]], **given: object
) -> list[Job]:
    """Read the jobs that a statement over the table selects."""
    return [job_from_row(row) for row in (await tx.execute(statement, given)).mappings()]


_COLUMNS = tuple(name for name in Job.__dataclass_fields__ if name != "price")


def job_from_row(row: RowMapping) -> Job:
    """Read a job from its row."""
    fields: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    fields["private"] = bool(row["private"])
    return Job(price=MicroUSD(row["price_micro"]), **fields)


async def update_if_unchanged(tx: AsyncConnection, job: Job, **values: object) -> Job | None:
    """Change a job as it was read; None if it changed since. Who changes its state records it.

    Raises:
        TaskAlreadyAssigned: its task belongs to another job.
    """
    statement = (
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.state == job.state, jobs.c.fence == job.fence)
        .values(**values)
        .returning(*jobs.c)
    )
    try:
        row = (await tx.execute(statement)).mappings().one_or_none()
    except IntegrityError as error:
        raise TaskAlreadyAssigned(job.id, str(values.get("task_id"))) from error
    return None if row is None else job_from_row(row)
