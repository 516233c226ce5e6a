"""Reposting of a finished video at its member's request, without touching its money.

An undeliverable video goes back to the worker. One that was posted is posted again and its earlier
message deleted, so that a request has one result and *Delete* finds it. Every post of a job has the
same nonce: clicks close together result in one message.
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
from workflow.results.destination import PostedResult, find_result_channel, post_result
from workflow.results.lookup import is_deleted
from workflow.takes.messages import remove_result

_log = structlog.get_logger(__name__)


class RepostOutcome(StrEnum):
    """The outcome of a repost."""

    IN_PROGRESS = "on its way"
    POSTED = "posted"
    SENT_BY_DM = "sent to the member's direct messages"
    JUST_POSTED = "posted a moment ago"
    GONE = "its file is not kept any more"


@dataclass(frozen=True, slots=True)
class RepostResult:
    """The outcome, and the job as it is now."""

    outcome: RepostOutcome
    job: JobView


async def can_repost(context: Context, job: Job) -> bool:
    """Return whether a job has a video that can be posted again.

    Raises:
        Outage: the media store does not answer.
    """
    if job.state is JobState.UNDELIVERABLE:
        return True
    kept = job.state is JobState.DELIVERED and not is_deleted(job)
    return kept and await context.media.has_video(f"{job.id}.mp4")


async def repost(context: Context, job_id: str, guild_id: int, user_id: int) -> RepostResult:
    """Post the video of a member's job again; wake the worker afterwards.

    Raises:
        JobNotFound: no such job of this member on this server.
        NotDelivered: it has no video yet, or never will have one.
        PublishError: Discord did not accept it, or (TemporaryPublishError) did not answer.
    """
    try:
        job = await _requeue_undeliverable(context, job_id, guild_id, user_id)
    except StaleJobError:  # by another click, just now: read the job again
        job = await _requeue_undeliverable(context, job_id, guild_id, user_id)
    if job.state in (JobState.STORED, JobState.POSTING):
        return RepostResult(RepostOutcome.IN_PROGRESS, job)
    if job.state is not JobState.DELIVERED:
        raise NotDelivered(job.state)
    if not await can_repost(context, job):
        return RepostResult(RepostOutcome.GONE, job)
    try:
        return await _post_again(context, job)
    except FileNotFoundError:  # its retention ended just now
        return RepostResult(RepostOutcome.GONE, job)


async def _requeue_undeliverable(context: Context, job_id: str, guild_id: int, user_id: int) -> Job:
    """Return an undeliverable job to the worker; read any other job."""

    async def record_requeue(tx: AsyncConnection) -> Job:
        job = await jobs.get(tx, job_id)
        if job is None or (job.guild_id, job.user_id) != (guild_id, user_id):
            raise JobNotFound
        if job.state is not JobState.UNDELIVERABLE:
            return job
        # Who asks for it once more takes it upon them that it was posted before a restore.
        return await jobs.transition(
            tx,
            job,
            JobState.STORED,
            now_ms=context.now_ms(),
            reason=None,
            restored_at_ms=None,
        )

    return await context.database.transact(record_requeue)


async def _post_again(context: Context, job: Job) -> RepostResult:
    channel_id = await find_result_channel(context, job)
    posted = await post_result(
        context, replace(job, result_channel_id=channel_id), allow_without_video=False
    )
    if posted.message_id == job.result_message_id:
        return RepostResult(RepostOutcome.JUST_POSTED, job)
    now = await _record(context, job, posted)
    _log.info("result reposted", job=job.id, message=posted.message_id)
    if is_deleted(now):  # by its member or a moderator, meanwhile
        reposted = replace(
            job, result_message_id=posted.message_id, result_channel_id=posted.channel_id
        )
        await context.publisher.delete_result(reposted)
        return RepostResult(RepostOutcome.GONE, now)
    try:
        await remove_result(context, job)
    except PublishError as error:
        _log.warning("earlier post not deleted", job=job.id, error=error)
    return RepostResult(
        RepostOutcome.SENT_BY_DM if posted.by_dm or job.private else RepostOutcome.POSTED, now
    )


async def _record(context: Context, job: Job, posted: PostedResult) -> Job:
    async def record_post(tx: AsyncConnection) -> Job:
        now = await jobs.lock(tx, job.id)
        assert now is not None, "jobs stay"
        if is_deleted(now):
            return now
        # Where the status message stands, it links to the result.
        shown = None if now.status_message_id else now.status_shown
        return await jobs.reschedule(
            tx,
            now,
            due_at_ms=now.due_at_ms,
            progress=False,
            result_message_id=posted.message_id,
            result_channel_id=posted.channel_id,
            reason=posted.reason,
            status_shown=shown,
        )

    return await context.database.transact(record_post)
