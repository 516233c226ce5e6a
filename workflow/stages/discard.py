"""Last stage where a member had everything deleted: their paid video goes instead of a post."""

import asyncio
from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import PublishError, TemporaryPublishError
from workflow.results.posted import find_posted
from workflow.scheduling import retry_later

_log = structlog.get_logger(__name__)


async def discard(context: Context, job: Job) -> None:
    """Delete the video of a paid job that was erased, and end the job without a post."""
    try:
        await _delete_post(context, job)
    except TemporaryPublishError as error:
        await retry_later(context, job)
        _log.warning("deleted result not looked for", job=job.id, error=error)
        return
    await asyncio.to_thread(context.media.remove_video, f"{job.id}.mp4")

    async def record_end(tx: AsyncConnection) -> None:
        await jobs.transition(
            tx, job, JobState.DELIVERED, now_ms=context.now_ms(), result_url=None, file_name=None
        )

    await context.database.transact(record_end)
    _log.info("result deleted instead of posted", job=job.id)


async def _delete_post(context: Context, job: Job) -> None:
    """Delete the post of a process that died, where the job says that there may be one."""
    if job.posting_since_ms is None and job.restored_at_ms is None:
        return
    if not context.publisher.is_ready:
        raise TemporaryPublishError("Discord is not reached yet")
    try:
        found = await find_posted(context, job)
        if found is not None:
            posted = replace(
                job, result_message_id=found.message_id, result_channel_id=found.channel_id
            )
            await context.publisher.delete_result(posted)
    except TemporaryPublishError:
        raise
    except PublishError as error:
        _log.warning("message of a member not deleted", job=job.id, error=error)
