"""Records that APIXO has called back: a task that nobody knew of is adopted, and its poll is due.

Nothing that a callback says is believed but which task it is about, and that only as far as our own
status request, made with our own key, bears it out. What decides is that request's answer.
"""

from enum import StrEnum
from typing import assert_never

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import jobs
from storage.database import TransactionBody
from storage.errors import StaleJobError, TaskAlreadyAssigned
from storage.jobs import Job
from workflow.context import Context
from workflow.urls.callback_urls import Submission

_log = structlog.get_logger(__name__)

_TRIES = 5
"""A job may move between a look at it and its change; it has only so many moves to make."""


class CallbackOutcome(StrEnum):
    """What came of a callback."""

    ADOPTED = "adopted"
    DUE = "due"
    LATE = "late"
    UNEXPECTED = "unexpected"
    OTHER_TASK = "other task"


async def record_callback(
    context: Context, submission: Submission, task_id: str
) -> CallbackOutcome:
    """Record a callback about one submission; wake the belt afterwards.

    Raises:
        DatabaseUnavailable: the database does not take it; APIXO has to call again.
        StaleJobError: the job moves on and on; as above.
    """

    async def record(tx: AsyncConnection) -> CallbackOutcome:
        return await _record(tx, submission, task_id, context.now_ms())

    outcome = await _again_if_moved(context, record)
    _tell(outcome, submission, task_id)
    return outcome


async def _again_if_moved(
    context: Context, work: TransactionBody[CallbackOutcome]
) -> CallbackOutcome:
    for _ in range(_TRIES - 1):
        try:
            return await context.database.transact(work)
        except StaleJobError:
            continue
        except TaskAlreadyAssigned:
            return CallbackOutcome.OTHER_TASK
    return await context.database.transact(work)


async def _record(
    tx: AsyncConnection, submission: Submission, task_id: str, now_ms: int
) -> CallbackOutcome:
    job = await jobs.get(tx, submission.job_id)
    if job is None:
        return CallbackOutcome.LATE
    if job.submissions != submission.number:
        return CallbackOutcome.UNEXPECTED
    if job.task_id is None:
        return await _adopt(tx, job, task_id, now_ms)
    if job.task_id != task_id:
        return CallbackOutcome.OTHER_TASK
    return await _hurry(tx, job, now_ms)


async def _adopt(tx: AsyncConnection, job: Job, task_id: str, now_ms: int) -> CallbackOutcome:
    """Bind the task to a job whose submission has no answer, yet or any more."""
    if job.state not in (JobState.SUBMITTING, JobState.SUBMIT_UNKNOWN):
        return CallbackOutcome.UNEXPECTED
    await jobs.transition(
        tx,
        job,
        JobState.GENERATING,
        now_ms=now_ms,
        task_id=task_id,
        started_at_ms=now_ms,
        reason=None,
    )
    return CallbackOutcome.ADOPTED


async def _hurry(tx: AsyncConnection, job: Job, now_ms: int) -> CallbackOutcome:
    match job.state:
        case JobState.GENERATING:
            await jobs.make_due(tx, job, now_ms)
        case JobState.STUCK:
            await jobs.transition(
                tx, job, JobState.GENERATING, now_ms=now_ms, started_at_ms=now_ms, reason=None
            )
        case _:
            return CallbackOutcome.LATE
    return CallbackOutcome.DUE


def _tell(outcome: CallbackOutcome, submission: Submission, task_id: str) -> None:
    facts = {"job": submission.job_id, "submission": submission.number, "task": task_id}
    match outcome:
        case CallbackOutcome.ADOPTED:
            _log.warning("callback: task adopted, the answer to its submission was lost", **facts)
        case CallbackOutcome.DUE | CallbackOutcome.LATE:
            _log.info("callback", outcome=outcome, **facts)
        case CallbackOutcome.UNEXPECTED:
            _log.error("callback: a task for a submission that was not to have made any", **facts)
        case CallbackOutcome.OTHER_TASK:
            _log.error("callback: another task than the job's", **facts)
        case _:
            assert_never(outcome)
