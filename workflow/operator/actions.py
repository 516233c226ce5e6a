"""Operator decisions on parked jobs: transition, money and audit log in one transaction.

A panel holds the fence that its job had, so after an old panel, a second click or a second operator
the job has moved on, and nothing changes.
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.errors import ApixoError, NotFound
from domain.audit_log import NewChange
from domain.failures import ENDED_BY_OPERATOR
from domain.jobs import PAID, JobState
from domain.money import format_usd_en
from storage import audit_log, jobs, parked_jobs, restored_jobs
from storage.errors import StaleJobError, TaskAlreadyAssigned
from storage.jobs import Job
from workflow.billing.quotas import Actor
from workflow.billing.settlement import Payer, refund, resolve_payment
from workflow.context import Context
from workflow.errors import StaleDecision, TaskCheckFailed, TaskNotBindable, TaskTaken
from workflow.operator.parked_jobs import Decision, ParkedJob, read_parked_job

_log = structlog.get_logger(__name__)

_NOTE = "decided by the operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRequest:
    """A decision on a job as of `fence`; `task_id` is for `BIND_TASK` alone."""

    decision: Decision
    job_id: str
    fence: int
    operator: Actor
    task_id: str | None = None


async def apply_decision(context: Context, request: DecisionRequest) -> Job:
    """Apply a decision once and return the job as it is now; wake the worker afterwards.

    Raises:
        StaleDecision: the job has moved on, or does not allow this decision.
        TaskNotBindable: APIXO does not have the task, or another job has it.
        TaskCheckFailed: APIXO did not answer whether there is such a task.
    """
    if request.decision is Decision.BIND_TASK:
        await _check_task(context, request)

    async def record_decision(tx: AsyncConnection) -> Job:
        return await _decide(tx, request, context.now_ms())

    try:
        job = await context.database.transact(record_decision)
    except StaleJobError:
        raise StaleDecision(request.job_id) from None
    except TaskAlreadyAssigned:
        raise TaskTaken("the task belongs to another job") from None
    _log.warning(
        "operator decision applied",
        decision=request.decision,
        job=job.id,
        by=request.operator.user_id,
        state=job.state,
    )
    return job


async def release_all(context: Context, guild_id: int, operator: Actor) -> int:
    """Release every job of a server that is parked because the database was restored.

    Return how many were released; called again after a crash, it releases the rest.
    """
    job_ids = await context.database.read(lambda tx: restored_jobs.list_releasable(tx, guild_id))
    released = 0
    for job_id in job_ids:
        with suppress(StaleDecision, StaleJobError):  # decided meanwhile
            await context.database.transact(
                lambda tx, one=job_id: _release_restored(tx, one, operator, context.now_ms())
            )
            released += 1
    _log.warning("restored jobs released", server=guild_id, by=operator.user_id, released=released)
    return released


async def _release_restored(tx: AsyncConnection, job_id: str, operator: Actor, now_ms: int) -> None:
    found = await read_parked_job(tx, job_id)
    if found is None or found.job.restored_at_ms is None or not found.held:
        raise StaleDecision(job_id)
    request = DecisionRequest(
        decision=Decision.RELEASE, job_id=job_id, fence=found.job.fence, operator=operator
    )
    # The click is not the change's own: there is one for each job.
    await _apply(tx, found, request, now_ms, interaction_id=None)


async def _check_task(context: Context, request: DecisionRequest) -> None:
    """Check that APIXO has the task, under the model of the job."""
    job = await context.database.read(lambda tx: jobs.get(tx, request.job_id))
    if job is None or not request.task_id:
        raise StaleDecision(request.job_id)
    try:
        await context.apixo.fetch_status(job.request.model, request.task_id)
    except NotFound:
        raise TaskNotBindable("APIXO does not know the task") from None
    except ApixoError as error:
        raise TaskCheckFailed(str(error)) from None


async def _decide(tx: AsyncConnection, request: DecisionRequest, now_ms: int) -> Job:
    found = await read_parked_job(tx, request.job_id)
    if found is None:
        raise StaleDecision(request.job_id)
    if await audit_log.get_by_interaction(tx, request.operator.interaction_id) is not None:
        return found.job  # the same click, delivered twice
    if found.job.fence != request.fence or request.decision not in found.allowed_decisions:
        raise StaleDecision(request.job_id)
    interaction_id = request.operator.interaction_id
    return await _apply(tx, found, request, now_ms, interaction_id=interaction_id)


async def _apply(
    tx: AsyncConnection,
    found: ParkedJob,
    request: DecisionRequest,
    now_ms: int,
    *,
    interaction_id: int | None,
) -> Job:
    await _ACTIONS[request.decision](tx, found, request, now_ms)
    after = await read_parked_job(tx, request.job_id)
    assert after is not None, "jobs stay"
    change = NewChange(
        at_ms=now_ms,
        guild_id=0,
        actor=str(request.operator.user_id),
        what=f"job {request.decision}",
        subject=f"job:{found.job.id}",
        before=_format_status(found),
        after=_format_status(after),
        note=request.task_id or "",
        interaction_id=interaction_id,
    )
    await audit_log.record(tx, change)
    return after.job


async def _bind(
    tx: AsyncConnection, found: ParkedJob, request: DecisionRequest, now_ms: int
) -> None:
    await jobs.transition(
        tx,
        found.job,
        JobState.GENERATING,
        now_ms=now_ms,
        task_id=request.task_id,
        started_at_ms=now_ms,
        reason=None,
    )


async def _retry(tx: AsyncConnection, found: ParkedJob, _: DecisionRequest, now_ms: int) -> None:
    """Put the job back into its earlier state: its stage polls, or looks for its post, again."""
    targets = {JobState.STUCK: JobState.GENERATING, JobState.RESULT_LOST: JobState.SUCCEEDED}
    target = targets.get(found.job.state, found.parked_from)
    job = found.job
    url = None if target is JobState.SUCCEEDED else job.result_url
    await jobs.transition(tx, job, target, now_ms=now_ms, result_url=url, reason=None)


async def _post(tx: AsyncConnection, found: ParkedJob, _: DecisionRequest, now_ms: int) -> None:
    # The operator who decides to post accepts that it may have been posted before a restore.
    await jobs.transition(
        tx, found.job, JobState.STORED, now_ms=now_ms, reason=None, restored_at_ms=None
    )


async def _release(
    tx: AsyncConnection, found: ParkedJob, request: DecisionRequest, now_ms: int
) -> None:
    by = str(request.operator.user_id)
    await _end(tx, found.job, now_ms)
    await resolve_payment(tx, found.job, Payer.NOBODY, now_ms=now_ms, note=_NOTE, actor=by)


async def _charge_operator(
    tx: AsyncConnection, found: ParkedJob, request: DecisionRequest, now_ms: int
) -> None:
    by = str(request.operator.user_id)
    await _end(tx, found.job, now_ms)
    if found.parked_from in PAID:
        await refund(tx, found.job, now_ms=now_ms, note=_NOTE, actor=by)
    else:
        await resolve_payment(tx, found.job, Payer.OPERATOR, now_ms=now_ms, note=_NOTE, actor=by)


async def _charge_member(
    tx: AsyncConnection, found: ParkedJob, _: DecisionRequest, now_ms: int
) -> None:
    """Charge the member the quoted price, and let the worker download the video.

    If the video cannot be downloaded, the job becomes `result_lost` and the member is refunded.
    """
    job = found.job
    await jobs.transition(tx, job, JobState.SUCCEEDED, now_ms=now_ms, result_url=None, reason=None)
    await resolve_payment(tx, job, Payer.MEMBER, now_ms=now_ms, note=_NOTE)


async def _close(tx: AsyncConnection, found: ParkedJob, _: DecisionRequest, now_ms: int) -> None:
    await parked_jobs.close(tx, found.job, now_ms)


async def _end(tx: AsyncConnection, job: Job, now_ms: int) -> None:
    await jobs.transition(
        tx, job, JobState.FAILED, now_ms=now_ms, reason=_NOTE, fail_code=ENDED_BY_OPERATOR
    )


_Action = Callable[[AsyncConnection, ParkedJob, DecisionRequest, int], Awaitable[None]]
_ACTIONS: Mapping[Decision, _Action] = MappingProxyType(
    {
        Decision.BIND_TASK: _bind,
        Decision.RETRY: _retry,
        Decision.POST: _post,
        Decision.RELEASE: _release,
        Decision.CHARGE_OPERATOR: _charge_operator,
        Decision.CHARGE_MEMBER: _charge_member,
        Decision.CLOSE: _close,
    }
)


def _format_status(found: ParkedJob) -> str:
    """Format a job's state and money for the audit log."""
    closed = ", closed" if found.job.closed_at_ms is not None else ""
    return (
        f"{found.job.state}{closed}: held {format_usd_en(found.held)}, "
        f"member {format_usd_en(found.member_paid)}, operator {format_usd_en(found.operator_paid)}"
    )
