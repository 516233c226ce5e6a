"""Posts a finished video in its server's showcase channel, once.

The post is remembered with the job. Clicks close together come to one message by its nonce; a post
that was made and not remembered is found in the channel.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.guild_rules import concerns
from domain.guild_settings import ServerSettings
from domain.jobs import JobState
from storage import jobs
from storage.errors import JobTaken
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import HistoryDenied, NotYours, TooLargeToPost, TooSoon
from workflow.guilds import settings
from workflow.publisher import Parcel
from workflow.results.delete import is_deleted
from workflow.results.lookup import recall
from workflow.results.payload import send_fitting

_log = structlog.get_logger(__name__)


class Shared(StrEnum):
    """What came of a wish to have a video shown to the whole server."""

    POSTED = "posted"
    THERE = "there already"
    NO_SHOWCASE = "the server has no showcase channel"
    ADULTS_ONLY = "the showcase is open to more eyes than the video"
    TOO_LARGE = "too large for the channel"
    GONE = "its file is not kept any more, or it was deleted"


@dataclass(frozen=True, slots=True)
class Sharing:
    """What came of it, and the job as it is now, which knows its post."""

    outcome: Shared
    job: Job


async def share(context: Context, job_id: str) -> Sharing:
    """Post the video of a delivered job in the showcase channel, for somebody who may do so.

    Raises:
        NotYours: there is no such job.
        TooSoon: there is no video that everybody may see.
        PublishError: Discord did not take it, or (TryLater) did not answer.
    """
    job = await recall(context, job_id)
    if job is None:
        raise NotYours
    if job.state is not JobState.DELIVERED or job.private:
        raise TooSoon(job.state)
    if is_deleted(job) or not context.media.exists(f"{job.id}.mp4"):
        return Sharing(Shared.GONE, job)
    if job.shared_message_id is not None:
        return Sharing(Shared.THERE, job)
    chosen = await settings.read(context, job.guild_id)
    if chosen.showcase_channel is None:
        return Sharing(Shared.NO_SHOWCASE, job)
    if not await _may_be_seen(context, job, chosen, chosen.showcase_channel):
        return Sharing(Shared.ADULTS_ONLY, job)
    return await _share(context, job, chosen.showcase_channel)


async def _may_be_seen(
    context: Context, job: Job, chosen: ServerSettings, showcase_id: int
) -> bool:
    """Tell whether the showcase is for nobody who could not see the video where it is."""
    if await context.publisher.is_for_adults(showcase_id):
        return True
    if concerns(chosen.age_gate, chosen, job.request.prompt):
        return False
    # Of a channel that is lost nobody knows what it was.
    return await context.publisher.is_for_adults(job.channel_id) is False


async def _share(context: Context, job: Job, channel_id: int) -> Sharing:
    try:
        message_id = await _find(context, job, channel_id) or await _post(context, job, channel_id)
    except TooLargeToPost:
        return Sharing(Shared.TOO_LARGE, job)
    except FileNotFoundError:
        return Sharing(Shared.GONE, job)
    mine = replace(job, shared_message_id=message_id, shared_channel_id=channel_id)
    now = await _record(context, mine)
    if is_deleted(now):  # by its member or a moderator, meanwhile
        await context.publisher.delete_shared(mine)
        return Sharing(Shared.GONE, now)
    if now.shared_message_id != message_id:  # by another click that Discord took for another post
        await context.publisher.delete_shared(mine)
        return Sharing(Shared.THERE, now)
    _log.info("shared", job=job.id, message=message_id)
    return Sharing(Shared.POSTED, now)


async def _find(context: Context, job: Job, channel_id: int) -> int | None:
    try:
        return await context.publisher.find_shared(job, channel_id)
    except HistoryDenied:
        return None


async def _post(context: Context, job: Job, channel_id: int) -> int:
    async def send(job: Job, parcel: Parcel) -> int:
        return await context.publisher.share(job, parcel, channel_id)

    most_bytes = context.publisher.largest_file(job)
    return await send_fitting(context, job, send, most_bytes, or_nothing=False)


async def _record(context: Context, mine: Job) -> Job:
    """Write down where the post is, unless the video is gone or has another post by now."""
    work = partial(_write_down, mine=mine)
    try:
        return await context.database.transact(work)
    except JobTaken:  # by another click, just now: another look tells where the job stands
        return await context.database.transact(work)


async def _write_down(tx: AsyncConnection, *, mine: Job) -> Job:
    now = await jobs.get(tx, mine.id)
    assert now is not None, "jobs stay"
    if is_deleted(now) or now.shared_message_id is not None:
        return now
    return await jobs.keep(
        tx,
        now,
        due_at_ms=now.due_at_ms,
        progress=False,
        shared_message_id=mine.shared_message_id,
        shared_channel_id=mine.shared_channel_id,
    )
