"""Leaves a job where it stands until later."""

from typing import Unpack

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import polling
from storage import jobs
from storage.jobs import Job, JobChanges
from workflow.context import Context

NEVER_MS = 1 << 52
"""A due time that does not come: the job waits for a person."""


async def reschedule(
    context: Context, job: Job, due_at_ms: int, **changes: Unpack[JobChanges]
) -> None:
    """Take a job up again at `due_at_ms`, Unix milliseconds."""

    async def record_due_time(tx: AsyncConnection) -> Job:
        return await jobs.reschedule(tx, job, due_at_ms=due_at_ms, **changes)

    await context.database.transact(record_due_time)


async def retry_later(
    context: Context, job: Job, *, retry_after_s: float | None = None, **changes: Unpack[JobChanges]
) -> None:
    """Take a job up again after one more failure, the later the more there were in a row.

    `asked_s` is the patience that the other side asked for, in seconds.
    """
    changes["failures"] = job.failures + 1
    await reschedule(context, job, retry_at_ms(context, job, retry_after_s), **changes)


def next_poll_age_ms(context: Context, job: Job, age_ms: int) -> int:
    """Tell the first age after `age_ms`, of documented time, at which to ask for a job's task."""
    next_age_ms = (
        polling.next_poll_age_ms if context.callback_urls is None else polling.safety_poll_age_ms
    )
    return next_age_ms(job.request.model, job.request.seconds, age_ms)


def retry_at_ms(context: Context, job: Job, retry_after_s: float | None) -> int:
    """Tell when to try again after one more failure: not before either side wants it."""
    asked_ms = round((retry_after_s or 0) * 1000)
    return max(context.backoff_until_ms(job.failures + 1), context.due_after(asked_ms))
