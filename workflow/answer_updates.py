"""Updates of private answers: each follows its job to the end, for as long as it can be edited."""

from collections.abc import Sequence
from typing import Final

import structlog

from domain.errors import Outage
from domain.job_view import sum_amounts
from domain.jobs import JobState
from storage.jobs import Job, get
from workflow.billing.quotas import Member, read_quota_status
from workflow.context import Context
from workflow.errors import PublishError
from workflow.guilds.notifications import wants_done_notification
from workflow.private_answers import EditableAnswer
from workflow.publisher import AnswerView
from workflow.results.lookup import read_job_amounts
from workflow.status_views import TRANSIENT_STATES, read_status
from workflow.takes.lookup import list_takes
from workflow.takes.views import read_takes

_log = structlog.get_logger(__name__)

_EDITABLE_MS: Final = 15 * 60_000


async def follow_job(context: Context, job_id: str, user_id: int, answer: EditableAnswer) -> None:
    """Let a private answer follow a job from now on; bring it up to date if the job has moved.

    One about takes is kept with the first of them.
    """
    if context.private_answers is None:
        return
    await context.private_answers.keep(job_id, user_id, answer)
    shown: tuple[JobState, ...] | None = None
    while (job := await _read(context, job_id)) is not None:
        followed = await list_takes(context, job) or [job]
        states = tuple(one.state for one in followed)
        if states == shown or (shown is None and set(states) == {JobState.QUEUED}):
            return
        await update_answer(context, followed)
        shown = states


async def update_answer(context: Context, jobs: Sequence[Job]) -> None:
    """Show a job, or the takes of a request, in the private answer; what waits is there already.

    If Discord or the database does not answer, it stays as it is: the public messages count.
    """
    job = jobs[0]
    is_old = context.now_ms() - job.created_at_ms > _EDITABLE_MS
    is_brief = all(one.state is JobState.QUEUED or one.state in TRANSIENT_STATES for one in jobs)
    if context.private_answers is None or is_old or is_brief:
        return
    try:
        answer = await context.private_answers.find(job)
        if answer is not None:
            await context.publisher.edit_answer(await _build_view(context, jobs, answer))
    except (PublishError, Outage) as error:
        _log.warning("private answer not updated", job=job.id, error=error)


async def _read(context: Context, job_id: str) -> Job | None:
    return await context.database.read(lambda tx: get(tx, job_id))


async def _build_view(context: Context, jobs: Sequence[Job], answer: EditableAnswer) -> AnswerView:
    job = jobs[0]
    member = Member(job.guild_id, job.user_id, answer.role_ids)
    return AnswerView(
        status=await (read_takes(context, jobs) if len(jobs) > 1 else read_status(context, job)),
        answer=answer,
        cost=sum_amounts([await read_job_amounts(context, one.id) for one in jobs]),
        remaining=(await read_quota_status(context, member)).remaining,
        wants_notification=(
            None
            if job.private
            else await wants_done_notification(context, job.guild_id, job.user_id)
        ),
    )
