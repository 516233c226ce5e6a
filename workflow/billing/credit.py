"""Knows what happens while APIXO wants money first: nobody submits, and all keep their place.

What waits stays in line with its price on hold, and its card says why. It goes on by itself when
the balance has risen to what the next job costs; besides, every few minutes one job tries whether
there is money. Who has waited for it a whole day gets the hold back and is told.
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
"""After so long one job tries whether there is money, whatever the balance is said to be."""

LONGEST_WAIT_MS: Final = DAY_MS
_AT_ONCE: Final = 25
_FAIL_CODE: Final = "InsufficientBalance"


async def pause_for_credit(
    tx: AsyncConnection, context: Context, refused: Job | None = None
) -> None:
    """Stop submitting until there is money again, and have the cards of those who wait say so.

    `refused` is the job that was refused for it and is back in the line.
    """
    now_ms = context.now_ms()
    short = await submission_pause.mark_out_of_credit(tx, now_ms)
    await submission_pause.pause(tx, context.due_after(PAUSE_MS), submission_pause.OUT_OF_CREDIT)
    if short:
        await status_messages.mark_all_outdated(tx, JobState.QUEUED)
    elif refused is not None and not await _knows(tx, refused):
        await status_messages.mark_outdated(tx, refused.id)


async def record_task_accepted(tx: AsyncConnection, now_ms: int) -> None:
    """Note that APIXO took a job: then it wants no money any more, unless it said so just now."""
    await _go_on(tx, paused_at_ms=now_ms)


async def get_submission_pause(context: Context) -> SubmissionPause:
    """Read whether, and since when, APIXO wants money first."""
    return await context.database.read(submission_pause.get)


async def resume_if_covered(context: Context, short_since_ms: int) -> bool:
    """End the shortage if the balance has risen since then to what the next job costs.

    A balance that has not risen is not what APIXO misses: a key may have a quota besides.
    """
    readings = await context.database.read(
        lambda tx: balance_readings.list_since(tx, short_since_ms)
    )
    if len(readings) < 2 or readings[-1].balance <= readings[0].balance:
        return False
    last = readings[-1]

    async def resume(tx: AsyncConnection) -> bool:
        waiting = await queue.peek(tx)
        # What is in flight may be taken from the balance yet.
        if waiting is not None and last.balance < waiting.price + last.in_flight:
            return False
        return await _go_on(tx)

    if not await context.database.transact(resume):
        return False
    _log.info("there is money again", balance_micro_usd=last.balance)
    return True


async def release_expired_jobs(context: Context, short_since_ms: int) -> None:
    """Release the jobs that have waited for money too long.

    Only while nothing is submitted: after a time in which nobody tried, one job tries first.
    """
    is_late = context.age_ms(short_since_ms) >= LONGEST_WAIT_MS
    if not is_late or not (await get_submission_pause(context)).is_paused(context.now_ms()):
        return
    longest_ms = round(LONGEST_WAIT_MS / context.policy.time_scale)
    late = await context.database.read(
        lambda tx: queue.list_queued_until(tx, context.now_ms() - longest_ms, _AT_ONCE)
    )
    for job in late:
        try:
            await context.database.transact(lambda tx, job=job: _release(tx, context, job))
        except StaleJobError:
            continue  # its member has cancelled it
        _log.warning("released after a day without money", job=job.id)


async def _knows(tx: AsyncConnection, job: Job) -> bool:
    """Tell whether a job was already in line, with a card that says so, when money ran out."""
    short_since_ms = (await submission_pause.get(tx)).out_of_credit_since_ms
    return short_since_ms is not None and (job.submitted_at_ms or 0) > short_since_ms


async def _go_on(tx: AsyncConnection, *, paused_at_ms: int | None = None) -> bool:
    is_over = await submission_pause.clear_out_of_credit(tx, unless_paused_at_ms=paused_at_ms)
    if is_over:
        await status_messages.mark_all_outdated(tx, JobState.QUEUED)
    return is_over


async def _release(tx: AsyncConnection, context: Context, job: Job) -> None:
    now_ms = context.now_ms()
    await jobs.transition(tx, job, JobState.REJECTED, now_ms=now_ms, fail_code=_FAIL_CODE)
    await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note="out of funds for a day")
