"""Leaves a job where it stands until later."""

from typing import Unpack

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.polling import next_look_ms, safety_look_ms
from storage import jobs
from storage.jobs import Changes, Job
from workflow.context import Context

NEVER_MS = 1 << 52
"""A due time that does not come: the job waits for a person."""


async def wait(context: Context, job: Job, due_at_ms: int, **changes: Unpack[Changes]) -> None:
    """Take a job up again at `due_at_ms`, Unix milliseconds."""

    async def work(tx: AsyncConnection) -> Job:
        return await jobs.keep(tx, job, due_at_ms=due_at_ms, **changes)

    await context.database.transact(work)


async def try_again(
    context: Context, job: Job, *, asked_s: float | None = None, **changes: Unpack[Changes]
) -> None:
    """Take a job up again after one more failure, the later the more there were in a row.

    `asked_s` is the patience that the other side asked for, in seconds.
    """
    changes["failures"] = job.failures + 1
    await wait(context, job, after_failure(context, job, asked_s), **changes)


def look_ms(context: Context, job: Job, age_ms: int) -> int:
    """Tell the first age after `age_ms`, of documented time, at which to ask for a job's task."""
    look = next_look_ms if context.callbacks is None else safety_look_ms
    return look(job.request.model, job.request.seconds, age_ms)


def after_failure(context: Context, job: Job, asked_s: float | None) -> int:
    """Tell when to try again after one more failure: not before either side wants it."""
    asked_ms = round((asked_s or 0) * 1000)
    return max(context.after_failures(job.failures + 1), context.later(asked_ms))
