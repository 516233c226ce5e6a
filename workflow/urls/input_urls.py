"""Knows under which address APIXO can fetch what a member gave, at the moment of submission.

Discord's links run out after about a day, so a copy of every file is kept. Where the link is no
longer good, the copy gets a fresh address: a link of our own, or else an attachment of the job's
own status message, whose address is fresh in whatever Discord says of that message.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from yarl import URL

from domain.durations import DAY_MS, HOUR_MS
from domain.job_view import JobView
from domain.requests import Clip, OmniReference, Picture, VideoRequest
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import InputLost, PublishError, StatusNotPosted, TemporaryPublishError
from workflow.publisher import StatusView

INPUT_EXPIRED = "input not kept any more"
INPUT_UNREACHABLE = "input without an address"

_LEAST_LEFT_MS = HOUR_MS
"""APIXO says nothing of when it fetches a file; an hour is later than any task we saw begin."""

_UNSIGNED_LIFE_MS = 12 * HOUR_MS
_OWN_LINK_MS = DAY_MS
_ANSWER_S = 60

_Medium = Picture | Clip


def input_media(request: VideoRequest) -> tuple[_Medium, ...]:
    """List every file that a request was given."""
    if isinstance(request, OmniReference):
        return *request.pictures, *request.videos, *request.audios
    return request.pictures


def is_fresh(url: str, *, given_ms: int, now_ms: int) -> bool:
    """Tell whether a link, given at a moment, is good for an hour from now on.

    A link of Discord's says itself when it runs out (`ex`, hexadecimal Unix seconds).
    """
    if not url:
        return False
    try:
        ends_ms = int(URL(url).query["ex"], 16) * 1000
    except (KeyError, ValueError):
        ends_ms = given_ms + _UNSIGNED_LIFE_MS
    return ends_ms - now_ms >= _LEAST_LEFT_MS


def are_kept(context: Context, media: Sequence[_Medium]) -> bool:
    """Tell whether a copy of each of these files is here."""
    return all(_path(context, medium) is not None for medium in media)


def stale_inputs(job: JobView, now_ms: int) -> list[_Medium]:
    """List the files of a job whose links are no longer good."""
    given_ms = job.created_at_ms
    return [
        medium
        for medium in input_media(job.request)
        if not is_fresh(medium.url, given_ms=given_ms, now_ms=now_ms)
    ]


def files_to_attach(context: Context, job: Job) -> tuple[Path, ...]:
    """List the files that the status message of a job carries: those without a link from the start.

    The moment does not matter, so that every edit of the message knows what was posted with it.
    """
    if context.media_urls is not None:
        return ()
    paths = (_path(context, medium) for medium in stale_inputs(job, job.created_at_ms))
    return tuple(dict.fromkeys(path for path in paths if path is not None))


def build_preview_urls(context: Context, job: Job) -> tuple[str, ...]:
    """List addresses of what a job was given, for whoever sees its card.

    What hangs on the card has to be shown there, or Discord does not tell its address. Of the
    rest, pictures and videos are shown.
    """
    attached = files_to_attach(context, job)
    request, now_ms, since_ms = job.request, context.now_ms(), job.created_at_ms
    videos = request.videos if isinstance(request, OmniReference) else ()
    links = (medium.url for medium in (*request.pictures, *videos))
    good = (link for link in links if is_fresh(link, given_ms=since_ms, now_ms=now_ms))
    return *(f"attachment://{path.name}" for path in attached), *good


async def request_with_fresh_urls(context: Context, job: Job, status: StatusView) -> VideoRequest:
    """Give the request of a job with addresses that are good now; `sight` is its card's.

    Raises:
        InputLost: a file can not be given to APIXO.
        StatusNotPosted: the status message that is to carry the files is not out yet.
        TemporaryPublishError: Discord does not answer just now.
    """
    old = stale_inputs(job, context.now_ms())
    if not old:
        return job.request
    paths = [path for medium in old if (path := _path(context, medium)) is not None]
    if len(paths) < len(old):
        raise InputLost(INPUT_EXPIRED, "a file that was given is not kept any more")
    fresh = await _fresh(context, job, status, tuple(dict.fromkeys(paths)))
    return _with_addresses(job.request, old, fresh)


def _path(context: Context, medium: _Medium) -> Path | None:
    return None if medium.kept is None else context.media.input_path(medium.kept)


async def _fresh(
    context: Context, job: Job, sight: StatusView, paths: Sequence[Path]
) -> Mapping[str, str]:
    if context.media_urls is not None:
        until_ms = context.now_ms() + _OWN_LINK_MS
        return {path.name: context.media_urls.url_for_input(path.name, until_ms) for path in paths}
    if job.status_message_id is None:
        if job.status_shown is None:
            raise StatusNotPosted
        raise InputLost(INPUT_UNREACHABLE, "the status message could not be posted")
    return await _from_message(context, sight, paths)


async def _from_message(
    context: Context, sight: StatusView, paths: Sequence[Path]
) -> Mapping[str, str]:
    try:
        async with asyncio.timeout(_ANSWER_S):
            return await context.publisher.attach_files(sight, paths)
    except TemporaryPublishError:
        raise
    except TimeoutError:
        raise TemporaryPublishError("no answer from Discord") from None
    except PublishError as error:
        raise InputLost(INPUT_UNREACHABLE, f"the files could not be posted: {error}") from error


def _with_addresses(
    request: VideoRequest, old: Sequence[_Medium], fresh: Mapping[str, str]
) -> VideoRequest:
    def renewed(media: Sequence[_Medium]) -> tuple[_Medium, ...]:
        return tuple(
            medium.model_copy(update={"url": fresh[medium.kept or ""]}) if medium in old else medium
            for medium in media
        )

    changes = {"pictures": renewed(request.pictures)}
    if isinstance(request, OmniReference):
        changes |= {"videos": renewed(request.videos), "audios": renewed(request.audios)}
    return request.model_copy(update=changes)
