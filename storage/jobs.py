"""The jobs table: every change is guarded by state and fence, every transition leaves an event.

A holder that lost its lease can no longer change the job.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import (
    Executable,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, TRANSITIONS, JobState, can_transition
from domain.money import MicroUSD
from domain.requests import VideoRequest
from domain.storyboard_steps import is_waiting
from storage.errors import StaleJobError, TaskAlreadyAssigned
from storage.schema import in_states, job_events, jobs
from storage.schema_base import Int
from storage.upsert import insert_or_ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Fields of a new job; one of an order of several has its place in it, from 1."""

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
    language: str | None = None
    order_id: str | None = None
    order_index: int | None = None
    remix_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(JobView):
    """A job with all that its worker needs.

    `submissions` counts the submissions to APIXO, `failures` the consecutive failed attempts,
    `turns` the claims without progress. `status_since_ms` is an intent: a message may have been
    posted since then.
    `took_ms` is how long its task took at APIXO, in documented time.
    `told_at_ms` is when the operator was notified that it is parked, `closed_at_ms` when they
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
    took_ms: int | None = None


class JobChanges(TypedDict, total=False):
    """Fields that `transition` and `reschedule` may change.

    `status_shown=None` has the job announced again.
    """

    attempt: int
    submissions: int
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
    restored_at_ms: int | None
    took_ms: int | None
    order_post: int | None


class TransitionChanges(JobChanges, total=False):
    """Fields that a transition may change; without `due_at_ms` the job is due at once."""

    due_at_ms: int


_SETTLED: Final = ENDED_WITHOUT_VIDEO | PARKED | {JobState.DELIVERED}
"""States of a job for which the others of its order wait no longer."""

NO_LEASE: Mapping[str, None] = {"lease_owner": None, "lease_until_ms": None}


@dataclass(frozen=True, slots=True)
class JobEvent:
    """A transition of a job; `source` is None for its creation."""

    source: JobState | None
    target: JobState
    at_ms: int
    detail: str | None


async def enqueue(tx: AsyncConnection, new: NewJob) -> tuple[Job, bool]:
    """Queue a job; return (job, False) if the interaction has one already."""
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
        "language": new.language,
        "order_id": new.order_id,
        "order_index": new.order_index,
        "remix_of": new.remix_of,
        **dict.fromkeys(("fence", "submissions", "failures", "turns"), 0),
    }
    # Unique by interaction: a repeated request finds the job of the first.
    enqueued = insert_or_ignore(tx, jobs, "interaction_id").values(row).returning(*jobs.c)
    added = (await tx.execute(enqueued)).mappings().one_or_none()
    if added is not None:
        await record_event(tx, new.id, None, JobState.QUEUED, new.created_at_ms, None)
        return job_from_row(added), True
    job = await get_by_interaction(tx, new.interaction_id)
    if job is None:
        raise StaleJobError(new.id)
    return job, False


async def get(tx: AsyncConnection, job_id: str) -> Job | None:
    """Return a job."""
    return await _fetch_one(tx, _BY_ID, {"wanted": job_id})


async def lock(tx: AsyncConnection, job_id: str) -> Job | None:
    """Return a job, locked against changes until the transaction ends.

    On SQLite a writing transaction excludes the others from its beginning.
    """
    return await _fetch_one(tx, _BY_ID_LOCKED, {"wanted": job_id})


async def get_by_interaction(tx: AsyncConnection, interaction_id: int) -> Job | None:
    """Return the job that an interaction asked for."""
    return await _fetch_one(tx, _BY_INTERACTION, {"wanted": interaction_id})


async def last_request_ms(
    tx: AsyncConnection, guild_id: int, user_id: int, *, besides: Collection[str] = ()
) -> int | None:
    """Return when a member last requested a video on a server besides some jobs, or None."""
    found = await tx.execute(
        select(func.max(jobs.c.created_at_ms)).where(
            jobs.c.guild_id == guild_id, jobs.c.user_id == user_id, jobs.c.id.not_in(besides)
        )
    )
    return found.scalar()


async def set_submitted_at(tx: AsyncConnection, job: Job, at_ms: int | None) -> None:
    """Store when a job in `submitting` is sent; None releases it to be sent by another worker.

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
    """Move a job to another state and record the event; its lease ends unless it is kept.

    Raises:
        ValueError: the state machine has no such transition.
        StaleJobError: the job changed since it was read.
        TaskAlreadyAssigned: its task belongs to another job.
    """
    if not can_transition(job.state, target):
        raise ValueError(f"Job {job.id} cannot go from {job.state} to {target}.")
    values: dict[str, object] = {"due_at_ms": now_ms, "failures": 0, "turns": 0, **changes}
    values |= {"told_at_ms": None, "closed_at_ms": None}
    if job.erased_at_ms is not None:
        values["reason"] = None  # APIXO's words may quote the prompt
    if not keep_lease:
        values |= NO_LEASE
    if is_waiting(job) and target is JobState.CANCELLED:
        values["status_shown"] = target  # it has no message, and needs none
    if not TRANSITIONS[target]:
        values["ended_at_ms"] = now_ms
    moved = await update_if_unchanged(tx, job, state=target, **values)
    if moved is None:
        raise StaleJobError(job.id)
    detail = changes.get("reason") if job.erased_at_ms is None else None
    await record_event(tx, job.id, job.state, target, now_ms, detail)
    if job.order_id is not None and target in _SETTLED:
        await _wake_order(tx, job.order_id, job.id, now_ms)
    return moved


