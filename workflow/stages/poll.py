"""Third stage: poll a due task at APIXO, and settle its price when it ends."""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.errors import ApixoError, NotFound, RateLimited
from apixo.schemas import TaskState, TaskStatus
from domain.failures import FailReason, classify_fail_code, loggable_fail_code
from domain.jobs import JobState, loggable_id
from domain.polling import MAX_FAILURES, MIN_POLL_INTERVAL_MS, STUCK_AFTER_MS
from storage import jobs
from storage.jobs import Job
from workflow.billing import credit
from workflow.billing.settlement import Payer, resolve_payment
from workflow.context import Context
from workflow.results.result_urls import join_urls
from workflow.scheduling import next_poll_age_ms, retry_later

_log = structlog.get_logger(__name__)

_UNKNOWN_TASK_AFTER_MS = 600_000
_UNKNOWN_TASK_TRIES = 5


async def poll(context: Context, job: Job) -> None:
    """Poll the task of a job in `generating` and record the answer."""
    assert job.task_id is not None, "a generating job has a task"
    await context.learned_durations.refresh(context.database, job.request)
    polled_ms = context.now_ms()
    try:
        status = await context.apixo.fetch_status(job.request.model, job.task_id)
    except NotFound as error:
        await _unknown_task(context, job, error)
    except ApixoError as error:
        await _retry_poll(context, job, error)
    else:
        await _record(context, job, status, polled_ms)


async def _record(context: Context, job: Job, status: TaskStatus, polled_ms: int) -> None:
    match status.state:
        case TaskState.SUCCESS:
            await _succeeded(context, job, status)
        case TaskState.FAILED:
            await _failed(context, job, status)
        case TaskState.PENDING | TaskState.PROCESSING | TaskState.UNKNOWN:
            await _keep_waiting(context, job, polled_ms)


async def _succeeded(context: Context, job: Job, status: TaskStatus) -> None:
    async def record_success(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        urls = join_urls(status.result_urls)
        due_at_ms = now_ms if urls else context.due_after(MIN_POLL_INTERVAL_MS)
        await jobs.transition(
            tx,
            job,
            JobState.SUCCEEDED,
            now_ms=now_ms,
            due_at_ms=due_at_ms,
            result_url=urls,
            took_ms=_duration_ms(context, status),
        )
        await resolve_payment(tx, job, Payer.MEMBER, now_ms=now_ms)

    await context.database.transact(record_success)
    context.learned_durations.expire(job.request)
    _log.info("task succeeded", job=job.id, price_micro_usd=job.price)


def _duration_ms(context: Context, status: TaskStatus) -> int | None:
    """Return how long APIXO says that a task took, in documented time; None if it does not."""
    if status.created_ms is None or status.completed_ms is None:
        return None
    took_ms = context.age_ms(status.created_ms, status.completed_ms)
    return took_ms if 0 < took_ms < STUCK_AFTER_MS else None


async def _failed(context: Context, job: Job, status: TaskStatus) -> None:
    failure = status.failure
    code = failure.code if failure else None
    is_out_of_credit = classify_fail_code(code) is FailReason.OUT_OF_CREDIT
    payer = Payer.MEMBER if context.policy.charge_failed_tasks else Payer.NOBODY

    async def record_failure(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await jobs.transition(
            tx,
            job,
            JobState.FAILED,
            now_ms=now_ms,
            reason=failure.message if failure else None,
            fail_code=code,
        )
        await resolve_payment(tx, job, payer, now_ms=now_ms, note="failed task")
        if is_out_of_credit:
            await credit.pause_for_credit(tx, context)

    await context.database.transact(record_failure)
    context.learned_durations.expire(job.request)
    level = _log.error if is_out_of_credit else _log.info
    level("task failed", job=job.id, code=loggable_fail_code(code))


async def _keep_waiting(context: Context, job: Job, polled_ms: int) -> None:
    """Poll again at the next documented age, counted from this poll's request, not its answer."""
    started_ms = job.started_at_ms or job.created_at_ms
    age_ms = context.age_ms(started_ms, polled_ms)
    if age_ms >= STUCK_AFTER_MS:
        await _stuck(context, job, "the task did not end")
        return
    wait_ms = next_poll_age_ms(context, job, age_ms) - age_ms - context.age_ms(polled_ms)
    due_at_ms = context.due_after(wait_ms)

    async def record_next_poll(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await jobs.wait_for_next_poll(tx, job, due_at_ms=due_at_ms, now_ms=now_ms)

    await context.database.transact(record_next_poll)


async def _unknown_task(context: Context, job: Job, error: NotFound) -> None:
    """Retry a young task that APIXO does not have yet: it may take a while to appear."""
    age_ms = context.age_ms(job.started_at_ms or job.created_at_ms)
    if age_ms >= _UNKNOWN_TASK_AFTER_MS and job.failures >= _UNKNOWN_TASK_TRIES:
        await _stuck(context, job, "APIXO does not know the task")
    else:
        await _retry_poll(context, job, error)


async def _retry_poll(context: Context, job: Job, error: ApixoError) -> None:
    if job.failures >= MAX_FAILURES:
        await _stuck(context, job, "APIXO did not answer for most of a day")
        return
    retry_after_s = error.retry_after_s if isinstance(error, RateLimited) else None
    await retry_later(context, job, retry_after_s=retry_after_s)
    _log.warning("task status not read", job=job.id, failures=job.failures + 1, error=error)


async def _stuck(context: Context, job: Job, reason: str) -> None:
    async def record_stuck(tx: AsyncConnection) -> Job:
        return await jobs.transition(
            tx, job, JobState.STUCK, now_ms=context.now_ms(), reason=reason
        )

    await context.database.transact(record_stuck)
    _log.error("task stuck", job=job.id, task=loggable_id(job.task_id), reason=reason)
