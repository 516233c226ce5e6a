"""Rescheduling of jobs: due times, retries and poll ages."""

from typing import Unpack

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import polling
from domain.polling import BACKOFF_CAP_MS
from storage import jobs
from storage.jobs import Job, JobChanges
from workflow.context import Context


async def reschedule(
    context: Context, job: Job, due_at_ms: int, **changes: Unpack[JobChanges]
) -> None:
    """Make a job due at `due_at_ms`, Unix milliseconds, in the same state."""

    async def record_due_time(tx: AsyncConnection) -> Job:
        return await jobs.reschedule(tx, job, due_at_ms=due_at_ms, **changes)

    await context.database.transact(record_due_time)


async def retry_later(
    context: Context,
    job: Job,
    *,
    retry_after_s: float | None = None,
    longest_ms: int = BACKOFF_CAP_MS,
    **changes: Unpack[JobChanges],
) -> None:
    """Retry a job after one more failure, with a backoff that grows with failures in a row.

    `retry_after_s` is the wait that the other side requested, in seconds; the backoff grows to
    `longest_ms`.
    """
    changes["failures"] = job.failures + 1
    due_at_ms = retry_at_ms(context, job, retry_after_s, longest_ms)
    await reschedule(context, job, due_at_ms, **changes)


def next_poll_age_ms(context: Context, job: Job, age_ms: int) -> int:
    """Return the first age after `age_ms`, in documented time, at which to poll a job's task."""
    model, seconds = job.request.model, job.request.seconds
    if context.callback_urls is not None:
        return polling.safety_poll_age_ms(model, seconds, age_ms)
    learned = context.learned_durations.known(job.request)
    return polling.next_poll_age_ms(model, seconds, age_ms, learned)


def retry_at_ms(
    context: Context, job: Job, retry_after_s: float | None, longest_ms: int = BACKOFF_CAP_MS
) -> int:
    """Return when to retry: after our backoff and the wait that the other side requested."""
    retry_after_ms = round((retry_after_s or 0) * 1000)
    return max(
        context.backoff_until_ms(job.failures + 1, longest_ms), context.due_after(retry_after_ms)
    )
