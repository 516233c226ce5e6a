"""Callbacks from APIXO: adopt a task whose submission was not answered, and make its poll due.

A callback is trusted only for its task id, and only as far as our own status request, made with our
own key, confirms it. The answer to that request decides.
"""

from enum import StrEnum
from typing import assert_never

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState, loggable_id
from storage import jobs
from storage.database import TransactionBody
from storage.errors import StaleJobError, TaskAlreadyAssigned
from storage.jobs import Job
from workflow.context import Context
from workflow.urls.callback_urls import Submission

_log = structlog.get_logger(__name__)

_TRIES = 5
"""A job may change between its read and its update; it has only so many transitions to make."""


class CallbackOutcome(StrEnum):
    """The outcome of a callback."""

    ADOPTED = "adopted"
    DUE = "due"
    LATE = "late"
    UNEXPECTED = "unexpected"
    OTHER_TASK = "other task"


async def record_callback(
    context: Context, submission: Submission, task_id: str
) -> CallbackOutcome:
    """Record a callback about one submission; wake the worker afterwards.

    Raises:
        DatabaseUnavailable: the database is unavailable; APIXO must call again.
        StaleJobError: the job keeps changing; APIXO must call again.
    """

    async def record(tx: AsyncConnection) -> CallbackOutcome:
        return await _record(tx, submission, task_id, context.now_ms())

    outcome = await _transact_with_retry(context, record)
    _log_outcome(outcome, submission, task_id)
    return outcome


async def _transact_with_retry(
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
    if job.submissions != submission.number and not _may_be_later(job, submission):
        return CallbackOutcome.UNEXPECTED
    if job.task_id is None:
        return await _adopt(tx, job, submission, task_id, now_ms)
    if job.task_id != task_id:
        return CallbackOutcome.OTHER_TASK
    return await _make_due(tx, job, now_ms)


def _may_be_later(job: Job, submission: Submission) -> bool:
    """Return whether the job is of a restored copy, which does not know the submission."""
    is_parked = job.state is JobState.SUBMIT_UNKNOWN and job.restored_at_ms is not None
    return is_parked and submission.number > job.submissions


async def _adopt(
    tx: AsyncConnection, job: Job, submission: Submission, task_id: str, now_ms: int
) -> CallbackOutcome:
    """Bind the task to a job whose submission has no answer yet, or lost it."""
    if job.state not in (JobState.SUBMITTING, JobState.SUBMIT_UNKNOWN):
        return CallbackOutcome.UNEXPECTED
    await jobs.transition(
        tx,
        job,
        JobState.GENERATING,
        now_ms=now_ms,
        submissions=submission.number,
        task_id=task_id,
        started_at_ms=now_ms,
        reason=None,
    )
    return CallbackOutcome.ADOPTED


async def _make_due(tx: AsyncConnection, job: Job, now_ms: int) -> CallbackOutcome:
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


def _log_outcome(outcome: CallbackOutcome, submission: Submission, task_id: str) -> None:
    log = _log.bind(job=submission.job_id, submission=submission.number, task=loggable_id(task_id))
    match outcome:
        case CallbackOutcome.ADOPTED:
            log.warning("callback adopted a lost task")
        case CallbackOutcome.DUE | CallbackOutcome.LATE:
            log.info("callback recorded", outcome=outcome)
        case CallbackOutcome.UNEXPECTED:
            log.error("callback for an unexpected task")
        case CallbackOutcome.OTHER_TASK:
            log.error("callback for another task")
        case _:
            assert_never(outcome)
