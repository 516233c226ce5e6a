"""Knows the jobs: adding, claiming and moving them, each change guarded by state and fence.

A claim raises the fence and gives a lease, so a holder that lost its job cannot change it any more.
Every move leaves an event.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    Subquery,
    and_,
    bindparam,
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import AT_APIXO, MOVES, ON_THE_BELT, JobState, may_move
from domain.money import MicroUSD
from domain.requests import VideoRequest
from storage import belt
from storage.conflicts import insert_new
from storage.errors import JobTaken, TaskTaken
from storage.schema import job_events, jobs


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
class Job:
    """One request on its way: what was asked, where it stands, and what came of it.

    A `private` job is seen by its member alone; `shared_message_id` is its post in the showcase,
    which was `shared_channel_id` then; `result_channel_id` is where its result is, if not where it
    was asked for.

    `submissions` counts the times it was sent to APIXO, `failures` the failed tries in a row,
    `turns` the claims without progress. `reason` says in words for the member why it ended or is
    parked. `status_since_ms` and `posting_since_ms` are intents: a message may be out since then.
    `told_at_ms` is when the operator was told that it is parked, `closed_at_ms` when they closed
    it.
    """

    id: str
    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    state: JobState
    fence: int
    request: VideoRequest
    price: MicroUSD
    price_version: str
    attempt: int
    submissions: int
    task_id: str | None
    result_url: str | None
    file_name: str | None
    file_size: int | None
    file_sha256: str | None
    status_message_id: int | None
    status_since_ms: int | None
    status_shown: JobState | None
    result_message_id: int | None
    posting_since_ms: int | None
    reason: str | None
    fail_code: str | None
    failures: int
    turns: int
    due_at_ms: int
    lease_owner: str | None
    lease_until_ms: int | None
    created_at_ms: int
    submitted_at_ms: int | None
    started_at_ms: int | None
    ended_at_ms: int | None
    private: bool = False
    shared_message_id: int | None = None
    shared_channel_id: int | None = None
    result_channel_id: int | None = None
    told_at_ms: int | None = None
    closed_at_ms: int | None = None

    @property
    def place_id(self) -> int:
        """Tell the channel of its result."""
        return self.result_channel_id or self.channel_id


class Changes(TypedDict, total=False):
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


class Move(Changes, total=False):
    """What may change with a move; without `due_at_ms` the job is due at once."""

    due_at_ms: int


_TIMED = (ON_THE_BELT - {JobState.QUEUED}) | {JobState.SUBMIT_UNKNOWN}
"""States in which a job is taken up when it is due."""

_BEHIND = or_(jobs.c.status_shown.is_(None), jobs.c.status_shown != jobs.c.state)
"""The condition of the index `ix_jobs_unshown`."""

_NO_LEASE: Mapping[str, None] = {"lease_owner": None, "lease_until_ms": None}


@dataclass(frozen=True, slots=True)
class Event:
    """A move that a job made; `source` is None where it began."""

    source: JobState | None
    target: JobState
    at_ms: int
    detail: str | None


async def add(tx: AsyncConnection, new: NewJob) -> tuple[Job, bool]:
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
    added = await tx.execute(insert_new(tx, jobs, "interaction_id").values(row))
    is_new = added.rowcount == 1
    if is_new:
        await _record(tx, new.id, None, JobState.QUEUED, new.created_at_ms, None)
    job = await by_interaction(tx, new.interaction_id)
    if job is None:
        raise JobTaken(new.id)
    return job, is_new


async def get(tx: AsyncConnection, job_id: str) -> Job | None:
    """Read a job."""
    return await _one(tx, select(jobs).where(jobs.c.id == job_id))


async def lock(tx: AsyncConnection, job_id: str) -> Job | None:
    """Read a job and keep every other transaction from changing it till this one ends.

    On SQLite a transaction that writes keeps the others out from its beginning.
    """
    return await _one(tx, select(jobs).where(jobs.c.id == job_id).with_for_update())


async def by_interaction(tx: AsyncConnection, interaction_id: int) -> Job | None:
    """Read the job that an interaction asked for."""
    return await _one(tx, select(jobs).where(jobs.c.interaction_id == interaction_id))


async def waiting(tx: AsyncConnection, guild_id: int, user_id: int) -> tuple[int, int]:
    """Count the queued jobs of a member on a server, and of the whole server."""
    found = await tx.execute(
        select(func.count().filter(jobs.c.user_id == user_id), func.count()).where(
            jobs.c.state == JobState.QUEUED, jobs.c.guild_id == guild_id
        )
    )
    mine, everyones = found.one()
    return mine, everyones


async def under_way(tx: AsyncConnection, guild_id: int, user_id: int) -> int:
    """Count the jobs of a member on a server that wait or are being made."""
    found = await tx.execute(
        select(func.count()).where(
            jobs.c.state.in_({JobState.QUEUED} | AT_APIXO),
            jobs.c.guild_id == guild_id,
            jobs.c.user_id == user_id,
        )
    )
    return found.scalar_one()


async def last_request_ms(tx: AsyncConnection, job: Job) -> int | None:
    """Tell when the member last asked for a video on this server, this one aside."""
    found = await tx.execute(
        select(func.max(jobs.c.created_at_ms)).where(
            jobs.c.guild_id == job.guild_id, jobs.c.user_id == job.user_id, jobs.c.id != job.id
        )
    )
    return found.scalar()


async def place_in_line(tx: AsyncConnection, job_id: str) -> int:
    """Tell a queued job's place, 1 being next; 0 if it waits no more."""
    line = _line().subquery()
    order = func.row_number().over(order_by=_order(line)).label("place")
    places = select(line.c.id, order).subquery()
    found = await tx.execute(select(places.c.place).where(places.c.id == job_id))
    return found.scalar() or 0


