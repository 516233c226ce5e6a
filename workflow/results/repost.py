"""Posts a finished video once more, when its member asks for it; the money is not touched.

A video that could not be posted goes back on the belt. One that was posted is posted anew, and its
earlier message taken away, so that a request leaves one result and *Delete* finds all there is.
Every post of a job has the same nonce: clicks close together come to one message at Discord's.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.jobs import JobState
from storage import jobs
from storage.errors import StaleJobError
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import JobNotFound, NotDelivered, PublishError
from workflow.results.delete import is_deleted
from workflow.results.destination import PostedResult, find_result_channel, post_result

_log = structlog.get_logger(__name__)


class RepostOutcome(StrEnum):
    """What came of a wish to have a video posted again."""

    IN_PROGRESS = "on its way"
    POSTED = "posted"
    SENT_BY_DM = "sent to the member's direct messages"
    JUST_POSTED = "posted a moment ago"
    GONE = "its file is not kept any more"


@dataclass(frozen=True, slots=True)
class RepostResult:
    """What came of it, and the job as it is now."""

    outcome: RepostOutcome
    job: JobView


def can_repost(context: Context, job: Job) -> bool:
    """Tell whether a job has a video that can be posted again."""
    if job.state is JobState.UNDELIVERABLE:
        return True
    kept = job.state is JobState.DELIVERED and not is_deleted(job)
    return kept and context.media.has_video(f"{job.id}.mp4")


async def repost(context: Context, job_id: str, guild_id: int, user_id: int) -> RepostResult:
    """Have the video of a member's job posted again; wake the belt afterwards.

    Raises:
        JobNotFound: no such job of this member on this server.
        NotDelivered: there is no video of it yet, or there never will be one.
        PublishError: Discord did not take it, or (TemporaryPublishError) did not answer.
    """
    try:
        job = await _taken_up(context, job_id, guild_id, user_id)
    except StaleJobError:  # by another click, just now: another look tells where the job stands
        job = await _taken_up(context, job_id, guild_id, user_id)
    if job.state in (JobState.STORED, JobState.POSTING):
        return RepostResult(RepostOutcome.IN_PROGRESS, job)
    if job.state is not JobState.DELIVERED:
        raise NotDelivered(job.state)
    if not can_repost(context, job):
        return RepostResult(RepostOutcome.GONE, job)
    try:
        return await _post_anew(context, job)
    except FileNotFoundError:  # its time was over just now
        return RepostResult(RepostOutcome.GONE, job)


async def _taken_up(context: Context, job_id: str, guild_id: int, user_id: int) -> Job:
    """Put a video that could not be posted back on the belt; read any other job."""

    async def take_up(tx: AsyncConnection) -> Job:
        job = await jobs.get(tx, job_id)
        if job is None or (job.guild_id, job.user_id) != (guild_id, user_id):
            raise JobNotFound
        if job.state is not JobState.UNDELIVERABLE:
            return job
        return await jobs.transition(tx, job, JobState.STORED, now_ms=context.now_ms(), reason=None)

    return await context.database.transact(take_up)


async def _post_anew(context: Context, job: Job) -> RepostResult:
    channel_id = await find_result_channel(context, job)
    placed = await post_result(
        context, replace(job, result_channel_id=channel_id), allow_without_video=False
    )
    if placed.message_id == job.result_message_id:
        return RepostResult(RepostOutcome.JUST_POSTED, job)
    now = await _record(context, job, placed)
    _log.info("posted again", job=job.id, message=placed.message_id)
    if is_deleted(now):  # by its member or a moderator, meanwhile
        there = replace(
            job, result_message_id=placed.message_id, result_channel_id=placed.channel_id
        )
        await context.publisher.delete_result(there)
        return RepostResult(RepostOutcome.GONE, now)
    try:
        await context.publisher.delete_result(job)
    except PublishError as error:
        _log.warning("earlier post not taken away", job=job.id, error=str(error))
    return RepostResult(
        RepostOutcome.SENT_BY_DM if placed.by_dm or job.private else RepostOutcome.POSTED, now
    )


async def _record(context: Context, job: Job, placed: PostedResult) -> Job:
    async def record_post(tx: AsyncConnection) -> Job:
        now = await jobs.get(tx, job.id)
        assert now is not None, "jobs stay"
        if is_deleted(now):
            return now
        # The status message has the address of a result that is not beside it.
        shown = None if (placed.channel_id or now.result_channel_id) else now.status_shown
        return await jobs.reschedule(
            tx,
            now,
            due_at_ms=now.due_at_ms,
            progress=False,
            result_message_id=placed.message_id,
            result_channel_id=placed.channel_id,
            status_shown=shown,
        )

    return await context.database.transact(record_post)
