"""Second step: a job that left the queue is sent to APIXO, once.

The claim has already committed the intent (`submitting`). What may have reached APIXO is never sent
again by itself: without an answer that proves no task exists, the job is `submit_unknown`.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.errors import (
    ApixoError,
    NotSent,
    OutOfFunds,
    RateLimited,
    Refused,
    Unauthorized,
)
from domain.jobs import JobState
from domain.requests import VideoRequest
from domain.schedule import UNKNOWN_GRACE_MS, next_look_ms
from storage import belt, billing, jobs
from storage.errors import JobTaken
from storage.jobs import Job
from workflow.addresses import addressed
from workflow.context import Context
from workflow.errors import InputLost, NotPostedYet
from workflow.patience import after_failure
from workflow.sights import sight_of

_log = structlog.get_logger(__name__)

_WRITE_AGAIN_S = (0.1, 0.2, 0.5, 1, 2, *[5] * 20)
"""Seconds between the tries to write what came of a submission."""

_LEAST_PATIENCE_MS, _MOST_PATIENCE_MS = 1_000, 60_000
_FUNDS_PAUSE_MS = 300_000
_KEY_PAUSE_MS = 300_000


async def submit(context: Context, job: Job) -> None:
    """Send a job in `submitting` to APIXO and record what came of it."""
    try:
        request = await addressed(context, job, await sight_of(context, job))
    except NotPostedYet:
        await _wait_for_message(context, job)
    except InputLost as error:
        await _reject(context, job, str(error), error.code)
    except Exception as error:  # noqa: BLE001 - nothing was sent, so it may be tried again
        _log.warning("no address for what was given", job=job.id, error=str(error))
        await _try_again(context, job)
    else:
        await _send(context, job, request)


async def _wait_for_message(context: Context, job: Job) -> None:
    """Put a job back until its status message is out; the longer it has waited, the longer."""
    now_ms = context.now_ms()
    waited_ms = now_ms - job.created_at_ms
    wait_ms = min(_MOST_PATIENCE_MS, max(_LEAST_PATIENCE_MS, waited_ms // 8))
    await _back_in_line(context, job, due_at_ms=now_ms + wait_ms, failures=job.failures)


async def _send(context: Context, job: Job, request: VideoRequest) -> None:
    try:
        task_id = await context.apixo.submit(request)
    except NotSent as error:
        await _try_again(context, job)
        _log.warning("not sent", job=job.id, error=str(error))
    except (RateLimited, OutOfFunds, Unauthorized) as error:
        await _pause(context, job, error)
    except Refused as error:
        await _reject(context, job, error.detail, error.fail_code or _number(error))
    except ApixoError as error:
        await _lost_answer(context, job, error)
    else:
        await _generating(context, job, task_id)


async def _generating(context: Context, job: Job, task_id: str) -> None:
    _log.info("submitted", job=job.id, task=task_id)
    started_ms = context.now_ms()
    first_look = next_look_ms(job.request.model, job.request.seconds, 0)

    async def work(tx: AsyncConnection) -> None:
        now = await jobs.get(tx, job.id)
        if now is None or now.task_id is not None or now.submissions != job.submissions:
            raise JobTaken(job.id)
        # Another process may have parked it meanwhile, when this one seemed to be dead.
        await jobs.move(
            tx,
            now,
            JobState.GENERATING,
            now_ms=started_ms,
            due_at_ms=context.later(first_look),
            task_id=task_id,
            started_at_ms=started_ms,
        )

    await _surely(context, work)


async def _surely(context: Context, work: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    """Write what came of a submission, also through a fault of the database.

    It is known here and nowhere else: a second try of the job could not find it out.
    """
    for wait_s in _WRITE_AGAIN_S:
        try:
            return await context.database.transact(work)
        except (SQLAlchemyError, OSError) as error:
            _log.error("outcome of a submission not written yet", error=str(error))
            await asyncio.sleep(wait_s)
    return await context.database.transact(work)


async def _try_again(context: Context, job: Job) -> None:
    failures = job.failures + 1
    due_at_ms = context.after_failures(failures)
    await _back_in_line(context, job, due_at_ms=due_at_ms, failures=failures)


async def _back_in_line(context: Context, job: Job, *, due_at_ms: int, failures: int) -> None:
    async def work(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await jobs.move(
            tx, job, JobState.QUEUED, now_ms=now_ms, due_at_ms=due_at_ms, failures=failures
        )

    await _surely(context, work)


async def _pause(context: Context, job: Job, error: Refused) -> None:
    """Put the job back and stop submitting for a while: the next one would fare no better."""
    match error:
        case RateLimited():
            until_ms, reason = after_failure(context, job, error.retry_after_s), "rate limited"
        case OutOfFunds():
            until_ms, reason = context.later(_FUNDS_PAUSE_MS), "out of funds"
        case _:
            until_ms, reason = context.later(_KEY_PAUSE_MS), "key refused"

    async def work(tx: AsyncConnection) -> None:
        await belt.pause(tx, until_ms, reason)
        now_ms = context.now_ms()
        await jobs.move(
            tx, job, JobState.QUEUED, now_ms=now_ms, due_at_ms=until_ms, failures=job.failures + 1
        )

    await _surely(context, work)
    level = _log.warning if isinstance(error, RateLimited) else _log.error
    level("submitting paused", reason=reason, job=job.id, error=str(error))


async def _reject(context: Context, job: Job, reason: str, fail_code: str | None) -> None:
    async def work(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note="request refused")
        await jobs.move(
            tx, job, JobState.REJECTED, now_ms=now_ms, reason=reason, fail_code=fail_code
        )

    await _surely(context, work)
    _log.info("rejected", job=job.id, code=fail_code, reason=reason)


def _number(error: Refused) -> str | None:
    """Tell under which number APIXO refused; None for what was not even sent."""
    number = error.code or error.http_status
    return None if number is None else f"HTTP {number}"


async def _lost_answer(context: Context, job: Job, error: ApixoError) -> None:
    await park_unknown(context, job, str(error))
    _log.error("submission without an answer", job=job.id, error=str(error))


async def park_unknown(context: Context, job: Job, reason: str) -> None:
    """Park a job whose submission may or may not have made a task, with its hold kept."""

    async def work(tx: AsyncConnection) -> None:
        await jobs.move(
            tx,
            job,
            JobState.SUBMIT_UNKNOWN,
            now_ms=context.now_ms(),
            due_at_ms=context.later(UNKNOWN_GRACE_MS),
            reason=reason,
        )

    await context.database.transact(work)
