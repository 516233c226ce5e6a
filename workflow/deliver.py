"""Fifth step: post the stored video to its channel, once.

The intent (`posting`) is committed before the post. A job found in `posting` may have been posted
by a process that died: the channel's history is looked at before anything is sent again, and the
post carries the job's nonce, so that Discord itself drops a repeat within its window.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import HistoryDenied, PlaceGone, PublishError, TooLargeToPost, TryLater
from workflow.patience import try_again, wait
from workflow.publishing import Post

_log = structlog.get_logger(__name__)

_UNREADY_MS = 1_000
_NONCE_WINDOW_MS = 60_000
"""Discord keeps a nonce for "a few minutes"; this much of it is relied upon."""


async def deliver(context: Context, job: Job) -> None:
    """Post the video of a job in `stored` or `posting`."""
    if not context.publisher.is_ready:
        await wait(context, job, context.now_ms() + _UNREADY_MS)
        return
    try:
        if job.state is JobState.STORED:
            job = await _intend(context, job)
            message_id = await _post(context, job)
        else:
            message_id = await _find(context, job) or await _post(context, job)
    except FileNotFoundError:
        await _fetch_again(context, job)
    except TryLater as error:
        await try_again(context, job)
        _log.warning("not posted yet", job=job.id, failures=job.failures + 1, error=str(error))
    except PublishError as error:
        await _park(context, job, error)
    else:
        await _delivered(context, job, message_id)


async def _intend(context: Context, job: Job) -> Job:
    async def work(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        return await jobs.move(
            tx, job, JobState.POSTING, now_ms=now_ms, keep_lease=True, posting_since_ms=now_ms
        )

    return await context.database.transact(work)


async def _find(context: Context, job: Job) -> int | None:
    since_ms = job.posting_since_ms or job.created_at_ms
    try:
        found = await context.publisher.find(job, Post.RESULT, since_ms)
    except HistoryDenied:
        if context.now_ms() - since_ms < _NONCE_WINDOW_MS:
            return None
        raise
    except PlaceGone:
        found = None
    return found or await context.publisher.find_private_result(job, since_ms)


async def _post(context: Context, job: Job) -> int:
    name = f"{job.id}.mp4"
    video = context.media.path(name)
    if not context.media.exists(name):
        raise FileNotFoundError(name)
    try:
        return await _with_the_file_or_without(context.publisher.post_result, job, video)
    except TryLater:
        raise
    except PublishError as error:
        _log.warning("channel refused, sending privately", job=job.id, error=str(error))
        send = context.publisher.send_result_privately
        return await _with_the_file_or_without(send, job, video)


async def _with_the_file_or_without(
    send: Callable[[Job, Path | None], Awaitable[int]], job: Job, video: Path
) -> int:
    try:
        return await send(job, video)
    except TooLargeToPost:
        _log.warning("too large for Discord", job=job.id, bytes=job.file_size)
        return await send(job, None)


async def _fetch_again(context: Context, job: Job) -> None:
    """Go back to the fetching of a video whose file is not here any more."""

    async def work(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        return await jobs.move(tx, job, JobState.SUCCEEDED, now_ms=now_ms, result_url=None)

    await context.database.transact(work)
    _log.error("file gone, fetching it again", job=job.id)


async def _delivered(context: Context, job: Job, message_id: int) -> None:
    async def work(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        return await jobs.move(
            tx, job, JobState.DELIVERED, now_ms=now_ms, result_message_id=message_id
        )

    await context.database.transact(work)
    _log.info("delivered", job=job.id, message=message_id)


async def _park(context: Context, job: Job, error: PublishError) -> None:
    async def work(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        return await jobs.move(tx, job, JobState.UNDELIVERABLE, now_ms=now_ms, reason=str(error))

    await context.database.transact(work)
    _log.error("undeliverable", job=job.id, error=str(error))
