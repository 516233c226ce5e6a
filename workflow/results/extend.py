"""Continuation of a video: its last frame is the first picture of the next request."""

import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import StrEnum
from typing import Final

import structlog

from domain.job_view import JobView
from domain.jobs import JobState
from domain.requests import Draft, GenerationCommand, Picture
from workflow.context import Context
from workflow.errors import UnusableVideo
from workflow.results.lookup import is_deleted
from workflow.results.rerun import draft_from_job

_log = structlog.get_logger(__name__)

_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_SIZE: Final = struct.Struct(">II")


class ExtendRefusal(StrEnum):
    """Why a video cannot be extended."""

    NOT_READY = "there is none yet"
    DELETED = "it was deleted"
    NOT_KEPT = "its file is not kept any more"
    NO_VIDEO_TOOLS = "the service can not decode videos"
    UNUSABLE = "its last picture can not be had"


async def check_extendable(context: Context, job: JobView) -> ExtendRefusal | None:
    """Return why a job's video cannot be extended, as far as visible without decoding it.

    Raises:
        Outage: the media store does not answer.
    """
    if job.state is not JobState.DELIVERED:
        return ExtendRefusal.NOT_READY
    if is_deleted(job):
        return ExtendRefusal.DELETED
    if context.video_tools is None:
        return ExtendRefusal.NO_VIDEO_TOOLS
    return None if await context.media.has_video(f"{job.id}.mp4") else ExtendRefusal.NOT_KEPT


def draft_continuation(job: JobView, now_ms: int) -> Draft:
    """Return the draft of a continuation, without its first picture."""
    draft = draft_from_job(job, now_ms)
    return replace(draft, command=GenerationCommand.ANIMATE, pictures=(), videos=(), audios=())


async def extract_last_frame(
    context: Context, job: JobView, name: str, save_input: Callable[[bytes, str], Awaitable[str]]
) -> Picture | ExtendRefusal:
    """Save the last frame of a job's video as an input file and return it under `name`.

    `save_input` takes a file's bytes and the suffix of its format, and returns its name.

    Raises:
        OSError: the picture cannot be saved.
        Outage: the media store does not answer.
    """
    refusal = await check_extendable(context, job)
    return refusal or await read_last_frame(context, job.id, name, save_input)


async def read_last_frame(
    context: Context, job_id: str, name: str, save_input: Callable[[bytes, str], Awaitable[str]]
) -> Picture | ExtendRefusal:
    """Save the last frame of a stored video, as `extract_last_frame` does.

    Raises:
        OSError: the picture cannot be saved.
        Outage: the media store does not answer.
    """
    if context.video_tools is None:
        return ExtendRefusal.NO_VIDEO_TOOLS
    try:
        async with context.media.use_video(f"{job_id}.mp4") as video:
            data = await context.video_tools.extract_last_frame(video)
        width, height = _size(data)
    except FileNotFoundError:
        return ExtendRefusal.NOT_KEPT
    except UnusableVideo as error:
        _log.warning("last frame not extracted", job=job_id, error=error)
        return ExtendRefusal.UNUSABLE
    return Picture(
        url="",
        name=name,
        format="PNG",
        width=width,
        height=height,
        size=len(data),
        kept=await save_input(data, "png"),
    )


def _size(data: bytes) -> tuple[int, int]:
    """Read a PNG's width and height."""
    if not data.startswith(_PNG) or len(data) < len(_PNG) + _SIZE.size:
        raise UnusableVideo("what came of it is no PNG")
    width, height = _SIZE.unpack_from(data, len(_PNG))
    return width, height
