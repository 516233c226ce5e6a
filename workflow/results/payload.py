"""Makes a result fit where it is posted: as a whole, as a link of ours, or as a smaller copy.

What a place takes is asked before; what it takes by its own word and refuses all the same is tried
with less. The video itself is kept as it is.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from domain.durations import DAY_MS
from domain.guild_rules import rule_applies
from domain.guild_settings import GuildSettings, OversizeFallback
from domain.job_view import JobView
from storage.errors import NotAVideo
from workflow.context import Context
from workflow.errors import TooLargeToPost, UnusableVideo
from workflow.guilds import settings
from workflow.publisher import ResultPayload

_log = structlog.get_logger(__name__)

_PLAIN_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of a file that every place takes."""

_LEAST_COPY: Final = 64 * 1024
_LONGEST_LINK_DAYS: Final = 7

SendResult = Callable[[JobView, ResultPayload], Awaitable[int]]


async def send_payload(
    context: Context,
    job: JobView,
    send: SendResult,
    max_bytes: int,
    *,
    allow_without_video: bool = True,
) -> int:
    """Send the result of a job to a place that takes files of `most_bytes`; the message's id.

    Where neither a copy nor a link can be had, the message says so, if it may (`or_nothing`).

    Raises:
        FileNotFoundError: the video is not kept any more.
        TooLargeToPost: there is nothing that fits.
        PublishError: as `send` raises it.
    """
    parcel = await build_payload(context, job, max_bytes)
    while True:
        if parcel.video is None and parcel.link is None and not allow_without_video:
            raise TooLargeToPost("neither a smaller copy nor a link can be had")
        try:
            return await send(job, parcel)
        except TooLargeToPost:
            if parcel.video is None:
                raise
            size = parcel.video.stat().st_size
            _log.warning("larger than Discord takes after all", job=job.id, bytes=size)
            less = _PLAIN_LIMIT if size > _PLAIN_LIMIT else 0
            parcel = await build_payload(context, job, less)


async def build_payload(context: Context, job: JobView, max_bytes: int) -> ResultPayload:
    """Choose what is sent where files of `most_bytes` are taken, in the order the server chose.

    Raises:
        FileNotFoundError: the video is not kept any more.
    """
    name = f"{job.id}.mp4"
    video = context.media.video_path(name)
    chosen = await settings.read(context, job.guild_id)
    hidden = rule_applies(chosen.spoilers, chosen, job.request.prompt)
    if video.stat().st_size <= max_bytes:
        return ResultPayload(video, is_spoiler=hidden)
    _log.info("too large for its place", job=job.id, bytes=job.file_size, most_bytes=max_bytes)
    linked = _linked(context, chosen, name)
    for way in chosen.too_large:
        if way is OversizeFallback.LINK and linked.link is not None:
            return linked
        if way is OversizeFallback.COPY:
            copy = await _copy(context, name, max_bytes)
            if copy is not None:
                return replace(linked, video=copy, is_copy=True, is_spoiler=hidden)
    return linked


def _linked(context: Context, chosen: GuildSettings, name: str) -> ResultPayload:
    """Make a link, if the server wants any; it is good while results are kept, within bounds."""
    if context.media_urls is None or OversizeFallback.LINK not in chosen.too_large:
        return ResultPayload(None)
    days = min(chosen.keep_results_days, _LONGEST_LINK_DAYS)
    until_ms = context.now_ms() + days * DAY_MS
    return ResultPayload(
        None, link=context.media_urls.url_for_result(name, until_ms), link_expires_at_ms=until_ms
    )


async def _copy(context: Context, name: str, most_bytes: int) -> Path | None:
    """Find the smaller copy of a video, or make it; None where there can be none."""
    kept = context.media.copy_path(name)
    if kept.is_file() and kept.stat().st_size <= most_bytes:
        return kept
    if context.video_tools is None or most_bytes < _LEAST_COPY:
        return None
    make = partial(
        context.video_tools.transcode, context.media.video_path(name), max_bytes=most_bytes
    )
    try:
        return await context.media.save_copy(name, make)
    except FileNotFoundError:
        raise
    except (UnusableVideo, NotAVideo, OSError) as error:
        _log.warning("no smaller copy", video=name, error=str(error))
        return None
