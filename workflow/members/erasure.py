"""Erasure of what is kept of a member, or on a server: prompts, files, videos, choices.

The media store is marked first, then the database, so that neither a crash nor a restored copy of
the database forgets it. What waits is cancelled. What is being made goes on and is paid, and is
deleted where it would be posted. Ledger rows stay. The messages on Discord are deleted by the
worker, as outdated status messages are edited: see `workflow.status_updates`.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.erasures import Erasure
from domain.jobs import JobState
from domain.quotas import Period, period_name
from storage import billing, erasures, jobs
from storage.database import Database
from storage.jobs import Job
from storage.media import MediaFolder
from storage.media_usage import find_inputs
from workflow.films.erasure import erase_films

_log = structlog.get_logger(__name__)

_BATCH_SIZE: Final = 25
"""Jobs in one transaction, which nothing else can write beside on SQLite."""

_NOTE: Final = "the member had everything deleted"


class ErasureContext(Protocol):
    """What an erasure needs of `workflow.context.Context`."""

    @property
    def database(self) -> Database:
        """Return the database."""
        ...

    @property
    def media(self) -> MediaFolder:
        """Return the media store."""
        ...

    def now_ms(self) -> int:
        """Return the time in Unix milliseconds."""
        ...


@dataclass(frozen=True, slots=True)
class ErasedSoFar:
    """The number of jobs that an erasure has blanked, and of those that are not at rest yet."""

    done: int
    left: int


async def request_erasure(context: ErasureContext, user_id: int, guild_id: int = 0) -> Erasure:
    """Record that all that is kept so far is to be erased; with 0, of anybody, or on any server.

    Raises:
        OSError: the media store cannot be marked; nothing is recorded.
    """
    erasure = Erasure(user_id, guild_id, context.now_ms())
    await context.media.mark_erasure(erasure)

    async def record_erasure(tx: AsyncConnection) -> None:
        await erasures.request(tx, erasure)

    await context.database.transact(record_erasure)
    _log.info("erasure requested", user=user_id, server=guild_id)
    return erasure


async def adopt_marks(context: ErasureContext) -> int:
    """Record the erasures that only the media store has; return how many.

    They are of before the database was restored, or requested beside a running service.

    Raises:
        OSError: the media store does not answer.
    """
    marked = await context.media.list_erasures()
    known = await context.database.read(erasures.list_all)
    latest = {(one.user_id, one.guild_id): one.until_ms for one in known}
    missing = [one for one in marked if latest.get((one.user_id, one.guild_id), 0) < one.until_ms]
    if not missing:
        return 0

    async def record_marked(tx: AsyncConnection) -> int:
        return sum([await erasures.request(tx, one) for one in missing])

    return await context.database.transact(record_marked)


async def erase_pending(context: ErasureContext, user_id: int | None = None) -> int:
    """Go on with the erasures that are not finished, of one member or of all; call periodically.

    Return how many jobs are not at rest yet.
    """
    pending = await context.database.read(erasures.list_pending)
    wanted = [one for one in pending if user_id in (None, one.user_id)]
    return sum([(await erase(context, erasure)).left for erasure in wanted])


async def erase(context: ErasureContext, erasure: Erasure) -> ErasedSoFar:
    """Erase what is at rest; once nothing is left, the erasure is finished."""
    await _cancel_waiting(context, erasure)
    done = 0
    while count := await _erase_batch(context, erasure):
        done += count
    await erase_films(context, erasure)
    await _erase_pending_input(context, erasure)
    left = await context.database.transact(lambda tx: _finish(tx, erasure, context.now_ms()))
    if not left:
        _log.info("erased", user=erasure.user_id, server=erasure.guild_id, jobs=done)
    return ErasedSoFar(done, left)


async def _cancel_waiting(context: ErasureContext, erasure: Erasure) -> None:
    async def record_cancellations(tx: AsyncConnection) -> int:
        waiting, now_ms = await erasures.lock_queued(tx, erasure, _BATCH_SIZE), context.now_ms()
        for job in waiting:
            await jobs.transition(tx, job, JobState.CANCELLED, now_ms=now_ms)
            await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note=_NOTE)
        return len(waiting)

    while await context.database.transact(record_cancellations):
        pass


async def _erase_batch(context: ErasureContext, erasure: Erasure) -> int:
    """Erase the files of some jobs, then blank these jobs; return how many.

    In this order, so that after a crash the names of the files are still known.
    """
    batch = await context.database.read(
        lambda tx: erasures.list_erasable(tx, erasure, context.now_ms(), _BATCH_SIZE)
    )
    for job in batch:
        await asyncio.to_thread(context.media.remove_video, f"{job.id}.mp4")
    names = {name for job in batch for name in erasures.input_names(job.request)}
    await _erase_inputs(context, erasure, names)

    async def record_erased(tx: AsyncConnection) -> int:
        now_ms = context.now_ms()
        found = await erasures.lock_erasable(tx, erasure, now_ms, [job.id for job in batch])
        for job in found:
            await _blank(tx, job, erasure, now_ms)
        return len(found)

    return await context.database.transact(record_erased) if batch else 0


async def _blank(tx: AsyncConnection, job: Job, erasure: Erasure, now_ms: int) -> None:
    """Blank a job; one whose video could not be posted goes on to its end."""
    # What nobody asked for, the end of a term, leaves the channels as they are.
    with_messages = erasure.guild_id == 0
    await erasures.blank(tx, job, now_ms, with_messages=with_messages)
    if job.state is JobState.UNDELIVERABLE:
        blank = await jobs.get(tx, job.id)
        assert blank is not None, "jobs stay"
        await jobs.transition(tx, blank, JobState.STORED, now_ms=now_ms)


async def _erase_inputs(context: ErasureContext, erasure: Erasure, names: set[str]) -> None:
    """Remove files, but for those that somebody else uses, or has given just now."""
    states = [await asyncio.to_thread(context.media.read_input_state, name) for name in names]
    used = await context.database.read(
        lambda tx: erasures.list_inputs_used_elsewhere(tx, erasure, names)
    )
    for state in states:
        if state.name not in used:
            await asyncio.to_thread(context.media.erase_input, state)


async def _erase_pending_input(context: ErasureContext, erasure: Erasure) -> None:
    """Remove what a member gave for buttons and forms, and its files."""
    if not erasure.user_id or erasure.guild_id:
        return  # on one server it goes by itself, within minutes
    user_id = erasure.user_id
    texts = await context.database.read(lambda tx: erasures.list_pending_payloads(tx, user_id))
    await _erase_inputs(context, erasure, {name for text in texts for name in find_inputs(text)})
    if texts:
        await context.database.transact(lambda tx: erasures.remove_pending(tx, user_id))


async def _finish(tx: AsyncConnection, erasure: Erasure, now_ms: int) -> int:
    """Erase what is not of a job; finish the erasure if no job is left, and return how many are."""
    await erasures.forget_choices(tx, erasure, period_name(Period.DAY, now_ms))
    if not erasure.user_id:
        await erasures.forget_server(tx, erasure)
    left = await erasures.count_left(tx, erasure)
    if not left:
        await erasures.finish(tx, erasure, now_ms)
    return left
