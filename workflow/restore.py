"""Restored databases: recognition by the high-water mark, and what becomes of their open jobs.

What happened after the copy was taken is not in it: a queued job may have been submitted, a stored
video may have been posted. So nothing is submitted again by itself, and everything that is to be
posted is searched for first, however old it is.
"""

from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import NEVER_MS, JobState
from storage import films, high_water, jobs, pending_interactions, restored_jobs
from storage.database import Database
from workflow.context import Context
from workflow.errors import MarksNotCompared
from workflow.members.erasure import ErasureContext, adopt_marks, erase_pending
from workflow.reports.weekly_summary import suspect_due_summaries

_log = structlog.get_logger(__name__)

_REASON: Final = "the database was restored from a copy: this may have been submitted since"


@dataclass(frozen=True, slots=True)
class RestoredJobs:
    """The number of open jobs in a restored database, and how many of them were parked."""

    open: int
    parked: int


async def check_high_water(context: Context) -> None:
    """Recognize a restored database; call it before the first effect, once or until it succeeds.

    Raises:
        MarksNotCompared: the media store's mark cannot be read; nothing may be sent before.
        DatabaseUnavailable: the database does not answer.
    """
    try:
        kept = await context.media.read_high_water()
    except OSError as error:
        reason = f"the high-water mark of the media store cannot be read ({type(error).__name__})"
        raise MarksNotCompared(reason) from error
    restored = await context.database.transact(lambda tx: _compare(tx, kept, context.now_ms()))
    if restored is not None:
        _log.error("database restored from a copy", open=restored.open, parked=restored.parked)
    # Before anything is posted: the copy may have what a member had deleted since.
    await erase_again(context)
    context.high_water.is_checked = True
    # A store without a mark, such as a new one, has to know this one before any copy is restored.
    await context.high_water.keep_if_possible(context.database, context.media)


async def erase_again(context: ErasureContext) -> int:
    """Erase what the media store says was erased, if the database does not know; count these.

    Raises:
        MarksNotCompared: the media store does not answer.
    """
    try:
        forgotten = await adopt_marks(context)
    except OSError as error:
        reason = f"the marks of what was deleted cannot be read ({type(error).__name__})"
        raise MarksNotCompared(reason) from error
    if forgotten:
        await erase_pending(context)
        _log.warning("erased again in a restored database", erasures=forgotten)
    return forgotten


async def declare_restored(database: Database, now_ms: int) -> RestoredJobs:
    """Treat a database as restored from a copy, whatever the media store's mark is."""
    return await database.transact(lambda tx: _suspect_open_jobs(tx, 0, now_ms))


async def _compare(tx: AsyncConnection, kept: int, now_ms: int) -> RestoredJobs | None:
    """Suspect every open job if the database is behind; None if it is not."""
    if await high_water.lock(tx) >= kept:
        return None
    return await _suspect_open_jobs(tx, kept, now_ms)


async def _suspect_open_jobs(tx: AsyncConnection, kept: int, now_ms: int) -> RestoredJobs:
    """Mark open jobs as restored, and park those that may have been submitted."""
    # Beyond what any copy of the lost time can hold.
    await high_water.put(tx, max(await high_water.lock(tx), kept) + 1)
    # What was used or claimed since the copy would be used again.
    await pending_interactions.remove_all(tx)
    await films.suspect_open(tx)
    count = await restored_jobs.mark(tx, now_ms, NEVER_MS)
    unsubmitted = await restored_jobs.list_unsubmitted(tx)
    for job in unsubmitted:
        await jobs.transition(
            tx,
            job,
            JobState.SUBMIT_UNKNOWN,
            now_ms=now_ms,
            due_at_ms=NEVER_MS,
            reason=_REASON,
        )
    await suspect_due_summaries(tx, now_ms)
    return RestoredJobs(count, len(unsubmitted))
