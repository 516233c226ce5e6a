"""Replies to status messages: each pings the member of a job that ended without a video, once.

The status message says why. A job that got its video after all leaves no such reply.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from domain.orders import is_told
from storage.jobs import Job, JobEvent, list_events
from workflow.context import Context
from workflow.errors import HistoryDenied
from workflow.publisher import MessageKind, StatusView

NONCE_WINDOW_MS: Final = 60_000
"""Discord keeps a nonce for "a few minutes"; only this much is relied upon."""

_ENDS: Final = (ENDED_WITHOUT_VIDEO | PARKED) - {JobState.CANCELLED}
"""States that a member hears of; what they cancelled themselves, they know."""


def calls_for_reply(status: StatusView) -> bool:
    """Return whether a job has come to an end without a video, so that its member is pinged.

    A lost submission has once its hold is released: until then its video may turn up.
    """
    if status.takes:
        is_settled = all(_is_settled(take) for take in status.takes)
        return is_settled and any(map(_calls_for_reply, status.takes))
    return _calls_for_reply(status)


def _is_settled(take: StatusView) -> bool:
    if take.job.state is JobState.SUBMIT_UNKNOWN:
        return take.hold_released or take.job.order_post is not None
    return take.job.state in ENDED_WITHOUT_VIDEO | PARKED | {JobState.DELIVERED}


def _calls_for_reply(status: StatusView) -> bool:
    job = status.job
    if job.order_post is not None and is_told(job):
        return False
    if job.state is JobState.SUBMIT_UNKNOWN:
        return status.hold_released and job.restored_at_ms is None
    # Of one that is stuck, the member was told before its hold was released.
    return job.state in _ENDS and not status.hold_released


async def had_reply(context: Context, job: Job) -> bool:
    """Return whether a job's member was pinged before: a parked job may end later.

    A process that died may have posted this one; within a minute its nonce prevents a second. Takes
    of one request have one reply, whichever of them came to its end first.
    """
    if job.order_id is not None:
        return await _is_in_history(context, job)
    *earlier, last = await _events(context, job)
    if any(_was_told(event) for event in earlier):
        return True
    is_restored = job.restored_at_ms is not None
    may_be_old = any(event.target is JobState.SUBMIT_UNKNOWN for event in (*earlier, last))
    is_recent = context.now_ms() - last.at_ms < NONCE_WINDOW_MS
    if is_recent and not (is_restored or may_be_old):
        return False
    return await _is_in_history(context, job)


async def _is_in_history(context: Context, job: Job) -> bool:
    try:
        return await find_reply(context, job) is not None
    except HistoryDenied:
        return job.restored_at_ms is not None


async def find_outdated_reply(context: Context, jobs: Sequence[Job]) -> int | None:
    """Return the id of the reply to jobs that have a result after all, if there is one."""
    events = [event for job in jobs for event in await _events(context, job)]
    if not any(event.target in _ENDS for event in events):
        return None
    with suppress(HistoryDenied):
        return await find_reply(context, jobs[0])


async def find_reply(context: Context, job: Job) -> int | None:
    """Return the id of a job's reply, if the history shows one."""
    return await context.publisher.find_message(job, MessageKind.FAILURE, job.created_at_ms)


def _was_told(event: JobEvent) -> bool:
    """Return whether a transition certainly led to a reply."""
    return event.target in _ENDS - {JobState.SUBMIT_UNKNOWN}


async def _events(context: Context, job: Job) -> list[JobEvent]:
    return await context.database.read(lambda tx: list_events(tx, job.id))