async def next_in_line(tx: AsyncConnection) -> Job | None:
    """Read the queued job that is next, due or not."""
    return next(iter(await _all(tx, _in_turn(_line()).limit(1))), None)


async def waiting_since(tx: AsyncConnection, since_ms: int, limit: int) -> list[Job]:
    """Read queued jobs that were asked for by a moment, the oldest first."""
    waiting = select(jobs).where(jobs.c.state == JobState.QUEUED, jobs.c.created_at_ms <= since_ms)
    return await _all(tx, waiting.order_by(jobs.c.id).limit(limit))


async def claim_queued(
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
    state = await belt.lock(tx)
    if state.paused(now_ms) or limit == 0:
        return []
    most = 1 if state.is_short else limit
    free = max_in_flight - (await tx.execute(_COUNT_AT_APIXO)).scalar_one()
    free = free if most is None else min(free, most)
    found = await _all(tx, _NEXT, now_ms=now_ms, most=max(0, free))
    lease = {"lease_owner": owner, "lease_until_ms": now_ms + lease_ms}
    claimed = [await _submitting(tx, job, now_ms, lease) for job in found]
    return [job for job in claimed if job is not None]


async def claim_due(
    tx: AsyncConnection, *, now_ms: int, owner: str, lease_ms: int, limit: int
) -> list[Job]:
    """Take the jobs whose moment has come and that nobody holds, the longest overdue first."""
    due = list((await tx.execute(_DUE, {"now_ms": now_ms, "most": limit})).scalars())
    lease = {"lease_owner": owner, "lease_until_ms": now_ms + lease_ms}
    taken = await _take(tx, due, turns=jobs.c.turns + 1, **lease)
    return sorted(taken, key=lambda job: (job.due_at_ms, job.id))


async def lost_submissions(tx: AsyncConnection, *, now_ms: int) -> list[Job]:
    """Take the jobs whose submission nobody holds any more.

    Nobody knows whether a task exists, but for those without `submitted_at_ms`: there is none.
    """
    lost = list((await tx.execute(_LOST, {"now_ms": now_ms})).scalars())
    return sorted(await _take(tx, lost), key=lambda job: job.id)


async def note_sent(tx: AsyncConnection, job: Job, at_ms: int | None) -> None:
    """Note when a job in `submitting` is sent; None: it is not yet, and can be sent by another.

    Raises:
        JobTaken: the job changed since it was read.
    """
    if await _change(tx, job, submitted_at_ms=at_ms) is None:
        raise JobTaken(job.id)


async def renew(tx: AsyncConnection, owner: str, job_ids: Collection[str], until_ms: int) -> None:
    """Lengthen an owner's leases of the jobs that it works on; the others run out."""
    held = and_(jobs.c.lease_owner == owner, jobs.c.id.in_(job_ids))
    await tx.execute(update(jobs).where(held).values(lease_until_ms=until_ms))


async def drop_leases(tx: AsyncConnection, owner: str | None) -> None:
    """End every lease of an owner; of everyone for None, when no other process can be alive."""
    held = jobs.c.lease_owner.is_not(None) if owner is None else jobs.c.lease_owner == owner
    await tx.execute(update(jobs).where(held).values(**_NO_LEASE))


async def next_due_ms(tx: AsyncConnection) -> int | None:
    """Tell when the next job under way can be taken: due, and its lease over if it has one.

    Queued jobs do not count: they wait for a place at APIXO or the end of a pause, not for a time.
    """
    return (await tx.execute(_NEXT_DUE)).scalar()


async def move(
    tx: AsyncConnection,
    job: Job,
    target: JobState,
    *,
    now_ms: int,
    keep_lease: bool = False,
    **changes: Unpack[Move],
) -> Job:
    """Carry a job to another state and write the event; its lease ends unless it is kept.

    Raises:
        ValueError: the belt does not know this move.
        JobTaken: the job changed since it was read.
        TaskTaken: its task belongs to another job.
    """
    if not may_move(job.state, target):
        raise ValueError(f"Job {job.id} cannot go from {job.state} to {target}.")
    values: dict[str, object] = {"due_at_ms": now_ms, "failures": 0, "turns": 0, **changes}
    values |= {"told_at_ms": None, "closed_at_ms": None}
    if not keep_lease:
        values |= _NO_LEASE
    if not MOVES[target]:
        values["ended_at_ms"] = now_ms
    moved = await _change(tx, job, state=target, **values)
    if moved is None:
        raise JobTaken(job.id)
    await _record(tx, job.id, job.state, target, now_ms, changes.get("reason"))
    return moved


async def keep(
    tx: AsyncConnection,
    job: Job,
    *,
    due_at_ms: int,
    progress: bool = True,
    **changes: Unpack[Changes],
) -> Job:
    """Leave a job where it stands until it is due again, and end its lease.

    Raises:
        JobTaken: the job changed since it was read.
        TaskTaken: its task belongs to another job.
    """
    values: dict[str, object] = {"turns": 0, **changes} if progress else {**changes}
    values |= {"due_at_ms": due_at_ms, **_NO_LEASE}
    kept = await _change(tx, job, **values)
    if kept is None:
        raise JobTaken(job.id)
    return kept


async def hurry(tx: AsyncConnection, job: Job, now_ms: int) -> None:
    """Make a job due at once where it stands, also one that somebody holds.

    Its moment always changes, so that whoever holds it can see that it was hurried meanwhile.
    """
    sooner = case((jobs.c.due_at_ms > now_ms, now_ms), else_=jobs.c.due_at_ms - 1)
    here = and_(jobs.c.id == job.id, jobs.c.state == job.state)
    await tx.execute(update(jobs).where(here).values(due_at_ms=sooner))


async def unannounced(
    tx: AsyncConnection, limit: int, *, quiet: Collection[JobState] = ()
) -> list[Job]:
    """Read jobs that show another state than they are in; not those in `quiet`.

    Those that have no message yet are first, then the oldest.
    """
    return await _all(tx, _UNANNOUNCED, quiet=list(quiet), most=limit)


async def announce_anew(tx: AsyncConnection, state: JobState) -> None:
    """Have the status messages of all jobs in a state brought up to date, where they are out."""
    shown = and_(jobs.c.state == state, jobs.c.status_shown == state)
    await tx.execute(update(jobs).where(shown).values(status_shown=None))


async def set_unshown(tx: AsyncConnection, job_id: str) -> None:
    """Have the status message of one job brought up to date."""
    await tx.execute(update(jobs).where(jobs.c.id == job_id).values(status_shown=None))


async def start_status(tx: AsyncConnection, job: Job, now_ms: int, again_after_ms: int) -> bool:
    """Claim the right to post a job's status message; an old claim without a message lapses."""
    lapsed = jobs.c.status_since_ms <= now_ms - again_after_ms
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


async def set_status(
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


async def oldest_queued_ms(tx: AsyncConnection) -> int | None:
    """Tell since when the job that has waited longest waits."""
    oldest = select(func.min(jobs.c.created_at_ms)).where(jobs.c.state == JobState.QUEUED)
    return (await tx.execute(oldest)).scalar()


async def counts(tx: AsyncConnection) -> dict[JobState, int]:
    """Count the jobs in each state that has any."""
    found = await tx.execute(select(jobs.c.state, func.count()).group_by(jobs.c.state))
    return dict(found.all())


async def history(tx: AsyncConnection, job_id: str) -> list[Event]:
    """Read the moves of a job, oldest first."""
    columns = (job_events.c[name] for name in ("source", "target", "at_ms", "detail"))
    found = await tx.execute(
        select(*columns).where(job_events.c.job_id == job_id).order_by(job_events.c.id)
    )
    return [Event(*row) for row in found]


async def _record(
    tx: AsyncConnection,
    job_id: str,
    source: JobState | None,
    target: JobState,
    at_ms: int,
    detail: str | None,
) -> None:
    event = {"job_id": job_id, "source": source, "target": target, "at_ms": at_ms, "detail": detail}
    await tx.execute(insert(job_events).values(event))


async def _one(tx: AsyncConnection, statement: Select[*tuple[Any, ...]]) -> Job | None:
    row = (await tx.execute(statement)).mappings().one_or_none()
    return None if row is None else _job(row)


async def _all(
    tx: AsyncConnection, statement: Select[*tuple[Any, ...]], **given: object
) -> list[Job]:
    return [_job(row) for row in (await tx.execute(statement, given)).mappings()]


_COLUMNS = tuple(name for name in Job.__dataclass_fields__ if name != "price")


def _job(row: RowMapping) -> Job:
    fields: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    fields["private"] = bool(row["private"])
    return Job(price=MicroUSD(row["price_micro"]), **fields)


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


async def _submitting(
    tx: AsyncConnection, job: Job, now_ms: int, lease: Mapping[str, object]
) -> Job | None:
    claimed = await _change(
        tx,
        job,
        state=JobState.SUBMITTING,
        fence=job.fence + 1,
        submissions=job.submissions + 1,
        submitted_at_ms=now_ms,
        **lease,
    )
    if claimed is not None:  # None: its member cancelled it between the reading and the taking
        await _record(tx, job.id, job.state, claimed.state, now_ms, None)
    return claimed


async def _change(tx: AsyncConnection, job: Job, **values: object) -> Job | None:
    statement = (
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.state == job.state, jobs.c.fence == job.fence)
        .values(**values)
        .returning(*jobs.c)
    )
    try:
        row = (await tx.execute(statement)).mappings().one_or_none()
    except IntegrityError as error:
        raise TaskTaken(job.id, str(values.get("task_id"))) from error
    return None if row is None else _job(row)


async def _take(tx: AsyncConnection, chosen: Sequence[str], **values: object) -> list[Job]:
    if not chosen:
        return []
    statement = update(jobs).where(jobs.c.id.in_(chosen)).values(fence=jobs.c.fence + 1, **values)
    taken = await tx.execute(statement.returning(*jobs.c))
    return [_job(row) for row in taken.mappings()]


# Every turn of the belt asks these, and a statement costs more to build than to run: so they are
# built once. `now_ms` is Unix milliseconds, `most` how many rows at most.
_UNHELD = or_(jobs.c.lease_until_ms.is_(None), jobs.c.lease_until_ms <= bindparam("now_ms"))
_DUE = (
    select(jobs.c.id)
    .where(jobs.c.state.in_(_TIMED), jobs.c.due_at_ms <= bindparam("now_ms"), _UNHELD)
    .order_by(jobs.c.due_at_ms, jobs.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_LOST = (
    select(jobs.c.id)
    .where(jobs.c.state == JobState.SUBMITTING, _UNHELD)
    .with_for_update(skip_locked=True)
)
_COUNT_AT_APIXO = select(func.count()).select_from(jobs).where(jobs.c.state.in_(AT_APIXO))
_NEXT = _in_turn(_line().where(jobs.c.due_at_ms <= bindparam("now_ms"))).limit(bindparam("most"))
_FREE_AT_MS = case(
    (jobs.c.lease_until_ms > jobs.c.due_at_ms, jobs.c.lease_until_ms), else_=jobs.c.due_at_ms
)
_NEXT_DUE = select(func.min(_FREE_AT_MS)).where(jobs.c.state.in_(_TIMED))
_UNANNOUNCED = (
    select(jobs)
    .where(_BEHIND, jobs.c.state.not_in(bindparam("quiet", expanding=True)))
    .order_by(case((jobs.c.status_message_id.is_(None), 0), else_=1), jobs.c.id)
    .limit(bindparam("most"))
)
