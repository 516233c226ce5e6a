"""Makes the next request out of an earlier one: the same again, changed, or with more pixels."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from domain.job_view import JobView
from domain.models import MODELS, Mode, Resolution
from domain.requests import Clip, Draft, GenerationCommand, OmniReference, Picture, VideoRequest
from workflow.context import Context
from workflow.urls.input_urls import are_kept, input_media, is_fresh, stale_inputs

_WINDOW_MS = 2_500
"""Two clicks this close are one; up to twice as far apart they may be."""

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
    """An order's own key, and those under which the same order may have come just before."""

    own: int
    duplicates: tuple[int, ...] = ()


def draft_from_job(job: JobView, now_ms: int) -> Draft:
    """Write down what a job was asked for, as if its member had typed all of it.

    The link of a file that is kept is left out unless it says itself that it is still good.
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
        pictures=_renewable(request.pictures, now_ms),
        videos=_renewable(videos, now_ms),
        audios=_renewable(audios, now_ms),
        private=job.private,
    )


async def are_inputs_available(context: Context, job: JobView) -> bool:
    """Tell whether every file that a job was given can still be had; those kept are young again."""
    kept = [medium.kept for medium in input_media(job.request) if medium.kept is not None]
    for name in kept:
        await asyncio.to_thread(context.media.touch_input, name)
    return are_kept(context, stale_inputs(job, context.now_ms()))


def next_higher_resolution(request: VideoRequest) -> Resolution | None:
    """Tell the model's next higher resolution; None for the highest."""
    ascending = MODELS[request.model].resolutions
    higher = ascending[ascending.index(request.resolution) + 1 :]
    return higher[0] if higher else None


def click_keys(interaction_id: int, user_id: int, action: str, job_id: str) -> IdempotencyKeys:
    """Make the keys of a click on a job's button; a double click has two interactions.

    Both have a key in common, wherever they are worked on: it is made of the moment of the click,
    which is part of the interaction's id.
    """
    window = (interaction_id >> _SNOWFLAKE_SHIFT) // _WINDOW_MS
    own, *repeats = (
        _key(action, job_id, user_id, number) for number in (window, window - 1, window + 1)
    )
    return IdempotencyKeys(own, tuple(repeats))


def modal_keys(opened_id: int, user_id: int, job_id: str) -> IdempotencyKeys:
    """Make the key of a form that was opened once: sent off twice, it is one order."""
    return IdempotencyKeys(_key("form", job_id, user_id, opened_id))


def _renewable(media: Sequence[M], now_ms: int) -> tuple[M, ...]:
    return tuple(
        medium
        if medium.kept is None or is_fresh(medium.url, given_ms=0, now_ms=now_ms)
        else medium.model_copy(update={"url": ""})
        for medium in media
    )


def _key(*parts: object) -> int:
    """Make a number below zero, where no interaction of Discord's has its id."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return -1 - (int.from_bytes(digest[:8]) >> (64 - _KEY_BITS))
