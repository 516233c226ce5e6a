"""Groups of takes that are posted in one message: formed when nobody is waited for any longer.

Forming one is the intent of its post: all its takes become `posting` under the number of the post,
in one transaction. The take whose worker forms it posts for all; after a crash the first of them.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.orders import is_without_video
from storage import high_water, jobs, orders
from storage.jobs import Job
from workflow.context import Context
from workflow.results.destination import find_result_channel
from workflow.results.payload import use_payload
from workflow.takes.lookup import list_takes
from workflow.takes.waiting import waits_until_ms

_log = structlog.get_logger(__name__)

_MAX_POST_BYTES: Final = 24 * 1024 * 1024
"""Bytes of the files of one message: Discord takes 25 MiB in all."""

_RECHECK_MS: Final = 600_000
"""After which a take looks whether the one that posts for it does."""


@dataclass(frozen=True, slots=True)
class _ReadyTake:
    id: str
    size: int


async def form_group(context: Context, job: Job) -> list[Job]:
    """Intend the posts of a stored take and its order's others; return those to post now.

    There are none if others are waited for, or another worker posts this one.

    Raises:
        FileNotFoundError: the video of the job is no longer stored.
        PublishError: Discord does not say where it may be posted.
        Outage: the database or the media store does not answer.
    """
    ready = [one async for one in _prepare(context, job)]
    channel_id = await find_result_channel(context, job)

    async def record_intent(tx: AsyncConnection) -> list[Job]:
        stored = await orders.lock_in_state(tx, job.order_id or "", JobState.STORED)
        stored = [take for take in stored if take.erased_at_ms is None]
        holder = next((take for take in stored if take.id == job.id), None)
        if holder is None or holder.fence != job.fence:
            return []
        takes = await orders.list_jobs(tx, job.order_id or "")
        until_ms = await waits_until_ms(tx, context, takes)
        if {take.id for take in stored} != {take.id for take in ready}:
            until_ms = until_ms or context.now_ms()
        if until_ms is not None:
            await jobs.reschedule(tx, holder, due_at_ms=until_ms)
            return []
        return await _intend(tx, context, holder, _split(stored, ready), takes, channel_id)

    group = await context.database.transact(record_intent)
    if group:
        await context.high_water.keep_if_possible(context.database, context.media)
    return group


async def find_group(context: Context, job: Job) -> list[Job]:
    """Return the takes of a post that a process left behind, if `job` is its first.

    Another one hands over to the first; the result is empty then.
    """

    async def find(tx: AsyncConnection) -> list[Job]:
        posting = await orders.lock_in_state(tx, job.order_id or "", JobState.POSTING)
        group = [
            take
            for take in posting
            if take.order_post == job.order_post and take.erased_at_ms is None
        ]
        current = next((take for take in group if take.id == job.id), None)
        if current is None or current.fence != job.fence:
            return []
        if group[0].id == job.id:
            await orders.share_lease(tx, job, [take.id for take in group[1:]])
            return group
        await jobs.make_due(tx, group[0], context.now_ms())
        await jobs.reschedule(tx, current, due_at_ms=context.now_ms() + _RECHECK_MS)
        return []

    return await context.database.transact(find)


async def _prepare(context: Context, job: Job) -> AsyncIterator[_ReadyTake]:
    """Make what is to be posted of each stored take.

    Before the intent: a smaller copy may take longer than Discord keeps a nonce.
    """
    for take in await list_takes(context, job):
        if take.state is not JobState.STORED or take.erased_at_ms is not None:
            continue
        max_bytes = await context.publisher.max_file_bytes(take)
        try:
            async with use_payload(context, take, max_bytes) as payload:
                size = 0 if payload.video is None else payload.video.stat().st_size
        except FileNotFoundError:
            if take.id == job.id:
                raise
            await fetch_again(context, take)
        else:
            yield _ReadyTake(take.id, size)


async def fetch_again(context: Context, take: Job) -> None:
    """Return a take whose file is missing to the download stage."""

    async def record_missing_file(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        return await jobs.transition(tx, take, JobState.SUCCEEDED, now_ms=now_ms, result_url=None)

    await context.database.transact(record_missing_file)
    _log.error("result file missing", job=take.id)


def _split(stored: Sequence[Job], ready: Iterable[_ReadyTake]) -> list[list[Job]]:
    """Divide takes into as few messages as their files fit into."""
    sizes = {take.id: take.size for take in ready}
    posts, size = [list[Job]()], 0
    for take in stored:
        size += sizes[take.id]
        if posts[-1] and size > _MAX_POST_BYTES:
            posts.append([])
            size = sizes[take.id]
        posts[-1].append(take)
    return posts


async def _intend(
    tx: AsyncConnection,
    context: Context,
    holder: Job,
    posts: Sequence[Sequence[Job]],
    takes: Sequence[Job],
    channel_id: int | None,
) -> list[Job]:
    """Record the posts of takes; return those of the holder's post, with its lease."""
    number = max((take.order_post or 0 for take in takes), default=0)
    own = list[Job]()
    for group in posts:
        number += 1
        await high_water.advance(tx)
        intended = [
            await _intend_take(tx, context, take, holder, number, channel_id) for take in group
        ]
        if any(take.id == holder.id for take in intended):
            own = intended
            others = [take.id for take in intended if take.id != holder.id]
            await orders.share_lease(tx, holder, others)
        else:
            await jobs.make_due(tx, intended[0], context.now_ms())
    untold = [take.id for take in takes if is_without_video(take) and not take.order_post]
    await orders.mark_told(tx, untold, number)
    return own


async def _intend_take(
    tx: AsyncConnection,
    context: Context,
    take: Job,
    holder: Job,
    number: int,
    channel_id: int | None,
) -> Job:
    now_ms = context.now_ms()
    is_holder = take.id == holder.id
    return await jobs.transition(
        tx,
        take,
        JobState.POSTING,
        now_ms=now_ms,
        keep_lease=is_holder,
        due_at_ms=now_ms if is_holder else now_ms + _RECHECK_MS,
        posting_since_ms=now_ms,
        result_channel_id=channel_id,
        order_post=number,
    )
