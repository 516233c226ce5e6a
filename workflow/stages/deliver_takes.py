"""Fifth stage of takes: they wait for each other, and are posted together, once.

The intent (`posting`, under the number of the post) is committed for all of them before the post.
After a crash the channel's history is searched for it, and its nonce is made from that number.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import jobs, orders
from storage.errors import StaleJobError
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import (
    MessageDeleted,
    PublishError,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.guilds.notifications import notify_done
from workflow.publisher import TakesPost
from workflow.results.destination import PostedResult, post_where_possible
from workflow.results.payload import next_limit, use_payload
from workflow.results.posted import find_posted
from workflow.scheduling import reschedule, retry_later
from workflow.stages.deliver import LONGEST_PAUSE_MS, MAX_FAILURES, deliver, wait_until_ms
from workflow.takes.groups import fetch_again, find_group, form_group
from workflow.takes.lookup import list_takes
from workflow.takes.views import list_without_video

_log = structlog.get_logger(__name__)


async def deliver_take(context: Context, job: Job) -> None:
    """Post the video of a job of an order in `stored` or `posting`; takes, with the others."""
    if not await list_takes(context, job):
        await deliver(context, job)
    elif (due_at_ms := await wait_until_ms(context, job)) is not None:
        await reschedule(context, job, due_at_ms)
    else:
        await _deliver(context, job)


async def _deliver(context: Context, job: Job) -> None:
    group = [job]
    try:
        group = await _find_unposted(context, job)
        placed = await _post(context, group) if group else None
    except FileNotFoundError:
        await _fetch_again(context, group)
    except MessageDeleted:
        await _record(context, group, PostedResult(None, group[0].result_channel_id))
    except TemporaryPublishError as error:
        await _retry(context, job, group, error)
    except PublishError as error:
        await _park(context, group, error)
    else:
        if placed is not None:
            await _conclude(context, group, placed)


async def _find_unposted(context: Context, job: Job) -> list[Job]:
    """Return the takes to be posted now with this one; none if there is nothing to do."""
    if job.state is JobState.POSTING:
        group = await find_group(context, job)
        return [] if group and await _settle_found(context, group) else group
    if job.restored_at_ms is not None and await _settle_found(context, [job]):
        return []
    return await form_group(context, job)


async def _conclude(context: Context, group: Sequence[Job], placed: PostedResult) -> None:
    """Record a post, and notify the member who wants it, unless the post itself does."""
    await _record(context, group, placed)
    first = group[0]
    if not (placed.by_dm or first.private):
        posted = replace(first, result_message_id=placed.message_id)
        await notify_done(context, replace(posted, result_channel_id=placed.channel_id))


async def _settle_found(context: Context, group: Sequence[Job]) -> bool:
    """Record the takes of a group that were posted before a crash; return whether any were.

    In a restored database some may have been posted, and others not: those form a new group.
    """
    is_restored = any(take.restored_at_ms is not None for take in group)
    found = dict[str, PostedResult]()
    for take in group:
        if (placed := await find_posted(context, take)) is not None:
            if not is_restored:
                await _record(context, group, placed)
                return True
            found[take.id] = placed
    for take in group if found else ():
        if take.id in found:
            await _record(context, [take], found[take.id])
        elif take.state is JobState.POSTING:
            await _form_anew(context, take)
    return bool(found)


async def _form_anew(context: Context, take: Job) -> None:
    async def record_return(tx: AsyncConnection) -> None:
        await jobs.transition(tx, take, JobState.STORED, now_ms=context.now_ms())

    await context.database.transact(record_return)


async def _post(context: Context, group: Sequence[Job]) -> PostedResult:
    """Post a group to its channel, else to the next fallback."""
    publisher, first = context.publisher, group[0]
    base = TakesPost(
        order_id=first.order_id or "",
        number=first.order_post or 0,
        takes=(),
        without_video=await list_without_video(context, first),
    )

    async def post(candidate: Job) -> int:
        moved = [replace(take, result_channel_id=candidate.result_channel_id) for take in group]
        max_bytes = await publisher.max_file_bytes(candidate)
        return await _send(context, base, moved, publisher.post_takes, max_bytes)

    async def send_by_dm() -> int:
        max_bytes = await publisher.max_file_bytes(first, private=True)
        return await _send(context, base, group, publisher.send_takes_by_dm, max_bytes)

    return await post_where_possible(context, first, post, send_by_dm)


async def _send(
    context: Context,
    base: TakesPost,
    group: Sequence[Job],
    send: Callable[[TakesPost], Awaitable[int]],
    max_bytes: int,
) -> int:
    """Send takes within an upload limit; with smaller files where Discord refuses them."""
    while True:
        async with AsyncExitStack() as stack:
            takes = [
                (take, await stack.enter_async_context(use_payload(context, take, max_bytes)))
                for take in group
            ]
            try:
                return await send(replace(base, takes=tuple(takes)))
            except TooLargeToPost:
                videos = [payload.video for _, payload in takes if payload.video is not None]
                if not videos:
                    raise
                largest = max(video.stat().st_size for video in videos)
                max_bytes = next_limit(group[0].id, largest)


async def _record(context: Context, group: Sequence[Job], placed: PostedResult) -> None:
    """Record the message of a group, and wake nobody: none of them waits any longer."""

    async def record_delivery(tx: AsyncConnection) -> None:
        for take in await _current(tx, group):
            await jobs.transition(
                tx,
                take,
                JobState.DELIVERED,
                now_ms=context.now_ms(),
                result_message_id=placed.message_id,
                result_channel_id=placed.channel_id,
                reason=placed.reason,
            )

    await context.database.transact(record_delivery)
    for take in group:
        _log.info("job delivered", job=take.id, message=placed.message_id)


async def _retry(
    context: Context, job: Job, group: Sequence[Job], error: TemporaryPublishError
) -> None:
    """Post them later; after a week of failures, they wait for their member or the operator."""
    failures = job.failures + 1
    if failures >= MAX_FAILURES:
        await _park(context, group, error)
        return
    current = next((take for take in group if take.id == job.id), job)
    await retry_later(context, replace(current, failures=job.failures), longest_ms=LONGEST_PAUSE_MS)
    _log.warning("result not posted", job=job.id, failures=failures, error=error)


async def _fetch_again(context: Context, group: Sequence[Job]) -> None:
    """Return the takes whose file is missing to the download stage; the others wait for them."""
    for take in group:
        if await context.media.has_video(f"{take.id}.mp4"):
            if take.state is JobState.POSTING:
                await _form_anew(context, take)
        else:
            await fetch_again(context, take)


async def _park(context: Context, group: Sequence[Job], error: PublishError) -> None:
    async def record_undeliverable(tx: AsyncConnection) -> None:
        for take in await _current(tx, group):
            await jobs.transition(
                tx,
                take,
                JobState.UNDELIVERABLE,
                now_ms=context.now_ms(),
                reason=error.full_text,
            )

    await context.database.transact(record_undeliverable)
    for take in group:
        _log.error("job undeliverable", job=take.id, error=error)


async def _current(tx: AsyncConnection, group: Sequence[Job]) -> list[Job]:
    """Return the takes of a group as they are now, locked.

    Raises:
        StaleJobError: another worker has gone on with them.
    """
    first = group[0]
    locked = await orders.lock_in_state(tx, first.order_id or "", first.state)
    current = {take.id: take for take in locked}
    for take in group:
        if take.id not in current or current[take.id].fence != take.fence:
            raise StaleJobError(take.id)
    return [current[take.id] for take in group]
