"""Exhausted APIXO credit: pause submissions, keep queue positions, resume after a top-up.

Queued jobs keep their position and their hold, and their status messages name the reason.
Submissions resume when the balance covers the next job; besides, one job is tried every few
minutes. A job that has waited a whole day is rejected and its hold released.
"""

from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.jobs import JobState
from storage import balance_readings, billing, jobs, queue, status_messages, submission_pause
from storage.errors import StaleJobError
from storage.jobs import Job
from storage.submission_pause import SubmissionPause
from workflow.context import Context

_log = structlog.get_logger(__name__)

PAUSE_MS: Final = 300_000
"""How often one job is tried, whatever the balance reading."""

LONGEST_WAIT_MS: Final = DAY_MS
_BATCH_SIZE: Final = 25
_FAIL_CODE: Final = "InsufficientBalance"


async def pause_for_credit(
    tx: AsyncConnection, context: Context, refused: Job | None = None
) -> None:
    """Pause submissions until there is credit, and have queued jobs' status messages updated.

    `refused` is the job that APIXO refused for want of credit; it is queued again.
    """
    now_ms = context.now_ms()
    is_new = await submission_pause.mark_out_of_credit(tx, now_ms)
    await submission_pause.pause(tx, context.due_after(PAUSE_MS), submission_pause.OUT_OF_CREDIT)
    if is_new:
        await status_messages.mark_all_outdated(tx, JobState.QUEUED)
    elif refused is not None and not await _is_informed(tx, refused):
        await status_messages.mark_outdated(tx, refused.id)


async def record_task_accepted(tx: AsyncConnection, now_ms: int) -> None:
    """End the shortage after an accepted job, unless it was declared at this very moment."""
    await _end_shortage(tx, paused_at_ms=now_ms)


async def get_submission_pause(context: Context) -> SubmissionPause:
    """Return the submission pause, with the start of a credit shortage if there is one."""
    return await context.database.read(submission_pause.get)


async def resume_if_covered(context: Context, short_since_ms: int) -> bool:
    """End the shortage if the balance has risen since it began and covers the next job.

    Without a rise the balance is not the cause: an API key may have a quota of its own.
    """
    readings = await context.database.read(
        lambda tx: balance_readings.list_since(tx, short_since_ms)
    )
    if len(readings) < 2 or readings[-1].balance <= readings[0].balance:
        return False
    last = readings[-1]

    async def resume(tx: AsyncConnection) -> bool:
        next_job = await queue.peek(tx)
        # Tasks in flight may not have been deducted from the balance yet.
        if next_job is not None and last.balance < next_job.price + last.in_flight:
            return False
        return await _end_shortage(tx)

    if not await context.database.transact(resume):
        return False
    _log.info("credit restored", balance_micro_usd=last.balance)
    return True


async def release_expired_jobs(context: Context, short_since_ms: int) -> None:
    """Reject the jobs that have waited for credit too long, and release their holds.

    Only during a pause: after a time without submissions, one job is tried first.
    """
    is_late = context.age_ms(short_since_ms) >= LONGEST_WAIT_MS
    if not is_late or not (await get_submission_pause(context)).is_paused(context.now_ms()):
        return
    max_wait_ms = round(LONGEST_WAIT_MS / context.policy.time_scale)
    expired = await context.database.read(
        lambda tx: queue.list_queued_until(tx, context.now_ms() - max_wait_ms, _BATCH_SIZE)
    )
    for job in expired:
        try:
            await context.database.transact(lambda tx, job=job: _release(tx, context, job))
        except StaleJobError:
            continue  # its member has cancelled it
        _log.warning("expired job released", job=job.id)


async def _is_informed(tx: AsyncConnection, job: Job) -> bool:
    """Return whether the job's status message already names the shortage.

    That is so if its submission began after the shortage: it was queued when the shortage began.
    """
    short_since_ms = (await submission_pause.get(tx)).out_of_credit_since_ms
    return short_since_ms is not None and (job.submitted_at_ms or 0) > short_since_ms


async def _end_shortage(tx: AsyncConnection, *, paused_at_ms: int | None = None) -> bool:
    is_over = await submission_pause.clear_out_of_credit(tx, unless_paused_at_ms=paused_at_ms)
    if is_over:
        await status_messages.mark_all_outdated(tx, JobState.QUEUED)
    return is_over


async def _release(tx: AsyncConnection, context: Context, job: Job) -> None:
    now_ms = context.now_ms()
    await jobs.transition(tx, job, JobState.REJECTED, now_ms=now_ms, fail_code=_FAIL_CODE)
    await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note="out of funds for a day")
