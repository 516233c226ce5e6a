"""Posts a finished video in its server's showcase channel, once.

The post is remembered with the job. Clicks close together come to one message by its nonce; a post
that was made and not remembered is found in the channel.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.guild_rules import rule_applies
from domain.guild_settings import GuildSettings
from domain.job_view import JobView
from domain.jobs import JobState
from storage import jobs
from storage.errors import StaleJobError
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import HistoryDenied, JobNotFound, NotDelivered, TooLargeToPost
from workflow.guilds import settings
from workflow.publisher import ResultPayload
from workflow.results.delete import is_deleted
from workflow.results.lookup import get_job
from workflow.results.payload import send_payload

_log = structlog.get_logger(__name__)


class ShareOutcome(StrEnum):
    """What came of a wish to have a video shown to the whole server."""

    POSTED = "posted"
    ALREADY_SHARED = "there already"
    NO_SHOWCASE = "the server has no showcase channel"
    ADULTS_ONLY = "the showcase is open to more eyes than the video"
    TOO_LARGE = "too large for the channel"
    GONE = "its file is not kept any more, or it was deleted"


@dataclass(frozen=True, slots=True)
class ShareResult:
    """What came of it, and the job as it is now, which knows its post."""

    outcome: ShareOutcome
    job: JobView


async def share(context: Context, job_id: str) -> ShareResult:
    """Post the video of a delivered job in the showcase channel, for somebody who may do so.

    Raises:
        JobNotFound: there is no such job.
        NotDelivered: there is no video that everybody may see.
        PublishError: Discord did not take it, or (TemporaryPublishError) did not answer.
    """
    job = await get_job(context, job_id)
    if job is None:
        raise JobNotFound
    if job.state is not JobState.DELIVERED or job.private:
        raise NotDelivered(job.state)
    if is_deleted(job) or not context.media.has_video(f"{job.id}.mp4"):
        return ShareResult(ShareOutcome.GONE, job)
    if job.shared_message_id is not None:
        return ShareResult(ShareOutcome.ALREADY_SHARED, job)
    chosen = await settings.read(context, job.guild_id)
    if chosen.showcase_channel is None:
        return ShareResult(ShareOutcome.NO_SHOWCASE, job)
    if not await _may_be_seen(context, job, chosen, chosen.showcase_channel):
        return ShareResult(ShareOutcome.ADULTS_ONLY, job)
    return await _share(context, job, chosen.showcase_channel)


async def _may_be_seen(
    context: Context, job: JobView, chosen: GuildSettings, showcase_id: int
) -> bool:
    """Tell whether the showcase is for nobody who could not see the video where it is."""
    if await context.publisher.is_age_restricted(showcase_id):
        return True
    if rule_applies(chosen.age_gate, chosen, job.request.prompt):
        return False
    # Of a channel that is lost nobody knows what it was.
    return await context.publisher.is_age_restricted(job.channel_id) is False


async def _share(context: Context, job: JobView, channel_id: int) -> ShareResult:
    try:
        message_id = await _find(context, job, channel_id) or await _post(context, job, channel_id)
    except TooLargeToPost:
        return ShareResult(ShareOutcome.TOO_LARGE, job)
    except FileNotFoundError:
        return ShareResult(ShareOutcome.GONE, job)
    mine = replace(job, shared_message_id=message_id, shared_channel_id=channel_id)
    now = await _record(context, mine)
    if is_deleted(now):  # by its member or a moderator, meanwhile
        await context.publisher.delete_shared(mine)
        return ShareResult(ShareOutcome.GONE, now)
    if now.shared_message_id != message_id:  # by another click that Discord took for another post
        await context.publisher.delete_shared(mine)
        return ShareResult(ShareOutcome.ALREADY_SHARED, now)
    _log.info("shared", job=job.id, message=message_id)
    return ShareResult(ShareOutcome.POSTED, now)


async def _find(context: Context, job: JobView, channel_id: int) -> int | None:
    try:
        return await context.publisher.find_shared(job, channel_id)
    except HistoryDenied:
        return None


async def _post(context: Context, job: JobView, channel_id: int) -> int:
    async def send(job: JobView, parcel: ResultPayload) -> int:
        return await context.publisher.share(job, parcel, channel_id)

    most_bytes = context.publisher.max_file_bytes(job)
    return await send_payload(context, job, send, most_bytes, allow_without_video=False)


async def _record(context: Context, mine: JobView) -> Job:
    """Write down where the post is, unless the video is gone or has another post by now."""
    record = partial(_write_down, mine=mine)
    try:
        return await context.database.transact(record)
    except StaleJobError:  # by another click, just now: another look tells where the job stands
        return await context.database.transact(record)


async def _write_down(tx: AsyncConnection, *, mine: JobView) -> Job:
    now = await jobs.get(tx, mine.id)
    assert now is not None, "jobs stay"
    if is_deleted(now) or now.shared_message_id is not None:
        return now
    return await jobs.reschedule(
        tx,
        now,
        due_at_ms=now.due_at_ms,
        progress=False,
        shared_message_id=mine.shared_message_id,
        shared_channel_id=mine.shared_channel_id,
    )
