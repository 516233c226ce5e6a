"""Deletion of a posted video: its messages and its file, not the job and its money."""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import JobNotFound, NotDelivered
from workflow.results.lookup import is_deleted
from workflow.takes.messages import remove_result

_log = structlog.get_logger(__name__)


async def delete_video(context: Context, job_id: str, user_id: int) -> None:
    """Delete the video of a delivered job; the caller has checked that `user_id` may do so.

    The deletion is recorded first, so a second call completes one that was interrupted.

    Raises:
        JobNotFound: there is no such job.
        NotDelivered: it is not delivered.
        PublishError: Discord did not delete a message.
    """

    async def record_deletion(tx: AsyncConnection) -> Job:
        job = await jobs.get(tx, job_id)
        if job is None:
            raise JobNotFound
        if job.state is not JobState.DELIVERED:
            raise NotDelivered(job.state)
        return job if is_deleted(job) else await _clear_file(tx, job)

    job = await context.database.transact(record_deletion)
    await remove_result(context, job)
    await context.publisher.delete_shared(job)
    await asyncio.to_thread(context.media.remove_video, f"{job.id}.mp4")
    _log.info("video deleted", job=job.id, by=user_id)


async def _clear_file(tx: AsyncConnection, job: Job) -> Job:
    """Remove the file from a job's row, and mark its status message outdated."""
    return await jobs.reschedule(
        tx,
        job,
        due_at_ms=job.due_at_ms,
        file_name=None,
        file_size=None,
        file_sha256=None,
        result_url=None,
        status_shown=None,
    )
