"""Takes a posted video away: its messages and its file. The job and its money stay as they are."""

import asyncio

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.jobs import JobState
from storage import jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import JobNotFound, NotDelivered

_log = structlog.get_logger(__name__)


def is_deleted(job: JobView) -> bool:
    """Tell whether the video of a job was posted and then taken away."""
    return job.state is JobState.DELIVERED and job.file_name is None


async def delete_video(context: Context, job_id: str, user_id: int) -> None:
    """Delete the video of a delivered job on behalf of a user, who may do so; again is harmless.

    What is to be deleted is written down first, so that a second try finishes a first one that
    was cut off.

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
        return job if is_deleted(job) else await _forget(tx, job)

    job = await context.database.transact(record_deletion)
    await context.publisher.delete_result(job)
    await context.publisher.delete_shared(job)
    await asyncio.to_thread(context.media.remove_video, f"{job.id}.mp4")
    _log.info("video deleted", job=job.id, by=user_id)


async def _forget(tx: AsyncConnection, job: Job) -> Job:
    """Let a job know no file any more, and have its status message say so."""
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
