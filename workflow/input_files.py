"""Members' files on their way to a job: saved for a request, kept when it is accepted."""

import asyncio
from collections.abc import Iterable

import structlog

from domain.errors import Outage
from domain.requests import Draft, VideoRequest
from storage.media import SavedInput
from workflow.context import Context
from workflow.errors import InputLost, InputNotKept
from workflow.urls.input_urls import INPUT_EXPIRED, input_media

_log = structlog.get_logger(__name__)


async def touch_inputs(context: Context, draft: Draft) -> None:
    """Protect the files of a draft from being swept soon."""
    for medium in (*draft.pictures, *draft.videos, *draft.audios):
        if medium.kept is not None:
            await asyncio.to_thread(context.media.touch_input, medium.kept)


async def keep_inputs(context: Context, request: VideoRequest) -> list[SavedInput]:
    """Keep the files of a request for its job.

    Raises:
        InputLost: one is gone, and there is no link to it.
        InputNotKept: the disk or the bucket does not take one.
    """
    kept = list[SavedInput]()
    for medium in input_media(request):
        if medium.kept is None:
            continue
        try:
            saved = await context.media.keep_input(medium.kept)
        except OSError as error:
            raise InputNotKept(medium.name) from error
        if saved is not None:
            kept.append(saved)
        elif not medium.url:
            raise InputLost(INPUT_EXPIRED, "a file that was given is not kept any more")
    return kept


async def discard_inputs(context: Context, inputs: Iterable[SavedInput]) -> None:
    """Remove files that no job needs, unless somebody else has given them meanwhile."""
    for saved in inputs:
        try:
            await asyncio.to_thread(context.media.discard_input, saved)
        except Outage as error:
            _log.info("unused input left to the sweep", error=error)
