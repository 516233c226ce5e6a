"""Third step: ask APIXO for a task that is due, and settle its money with its end."""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.errors import ApixoError, NotFound, RateLimited
from apixo.messages import TaskState, TaskStatus
from domain.failures import FailReason, classify
from domain.jobs import JobState
from domain.schedule import GIVE_UP_MS, next_look_ms
from storage import billing, jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.patience import try_again, wait

_log = structlog.get_logger(__name__)

_UNKNOWN_TASK_AFTER_MS = 600_000
_UNKNOWN_TASK_TRIES = 5


async def poll(context: Context, job: Job) -> None:
    """Ask for the task of a job in `generating` and record what is known now."""
    assert job.task_id is not None, "a generating job has a task"
    try:
        status = await context.apixo.status(job.request.model, job.task_id)
    except NotFound as error:
        await _unknown_task(context, job, error)
    except ApixoError as error:
        await _ask_later(context, job, error)
    else:
        await _record(context, job, status)


async def _record(context: Context, job: Job, status: TaskStatus) -> None:
    match status.state:
        case TaskState.SUCCESS:
            await _succeeded(context, job, status)
        case TaskState.FAILED:
            await _failed(context, job, status)
        case TaskState.PENDING | TaskState.PROCESSING | TaskState.UNKNOWN:
            await _keep_waiting(context, job)


async def _succeeded(context: Context, job: Job, status: TaskStatus) -> None:
    async def work(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await billing.charge(tx, job.id, job.attempt, now_ms=now_ms)
        url = next(iter(status.result_urls), None)
        await jobs.move(tx, job, JobState.SUCCEEDED, now_ms=now_ms, result_url=url)

    await context.database.transact(work)
    _log.info("succeeded", job=job.id, charged_micro_usd=job.price)


async def _failed(context: Context, job: Job, status: TaskStatus) -> None:
    failure = status.fail

    async def work(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        if context.policy.charge_failed_tasks:
            await billing.charge(tx, job.id, job.attempt, now_ms=now_ms, note="failed task")
        else:
            await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note="failed task")
        await jobs.move(
            tx,
            job,
            JobState.FAILED,
            now_ms=now_ms,
            reason=failure.message if failure else None,
            fail_code=failure.code if failure else None,
        )

    await context.database.transact(work)
    code = failure.code if failure else None
    level = _log.error if classify(code) is FailReason.FUNDS else _log.info
    level("failed", job=job.id, code=code)


async def _keep_waiting(context: Context, job: Job) -> None:
    started_ms = job.started_at_ms or job.created_at_ms
    age_ms = context.age_ms(started_ms)
    if age_ms >= GIVE_UP_MS:
        await _stuck(context, job, "the task did not end")
        return
    look_ms = next_look_ms(job.request.model, job.request.seconds, age_ms)
    await wait(context, job, context.later(look_ms - age_ms), failures=0)


async def _unknown_task(context: Context, job: Job, error: NotFound) -> None:
    """Bear with a young task that APIXO does not know yet; it may need a moment to show."""
    age_ms = context.age_ms(job.started_at_ms or job.created_at_ms)
    if age_ms >= _UNKNOWN_TASK_AFTER_MS and job.failures >= _UNKNOWN_TASK_TRIES:
        await _stuck(context, job, "APIXO does not know the task")
    else:
        await _ask_later(context, job, error)


async def _ask_later(context: Context, job: Job, error: ApixoError) -> None:
    asked_s = error.retry_after_s if isinstance(error, RateLimited) else None
    await try_again(context, job, asked_s=asked_s)
    _log.warning("status not known", job=job.id, failures=job.failures + 1, error=str(error))


async def _stuck(context: Context, job: Job, reason: str) -> None:
    async def work(tx: AsyncConnection) -> Job:
        return await jobs.move(tx, job, JobState.STUCK, now_ms=context.now_ms(), reason=reason)

    await context.database.transact(work)
    _log.error("stuck", job=job.id, task=job.task_id, reason=reason)
