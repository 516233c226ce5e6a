"""Updates of private answers: each follows its job to the end, for as long as it can be edited."""

from typing import Final

import structlog

from domain.errors import Outage
from domain.jobs import JobState
from storage import jobs
from storage.jobs import Job
from workflow.billing.quotas import Member, read_quota_status
from workflow.context import Context
from workflow.errors import PublishError
from workflow.guilds.notifications import wants_done_notification
from workflow.private_answers import EditableAnswer
from workflow.publisher import AnswerView
from workflow.results.lookup import read_job_amounts
from workflow.status_views import TRANSIENT_STATES, read_status

_log = structlog.get_logger(__name__)

_EDITABLE_MS: Final = 15 * 60_000


async def follow_job(context: Context, job_id: str, user_id: int, answer: EditableAnswer) -> None:
    """Let a private answer follow a job from now on; bring it up to date if the job has moved."""
    if context.private_answers is None:
        return
    await context.private_answers.keep(job_id, user_id, answer)
    shown = JobState.QUEUED
    while (job := await _read(context, job_id)) is not None and job.state is not shown:
        await update_answer(context, job)
        shown = job.state


async def update_answer(context: Context, job: Job) -> None:
    """Show a job as it is in its private answer; what waits is shown there from the start.

    If Discord or the database does not answer, it stays as it is: the public messages count.
    """
    is_old = context.now_ms() - job.created_at_ms > _EDITABLE_MS
    is_brief = job.state is JobState.QUEUED or job.state in TRANSIENT_STATES
    if context.private_answers is None or is_old or is_brief:
        return
    try:
        answer = await context.private_answers.find(job)
        if answer is not None:
            await context.publisher.edit_answer(await _build_view(context, job, answer))
    except (PublishError, Outage) as error:
        _log.warning("private answer not updated", job=job.id, error=error)


async def _read(context: Context, job_id: str) -> Job | None:
    return await context.database.read(lambda tx: jobs.get(tx, job_id))


async def _build_view(context: Context, job: Job, answer: EditableAnswer) -> AnswerView:
    member = Member(job.guild_id, job.user_id, answer.role_ids)
    return AnswerView(
        status=await read_status(context, job),
        answer=answer,
        cost=await read_job_amounts(context, job.id),
        remaining=(await read_quota_status(context, member)).remaining,
        wants_notification=(
            None
            if job.private
            else await wants_done_notification(context, job.guild_id, job.user_id)
        ),
    )
