"""Makes the next request out of the end of a video: its last picture is the first of the new."""

import struct
from dataclasses import replace
from enum import StrEnum
from typing import Final

import structlog

from domain.catalogue import t
from domain.jobs import JobState
from domain.requests import Command, Draft, Picture
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import UnusableVideo
from workflow.results.delete import is_deleted
from workflow.results.rerun import draft_of

_log = structlog.get_logger(__name__)

_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_SIZE: Final = struct.Struct(">II")


class Hindrance(StrEnum):
    """Why a video can not be extended."""

    NOT_READY = "there is none yet"
    DELETED = "it was deleted"
    NOT_KEPT = "its file is not kept any more"
    NO_LAB = "the service can not decode videos"
    UNUSABLE = "its last picture can not be had"


def hindrance(context: Context, job: Job) -> Hindrance | None:
    """Tell what is in the way of extending a job's video, as far as can be seen from outside."""
    if job.state is not JobState.DELIVERED:
        return Hindrance.NOT_READY
    if is_deleted(job):
        return Hindrance.DELETED
    if context.lab is None:
        return Hindrance.NO_LAB
    return None if context.media.exists(f"{job.id}.mp4") else Hindrance.NOT_KEPT


def continuation(job: Job, now_ms: int) -> Draft:
    """Write down what a video is continued with, but for the picture that it begins with."""
    draft = draft_of(job, now_ms)
    return replace(draft, command=Command.ANIMATE, pictures=(), videos=(), audios=())


async def last_picture(context: Context, job: Job) -> Picture | Hindrance:
    """Take the last picture of a job's video, and keep it as if its member had given it.

    Raises:
        OSError: the picture can not be kept.
    """
    hindered = hindrance(context, job)
    if hindered is not None or context.lab is None:
        return hindered or Hindrance.NO_LAB
    try:
        data = await context.lab.last_picture(context.media.path(f"{job.id}.mp4"))
        width, height = _size(data)
    except FileNotFoundError:
        return Hindrance.NOT_KEPT
    except UnusableVideo as error:
        _log.warning("no last picture", job=job.id, error=str(error))
        return Hindrance.UNUSABLE
    return Picture(
        url="",
        name=t("the last picture of the video"),
        format="PNG",
        width=width,
        height=height,
        size=len(data),
        kept=await context.media.keep_input(data, "png"),
    )


def _size(data: bytes) -> tuple[int, int]:
    """Read a PNG's width and height."""
    if not data.startswith(_PNG) or len(data) < len(_PNG) + _SIZE.size:
        raise UnusableVideo("what came of it is no PNG")
    width, height = _SIZE.unpack_from(data, len(_PNG))
    return width, height