async def reschedule(
    tx: AsyncConnection,
    job: Job,
    *,
    due_at_ms: int,
    progress: bool = True,
    **changes: Unpack[JobChanges],
) -> Job:
    """Leave a job in its state until it is due again, and end its lease.

    Raises:
        StaleJobError: the job changed since it was read.
        TaskAlreadyAssigned: its task belongs to another job.
    """
    values: dict[str, object] = {"turns": 0, **changes} if progress else {**changes}
    values |= {"due_at_ms": due_at_ms, **NO_LEASE}
    rescheduled = await update_if_unchanged(tx, job, **values)
    if rescheduled is None:
        raise StaleJobError(job.id)
    return rescheduled


async def wait_for_next_poll(tx: AsyncConnection, job: Job, *, due_at_ms: int, now_ms: int) -> None:
    """Leave a job in its state until it is polled again, and end its lease.

    It is due at once if it was made due since it was read: a callback during the poll may be newer
    than the answer to it.

    Raises:
        StaleJobError: the job changed since it was read.
    """
    due = {"seen_due_ms": job.due_at_ms, "next_due_ms": due_at_ms, "now_ms": now_ms}
    waiting = await tx.execute(_WAIT_FOR_NEXT_POLL, {**_seen(job), **due})
    if waiting.rowcount == 0:
        raise StaleJobError(job.id)


async def make_due(tx: AsyncConnection, job: Job, now_ms: int) -> None:
    """Make a job due at once in its state, even while a worker holds it.

    Its due time always changes, so that the holder can detect the change.
    """
    due_at_ms_now = case((jobs.c.due_at_ms > now_ms, now_ms), else_=jobs.c.due_at_ms - 1)
    is_same_state = and_(jobs.c.id == job.id, jobs.c.state == job.state)
    await tx.execute(update(jobs).where(is_same_state).values(due_at_ms=due_at_ms_now))


async def forget_origin(tx: AsyncConnection, job_id: str) -> None:
    """Forget which job a job is a remix of."""
    await tx.execute(update(jobs).where(jobs.c.id == job_id).values(remix_of=None))


async def _wake_order(tx: AsyncConnection, order_id: str, job_id: str, now_ms: int) -> None:
    """Make the jobs of an order due that wait for another one of its jobs."""
    waiting = in_states((JobState.STORED, JobState.POSTING))
    others = jobs.c.order_id == order_id, jobs.c.id != job_id, jobs.c.due_at_ms > now_ms
    await tx.execute(update(jobs).where(waiting, *others).values(due_at_ms=now_ms))


async def count_by_state(tx: AsyncConnection) -> dict[JobState, int]:
    """Return the number of jobs in each state that has any."""
    found = await tx.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
    return dict(found.all())


async def list_events(tx: AsyncConnection, job_id: str) -> list[JobEvent]:
    """Return the transitions of a job, oldest first."""
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
    """Record a transition of a job."""
    event = {"job_id": job_id, "source": source, "target": target, "at_ms": at_ms, "detail": detail}
    await tx.execute(_RECORD_EVENT, event)


async def _fetch_one(
    tx: AsyncConnection, statement: Select[*tuple[Any, ...]], parameters: Mapping[str, object]
) -> Job | None:
    row = (await tx.execute(statement, parameters)).mappings().one_or_none()
    return None if row is None else job_from_row(row)


async def fetch_all(tx: AsyncConnection, statement: Executable, **parameters: object) -> list[Job]:
    """Return the jobs whose rows a statement over the table returns."""
    return [job_from_row(row) for row in (await tx.execute(statement, parameters)).mappings()]


_COLUMNS = tuple(name for name in Job.__dataclass_fields__ if name != "price")


def job_from_row(row: RowMapping) -> Job:
    """Build a job from its row."""
    fields: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    fields["private"] = bool(row["private"])
    return Job(price=MicroUSD(row["price_micro"]), **fields)


async def update_if_unchanged(tx: AsyncConnection, job: Job, **values: object) -> Job | None:
    """Update a job and return it; None if it changed since it was read.

    A caller that changes the state records the event.

    Raises:
        TaskAlreadyAssigned: its task belongs to another job.
    """
    changed = {**values, **_seen(job)}
    try:
        row = (await tx.execute(_UPDATE_IF_UNCHANGED, changed)).mappings().one_or_none()
    except IntegrityError as error:
        raise TaskAlreadyAssigned(job.id, str(values.get("task_id"))) from error
    return None if row is None else job_from_row(row)


def _seen(job: Job) -> dict[str, object]:
    return {"seen_id": job.id, "seen_state": job.state, "seen_fence": job.fence}


# Every step of a job runs some of these, and building a statement costs more than running it, so
# they are built once. An update sets the columns that its parameters name.
_BY_ID = select(jobs).where(jobs.c.id == bindparam("wanted"))
_BY_ID_LOCKED = _BY_ID.with_for_update()
_BY_INTERACTION = select(jobs).where(jobs.c.interaction_id == bindparam("wanted"))
_RECORD_EVENT = insert(job_events)
_IF_UNCHANGED = update(jobs).where(
    jobs.c.id == bindparam("seen_id"),
    jobs.c.state == bindparam("seen_state"),
    jobs.c.fence == bindparam("seen_fence"),
)
_UPDATE_IF_UNCHANGED = _IF_UNCHANGED.returning(*jobs.c)
_WAIT_FOR_NEXT_POLL = _IF_UNCHANGED.values(
    due_at_ms=case(
        (
            jobs.c.due_at_ms == bindparam("seen_due_ms", type_=Int),
            bindparam("next_due_ms", type_=Int),
        ),
        else_=bindparam("now_ms", type_=Int),
    ),
    failures=0,
    turns=0,
    **NO_LEASE,
)
