"""Sharing of a finished video in its server's showcase channel, once.

The post is recorded with the job. Clicks close together result in one message by its nonce; a post
that was not recorded is found in the channel's history.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Protocol

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
from workflow.results.lookup import get_job, is_deleted
from workflow.results.payload import send_payload

_log = structlog.get_logger(__name__)


class ShareOutcome(StrEnum):
    """The outcome of a share."""

    POSTED = "posted"
    ALREADY_SHARED = "there already"
    NO_SHOWCASE = "the server has no showcase channel"
    ADULTS_ONLY = "the showcase is open to more eyes than the video"
    TOO_LARGE = "too large for the channel"
    GONE = "its file is not kept any more, or it was deleted"


class SharedVideo(Protocol):
    """A job or a film, with its post in a showcase channel."""

    @property
    def guild_id(self) -> int:
        """Return its server."""
        ...

    @property
    def shared_message_id(self) -> int | None:
        """Return its post."""
        ...

    @property
    def shared_channel_id(self) -> int | None:
        """Return the channel of its post."""
        ...


@dataclass(frozen=True, slots=True)
class ShareResult:
    """The outcome, and the job or the film as it is now, with its post."""

    outcome: ShareOutcome
    shared: SharedVideo


async def share(context: Context, job_id: str) -> ShareResult:
    """Post the video of a delivered job in the showcase channel; the caller checks permission.

    Raises:
        JobNotFound: there is no such job.
        NotDelivered: it has no public video.
        PublishError: Discord did not accept it, or (TemporaryPublishError) did not answer.
    """
    job = await get_job(context, job_id)
    if job is None:
        raise JobNotFound
    if job.state is not JobState.DELIVERED or job.private:
        raise NotDelivered(job.state)
    if is_deleted(job) or not await context.media.has_video(f"{job.id}.mp4"):
        return ShareResult(ShareOutcome.GONE, job)
    if job.shared_message_id is not None:
        return ShareResult(ShareOutcome.ALREADY_SHARED, job)
    server_settings = await settings.read(context, job.guild_id)
    if server_settings.showcase_channel is None:
        return ShareResult(ShareOutcome.NO_SHOWCASE, job)
    source = VideoSource(job.guild_id, job.channel_id, job.request.prompt)
    if not await is_audience_allowed(context, source, server_settings):
        return ShareResult(ShareOutcome.ADULTS_ONLY, job)
    return await _share(context, job, server_settings.showcase_channel)


@dataclass(frozen=True, slots=True)
class VideoSource:
    """Where a video was asked for, and in which words."""

    guild_id: int
    channel_id: int
    prompt: str


async def is_audience_allowed(
    context: Context, source: VideoSource, server_settings: GuildSettings
) -> bool:
    """Return whether everyone in the showcase could also see the video in its channel."""
    showcase_id = server_settings.showcase_channel
    assert showcase_id is not None, "the server has a showcase"
    if await context.publisher.is_age_restricted(source.guild_id, showcase_id):
        return True
    if rule_applies(server_settings.age_gate, server_settings, source.prompt):
        return False
    # A channel that is gone may have been age-restricted.
    restricted = await context.publisher.is_age_restricted(source.guild_id, source.channel_id)
    return restricted is False


async def _share(context: Context, job: JobView, channel_id: int) -> ShareResult:
    try:
        message_id = await _find(context, job, channel_id) or await _post(context, job, channel_id)
    except TooLargeToPost:
        return ShareResult(ShareOutcome.TOO_LARGE, job)
    except FileNotFoundError:
        return ShareResult(ShareOutcome.GONE, job)
    shared = replace(job, shared_message_id=message_id, shared_channel_id=channel_id)
    now = await _record(context, shared)
    if is_deleted(now):  # by its member or a moderator, meanwhile
        await context.publisher.delete_shared(shared)
        return ShareResult(ShareOutcome.GONE, now)
    if now.shared_message_id != message_id:  # by another click, outside the nonce window
        await context.publisher.delete_shared(shared)
        return ShareResult(ShareOutcome.ALREADY_SHARED, now)
    _log.info("result shared", job=job.id, message=message_id)
    return ShareResult(ShareOutcome.POSTED, now)


async def _find(context: Context, job: JobView, channel_id: int) -> int | None:
    try:
        return await context.publisher.find_shared(job, channel_id)
    except HistoryDenied:
        return None


async def _post(context: Context, job: JobView, channel_id: int) -> int:
    async def send(job: JobView, payload: ResultPayload) -> int:
        return await context.publisher.share(job, payload, channel_id)

    max_bytes = await context.publisher.max_file_bytes(job)
    return await send_payload(context, job, send, max_bytes, allow_without_video=False)


async def _record(context: Context, shared: JobView) -> Job:
    """Record the post, unless the video has been deleted or has another post by now."""
    record = partial(_record_post, shared=shared)
    try:
        return await context.database.transact(record)
    except StaleJobError:  # by another click, just now: read the job again
        return await context.database.transact(record)


async def _record_post(tx: AsyncConnection, *, shared: JobView) -> Job:
    now = await jobs.lock(tx, shared.id)
    assert now is not None, "jobs stay"
    if is_deleted(now) or now.shared_message_id is not None:
        return now
    return await jobs.reschedule(
        tx,
        now,
        due_at_ms=now.due_at_ms,
        progress=False,
        shared_message_id=shared.shared_message_id,
        shared_channel_id=shared.shared_channel_id,
    )
