"""Second stage: submit a job that left the queue to APIXO, once.

The claim has already committed the intent (`submitting`). A submission that may have reached APIXO
is never repeated automatically: unless an answer proves that no task exists, the job becomes
`submit_unknown`.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.errors import (
    ApixoError,
    NotSent,
    OutOfCredit,
    RateLimited,
    RequestRejected,
    Unauthorized,
)
from domain.errors import Outage
from domain.failures import loggable_fail_code
from domain.jobs import JobState, loggable_id
from domain.obstacles import Obstacle, ObstacleKind
from domain.polling import MAX_FAILURES, SUBMIT_UNKNOWN_GRACE_MS
from domain.requests import VideoRequest
from storage import billing, high_water, jobs, submission_pause
from storage.errors import StaleJobError
from storage.jobs import Job
from workflow.billing import credit
from workflow.context import Context
from workflow.errors import (
    DestinationUnknown,
    InputLost,
    MarkNotKept,
    StatusNotPosted,
    TemporaryPublishError,
)
from workflow.reliability import commit_with_retry
from workflow.scheduling import next_poll_age_ms
from workflow.servers.obstacles import find_obstacle, is_obstacle_cached
from workflow.servers.release import release_job
from workflow.takes.views import build_view
from workflow.urls.input_urls import INPUT_UNREACHABLE, request_with_fresh_urls, stale_inputs

_log = structlog.get_logger(__name__)

_MIN_WAIT_MS, _MAX_WAIT_MS = 1_000, 60_000
_KEY_PAUSE_MS = 300_000


async def submit(context: Context, job: Job) -> None:
    """Submit a job in `submitting` to APIXO and record the outcome."""
    try:
        if (obstacle := await _find_obstacle(context, job)) is not None:
            await release_job(context, job, obstacle)
            return
        request = await _with_fresh_urls(context, job)
    except StatusNotPosted:
        await _wait(context, job)
    except Outage as error:
        _log.warning("input URLs not available", job=job.id, error=error)
        await _wait(context, job)
    except InputLost as error:
        await _reject(context, job, error.detail, error.code)
    except Exception as error:  # noqa: BLE001 - nothing was sent, so a retry is safe
        await _retry_preparation(context, job, error)
    else:
        await _send(context, job, request)


async def _retry_preparation(context: Context, job: Job, error: Exception) -> None:
    """Queue a job again; what Discord has not told for most of a day is given up."""
    is_place_unknown = isinstance(error, DestinationUnknown)
    if job.failures < MAX_FAILURES:
        if not is_place_unknown:
            _log.warning("input URLs not available", job=job.id, error=error)
        await _requeue_unsent(context, job)
    elif is_place_unknown:
        await release_job(context, job, Obstacle(ObstacleKind.CHANNEL_GONE))
    else:
        await _reject(context, job, str(error), INPUT_UNREACHABLE)


async def _find_obstacle(context: Context, job: Job) -> Obstacle | None:
    """Return what would keep the job's video from being posted.

    While Discord is asked, the job is on record as not sent.

    Raises:
        DestinationUnknown: Discord does not answer.
    """
    try:
        if is_obstacle_cached(context, job):
            return await find_obstacle(context, job)
        await _record_submitted_at(context, job, None)
        obstacle = await find_obstacle(context, job)
    except TemporaryPublishError as error:
        _log.warning("destination not checked", job=job.id, error=error)
        raise DestinationUnknown(job.id) from error
    await _record_submitted_at(context, job, job.submitted_at_ms)
    return obstacle


async def _with_fresh_urls(context: Context, job: Job) -> VideoRequest:
    """Return the request with valid URLs of its input files.

    While they are requested, the job is on record as not sent: if the process dies meanwhile, it
    may be submitted again. The second record fails for a job that another process has claimed.
    """
    status = await build_view(context, job)
    if context.media_urls is not None or not stale_inputs(job, context.now_ms()):
        return await request_with_fresh_urls(context, job, status)
    await _record_submitted_at(context, job, None)
    request = await request_with_fresh_urls(context, job, status)
    await _record_submitted_at(context, job, job.submitted_at_ms)
    return request


async def _record_submitted_at(context: Context, job: Job, at_ms: int | None) -> None:
    async def record_submitted_at(tx: AsyncConnection) -> None:
        await jobs.set_submitted_at(tx, job, at_ms)
        if at_ms is not None:
            await high_water.advance(tx)

    await context.database.transact(record_submitted_at)


async def _wait(context: Context, job: Job) -> None:
    """Queue a job again until others do their part; the wait grows with its age and attempts.

    A shot is old when it begins, and its message is posted at that moment.
    """
    now_ms = context.now_ms()
    waited_ms = now_ms - job.created_at_ms
    grown_ms = min(waited_ms // 8, job.submissions * _MIN_WAIT_MS)
    wait_ms = min(_MAX_WAIT_MS, max(_MIN_WAIT_MS, grown_ms))
    await requeue(context, job, due_at_ms=now_ms + wait_ms, failures=job.failures)


async def _send(context: Context, job: Job, request: VideoRequest) -> None:
    callback_url = None if context.callback_urls is None else context.callback_urls.url_for(job)
    try:
        await context.high_water.keep(context.database, context.media)
        task_id = await context.apixo.submit(request, callback_url)
    except MarkNotKept as error:
        await _requeue_unsent(context, job)
        _log.warning("high-water mark not kept", job=job.id, error=error)
    except NotSent as error:
        await _requeue_unsent(context, job)
        _log.warning("submission not sent", job=job.id, error=error)
    except (RateLimited, OutOfCredit, Unauthorized) as error:
        await _pause(context, job, error)
    except RequestRejected as error:
        await _reject(context, job, error.detail, error.fail_code or _status_code(error))
    except ApixoError as error:
        await _lost_answer(context, job, error)
    else:
        await _generating(context, job, task_id)


async def _generating(context: Context, job: Job, task_id: str) -> None:
    _log.info("job submitted", job=job.id, task=loggable_id(task_id))
    started_ms = context.now_ms()

    async def record_task_id(tx: AsyncConnection) -> None:
        now = await jobs.lock(tx, job.id)
        if now is None or now.submissions != job.submissions:
            raise StaleJobError(job.id)
        if now.task_id not in (None, task_id):
            _log.error("two tasks for one submission", job=job.id, task=loggable_id(task_id))
            raise StaleJobError(job.id)
        if now.task_id is None:  # else a callback was faster
            # Another process may have parked it meanwhile, when this one's lease had expired.
            await jobs.transition(
                tx,
                now,
                JobState.GENERATING,
                now_ms=started_ms,
                due_at_ms=context.due_after(next_poll_age_ms(context, job, 0)),
                task_id=task_id,
                started_at_ms=started_ms,
            )
        await credit.record_task_accepted(tx, started_ms)

    context.throttle.speed_up()
    await commit_with_retry(context, record_task_id)


async def _requeue_unsent(context: Context, job: Job) -> None:
    failures = job.failures + 1
    due_at_ms = context.backoff_until_ms(failures)
    await requeue(context, job, due_at_ms=due_at_ms, failures=failures)


async def _pause(context: Context, job: Job, error: RequestRejected) -> None:
    """Queue the job again and pause submissions: the next one would be refused too."""
    is_out_of_credit = isinstance(error, OutOfCredit)
    until_ms, reason = _pause_until(context, job, error)

    async def record_pause(tx: AsyncConnection) -> None:
        now_ms, failures = context.now_ms(), job.failures + 1
        await jobs.transition(
            tx, job, JobState.QUEUED, now_ms=now_ms, due_at_ms=until_ms, failures=failures
        )
        if is_out_of_credit:
            await credit.pause_for_credit(tx, context, job)
        else:
            await submission_pause.pause(tx, until_ms, reason)

    await commit_with_retry(context, record_pause)
    level = _log.warning if isinstance(error, RateLimited) else _log.error
    level("submissions paused", reason=reason, job=job.id, error=error)


def _pause_until(context: Context, job: Job, error: RequestRejected) -> tuple[int, str]:
    """Return until when a refused job waits, and the reason; one without credit is due at once."""
    now_ms = context.now_ms()
    if isinstance(error, OutOfCredit):
        return now_ms, submission_pause.OUT_OF_CREDIT
    if not isinstance(error, RateLimited):
        return context.due_after(_KEY_PAUSE_MS), "key refused"
    _slow_down(context, job)
    retry_after_ms = round((error.retry_after_s or 0) * 1000)
    return context.due_after(max(retry_after_ms, context.throttle.gap_ms)), "rate limited"


def _slow_down(context: Context, job: Job) -> None:
    now_ms = context.now_ms()
    started_ms = context.unscaled_ms(job.submitted_at_ms or now_ms)
    context.throttle.slow_down(started_ms, context.unscaled_ms(now_ms))


async def _reject(context: Context, job: Job, reason: str, fail_code: str | None) -> None:
    async def record_rejection(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await jobs.transition(
            tx, job, JobState.REJECTED, now_ms=now_ms, reason=reason, fail_code=fail_code
        )
        await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note="request refused")

    await commit_with_retry(context, record_rejection)
    _log.info("job rejected", job=job.id, code=loggable_fail_code(fail_code))


def _status_code(error: RequestRejected) -> str | None:
    """Return the status code of APIXO's refusal; None if nothing was sent."""
    code = error.code or error.http_status
    return None if code is None else f"HTTP {code}"


async def _lost_answer(context: Context, job: Job, error: ApixoError) -> None:
    _slow_down(context, job)
    await park_unknown(context, job, error.full_text)
    _log.error("submission outcome unknown", job=job.id, error=error)


async def requeue(context: Context, job: Job, *, due_at_ms: int, failures: int) -> None:
    """Queue a job again of which nothing was sent."""

    async def record_requeue(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await jobs.transition(
            tx, job, JobState.QUEUED, now_ms=now_ms, due_at_ms=due_at_ms, failures=failures
        )

    await commit_with_retry(context, record_requeue)


async def park_unknown(context: Context, job: Job, reason: str) -> None:
    """Park a job whose submission may or may not have created a task; its hold is kept."""

    async def record_unknown_outcome(tx: AsyncConnection) -> None:
        await jobs.transition(
            tx,
            job,
            JobState.SUBMIT_UNKNOWN,
            now_ms=context.now_ms(),
            due_at_ms=context.due_after(SUBMIT_UNKNOWN_GRACE_MS),
            reason=reason,
        )

    await commit_with_retry(context, record_unknown_outcome)
