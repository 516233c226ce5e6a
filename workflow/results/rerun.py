"""Rerun of an earlier request: the same again, changed, or at a higher resolution."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from domain.job_view import JobView
from domain.models import MODELS, Mode, Resolution
from domain.requests import Clip, Draft, GenerationCommand, OmniReference, Picture, VideoRequest
from domain.violations import Source, Violation, ViolationCode
from workflow.context import Context
from workflow.urls.input_urls import are_kept, input_media, is_fresh, stale_inputs

_WINDOW_MS = 2_500
"""Two clicks this close count as one; up to twice as far apart they may."""

_SNOWFLAKE_SHIFT = 22
_KEY_BITS = 62

_COMMANDS = {
    Mode.TEXT_TO_VIDEO: GenerationCommand.VIDEO,
    Mode.IMAGE_TO_VIDEO: GenerationCommand.ANIMATE,
    Mode.FIRST_AND_LAST_FRAMES: GenerationCommand.ANIMATE,
    Mode.OMNI_REFERENCE: GenerationCommand.REFERENCE,
}

M = TypeVar("M", Picture, Clip)


@dataclass(frozen=True, slots=True)
class IdempotencyKeys:
    """The key of an order, and the keys under which its duplicates may have been accepted."""

    own: int
    duplicates: tuple[int, ...] = ()


def draft_from_job(job: JobView, now_ms: int) -> Draft:
    """Return a draft of a job's request, as if its member had entered all of it.

    The link of a kept file is dropped unless its own expiry time shows that it is still valid.
    """
    request = job.request
    videos, audios = (
        (request.videos, request.audios) if isinstance(request, OmniReference) else ((), ())
    )
    return Draft(
        command=_COMMANDS[request.mode],
        prompt=request.prompt,
        model=request.model,
        seconds=request.seconds,
        resolution=request.resolution,
        aspect_ratio=request.aspect_ratio,
        sound=request.sound,
        fixed_lens=request.fixed_lens,
        web_search=request.web_search,
        pictures=_without_stale_urls(request.pictures, now_ms),
        videos=_without_stale_urls(videos, now_ms),
        audios=_without_stale_urls(audios, now_ms),
        private=job.private,
        remix_of=job.remix_of,
    )


def draft_remix(origin: JobView, now_ms: int) -> Draft:
    """Return a draft of another member's request: its words and options, never its files."""
    broken = [Violation.of(ViolationCode.REMIX_NEEDS_FILES, Source.ATTACHMENT)]
    return replace(
        draft_from_job(origin, now_ms),
        pictures=(),
        videos=(),
        audios=(),
        violations=tuple(broken) if input_media(origin.request) else (),
        remix_of=origin.id,
    )


async def are_inputs_available(context: Context, job: JobView) -> bool:
    """Return whether all input files of a job are still available; extend their retention."""
    kept = [medium.kept for medium in input_media(job.request) if medium.kept is not None]
    for name in kept:
        await asyncio.to_thread(context.media.touch_input, name)
    return await are_kept(context, stale_inputs(job, context.now_ms()))


def next_higher_resolution(request: VideoRequest) -> Resolution | None:
    """Return the model's next higher resolution; None for the highest."""
    ascending = MODELS[request.model].resolutions
    higher = ascending[ascending.index(request.resolution) + 1 :]
    return higher[0] if higher else None


def click_keys(interaction_id: int, user_id: int, action: str, job_id: str) -> IdempotencyKeys:
    """Return the keys of a click on a job's button; a double click has two interactions.

    Both share a key in every process, because it is derived from the time of the click, which is
    part of the interaction's id.
    """
    window = (interaction_id >> _SNOWFLAKE_SHIFT) // _WINDOW_MS
    own, *duplicates = (
        _key(action, job_id, user_id, number) for number in (window, window - 1, window + 1)
    )
    return IdempotencyKeys(own, tuple(duplicates))


def modal_keys(opened_id: int, user_id: int, job_id: str) -> IdempotencyKeys:
    """Return the key of a form by its opening, so that submitting it twice makes one order."""
    return IdempotencyKeys(_key("form", job_id, user_id, opened_id))


def _without_stale_urls(media: Sequence[M], now_ms: int) -> tuple[M, ...]:
    return tuple(
        medium
        if medium.kept is None or is_fresh(medium.url, given_ms=0, now_ms=now_ms)
        else medium.model_copy(update={"url": ""})
        for medium in media
    )


def _key(*parts: object) -> int:
    """Return a negative number, which no interaction of Discord's has as its id."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return -1 - (int.from_bytes(digest[:8]) >> (64 - _KEY_BITS))
