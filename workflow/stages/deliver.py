"""Fifth stage: post the stored video to its channel, once.

The intent (`posting`) is committed before the post. A job found in `posting` may have been posted
by a process that died, and so may any job of a restored database: the channel's history is searched
before anything is sent again, and the post carries the job's nonce, so that Discord itself drops a
repeat within its window.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import high_water, jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import (
    MessageDeleted,
    PublishError,
    TemporaryPublishError,
)
from workflow.guilds.notifications import notify_done
from workflow.results.destination import PostedResult, find_result_channel, post_result
from workflow.results.payload import use_payload
from workflow.results.posted import find_posted
from workflow.scheduling import reschedule, retry_later
from workflow.servers.notices import claim_message
from workflow.status_views import find_shot

_log = structlog.get_logger(__name__)

_NOT_READY_WAIT_MS = 1_000
LONGEST_PAUSE_MS = 15 * 60_000
MAX_FAILURES = 900
"""About a week of failures in a row."""


async def deliver(context: Context, job: Job) -> None:
    """Post the video of a job in `stored` or `posting`."""
    if (due_at_ms := await wait_until_ms(context, job)) is not None:
        await reschedule(context, job, due_at_ms)
        return
    may_be_posted = job.state is JobState.POSTING or job.restored_at_ms is not None
    try:
        if job.state is JobState.STORED:
            # Made before the intent: a smaller copy may take longer than Discord keeps a nonce.
            async with use_payload(context, job, await context.publisher.max_file_bytes(job)):
                pass
            job = await _intend(context, job, await find_result_channel(context, job))
        found = await find_posted(context, job) if may_be_posted else None
        placed = found or await post_result(context, job)
    except FileNotFoundError:
        await fetch_again(context, job)
    except MessageDeleted:
        await _record_delivery(context, job, PostedResult(None, job.result_channel_id))
    except TemporaryPublishError as error:
        await _retry(context, job, error)
    except PublishError as error:
        await _park(context, job, error)
    else:
        delivered = await _record_delivery(context, job, placed)
        await _tell(context, delivered, placed, is_found=found is not None)


async def wait_until_ms(context: Context, job: Job) -> int | None:
    """Return until when a post has to wait; None if it need not.

    On a server that the bot has left, only direct messages remain, and they take turns.
    """
    if not context.publisher.is_ready:
        return context.now_ms() + _NOT_READY_WAIT_MS
    return await claim_message(context) if context.publisher.has_left(job.guild_id) else None


async def _intend(context: Context, job: Job, channel_id: int | None) -> Job:
    async def record_intent(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        await high_water.advance(tx)
        return await jobs.transition(
            tx,
            job,
            JobState.POSTING,
            now_ms=now_ms,
            keep_lease=True,
            posting_since_ms=now_ms,
            result_channel_id=channel_id,
        )

    intended = await context.database.transact(record_intent)
    await context.high_water.keep_if_possible(context.database, context.media)
    return intended


async def _retry(context: Context, job: Job, error: TemporaryPublishError) -> None:
    """Post it later; after a week of failures, it waits for its member or the operator."""
    failures = job.failures + 1
    if failures >= MAX_FAILURES:
        await _park(context, job, error)
        return
    await retry_later(context, job, longest_ms=LONGEST_PAUSE_MS)
    _log.warning("result not posted", job=job.id, failures=failures, error=error)


async def fetch_again(context: Context, job: Job) -> None:
    """Return a job whose file is missing to the download stage."""

    async def record_missing_file(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        return await jobs.transition(tx, job, JobState.SUCCEEDED, now_ms=now_ms, result_url=None)

    await context.database.transact(record_missing_file)
    _log.error("result file missing", job=job.id)


async def _record_delivery(context: Context, job: Job, placed: PostedResult) -> Job:
    async def record_delivery(tx: AsyncConnection) -> Job:
        return await jobs.transition(
            tx,
            job,
            JobState.DELIVERED,
            now_ms=context.now_ms(),
            result_message_id=placed.message_id,
            result_channel_id=placed.channel_id,
            reason=placed.reason,
        )

    delivered = await context.database.transact(record_delivery)
    _log.info("job delivered", job=job.id, message=placed.message_id)
    return delivered


async def _tell(context: Context, job: Job, placed: PostedResult, *, is_found: bool) -> None:
    """Notify the member, unless the result does, or the film will, or they were told before."""
    was_told = is_found and job.restored_at_ms is not None
    is_shot = await find_shot(context, job) is not None
    if not (placed.by_dm or job.private or was_told or is_shot):
        await notify_done(context, job)


async def _park(context: Context, job: Job, error: PublishError) -> None:
    async def record_undeliverable(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        return await jobs.transition(
            tx, job, JobState.UNDELIVERABLE, now_ms=now_ms, reason=error.full_text
        )

    await context.database.transact(record_undeliverable)
    _log.error("job undeliverable", job=job.id, error=error)
