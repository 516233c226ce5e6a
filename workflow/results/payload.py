"""Payload of a result: the video, a link to it, or a smaller copy, within the upload limit.

The limit is read before posting; if Discord refuses a file within it, a smaller payload is tried.
The stored video is not changed.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Protocol, TypeVar

import structlog

from domain.durations import DAY_MS
from domain.guild_rules import rule_applies
from domain.guild_settings import GuildSettings, OversizeFallback
from domain.job_view import JobView
from domain.storyboard_steps import ShotPlace
from storage.errors import NotAVideo
from workflow.context import Context
from workflow.errors import TooLargeToPost, UnusableVideo
from workflow.guilds import settings
from workflow.publisher import ResultPayload
from workflow.results.credit import find_origin

_log = structlog.get_logger(__name__)

_BASE_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file that Discord accepts everywhere."""

_MIN_COPY_BYTES: Final = 64 * 1024
_MAX_LINK_DAYS: Final = 7


class PostableVideo(Protocol):
    """A job or a film with a stored video, named after its id, and the words it was made from."""

    @property
    def id(self) -> str:
        """Return its id."""
        ...

    @property
    def guild_id(self) -> int:
        """Return its server."""
        ...

    @property
    def file_size(self) -> int | None:
        """Return the bytes of its video."""
        ...

    @property
    def prompt(self) -> str:
        """Return the words."""
        ...


VideoT = TypeVar("VideoT", bound=PostableVideo)


async def send_payload(
    context: Context,
    job: VideoT,
    send: Callable[[VideoT, ResultPayload], Awaitable[int]],
    max_bytes: int,
    *,
    allow_without_video: bool = True,
    shot: ShotPlace | None = None,
) -> int:
    """Send the result of a job to a destination with an upload limit; return the message's id.

    Without a copy and a link, the message says so, unless `allow_without_video` is false.

    Raises:
        FileNotFoundError: the video is no longer stored.
        TooLargeToPost: nothing fits.
        PublishError: as `send` raises it.
    """
    while True:
        async with use_payload(context, job, max_bytes) as payload:
            if payload.video is None and payload.link is None and not allow_without_video:
                raise TooLargeToPost("neither a smaller copy nor a link can be had")
            try:
                return await send(job, replace(payload, shot=shot))
            except TooLargeToPost:
                if payload.video is None:
                    raise
                max_bytes = next_limit(job.id, _size(payload.video))


def next_limit(job_id: str, size: int) -> int:
    """Return the upload limit to try after a file of `size` bytes was refused as too large."""
    _log.warning("result refused as too large", job=job_id, bytes=size)
    return _BASE_LIMIT if size > _BASE_LIMIT else 0


@asynccontextmanager
async def use_payload(
    context: Context, job: PostableVideo, max_bytes: int
) -> AsyncGenerator[ResultPayload]:
    """Have the payload for an upload limit of `max_bytes`, with the server's order of fallbacks.

    Raises:
        FileNotFoundError: the video is no longer stored.
        Outage: the media store does not answer.
    """
    async with context.media.use_video(f"{job.id}.mp4") as video:
        server_settings = await settings.read(context, job.guild_id)
        payload = await _build_payload(context, job, server_settings, video, max_bytes)
        can_share = server_settings.showcase_channel is not None
        origin = await find_origin(context, job) if isinstance(job, JobView) else None
        yield replace(payload, can_share=can_share, origin=origin)


async def _build_payload(
    context: Context,
    job: PostableVideo,
    server_settings: GuildSettings,
    video: Path,
    max_bytes: int,
) -> ResultPayload:
    hidden = rule_applies(server_settings.spoilers, server_settings, job.prompt)
    if _size(video) <= max_bytes:
        return ResultPayload(video, is_spoiler=hidden)
    _log.info("result above upload limit", job=job.id, bytes=job.file_size, max_bytes=max_bytes)
    linked = _link_payload(context, server_settings, video.name)
    for fallback in server_settings.too_large:
        if fallback is OversizeFallback.LINK and linked.link is not None:
            return linked
        if fallback is OversizeFallback.COPY:
            copy = await _copy(context, video, max_bytes)
            if copy is not None:
                return replace(linked, video=copy, is_copy=True, is_spoiler=hidden)
    return linked


def _link_payload(context: Context, server_settings: GuildSettings, name: str) -> ResultPayload:
    """Return a link if the server uses links, valid while results are kept, at most a week."""
    if context.media_urls is None or OversizeFallback.LINK not in server_settings.too_large:
        return ResultPayload(None)
    days = min(server_settings.keep_results_days, _MAX_LINK_DAYS)
    until_ms = context.now_ms() + days * DAY_MS
    return ResultPayload(
        None, link=context.media_urls.url_for_result(name, until_ms), link_expires_at_ms=until_ms
    )


async def _copy(context: Context, video: Path, max_bytes: int) -> Path | None:
    """Return the smaller copy of a video, made if necessary; None if it cannot be made."""
    kept = context.media.copy_path(video.name)
    if kept.is_file() and _size(kept) <= max_bytes:
        return kept
    if context.video_tools is None or max_bytes < _MIN_COPY_BYTES:
        return None
    make = partial(context.video_tools.transcode, video, max_bytes=max_bytes)
    try:
        return await context.media.save_copy(video.name, make)
    except FileNotFoundError:
        raise
    except (UnusableVideo, NotAVideo, OSError) as error:
        _log.warning("smaller copy not made", video=video.name, error=error)
        return None


def _size(path: Path) -> int:
    return path.stat().st_size
