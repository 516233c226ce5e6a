"""URLs of input files that are valid when APIXO fetches them.

Discord's links expire after about a day, so a copy of every file is kept. Once a link has expired,
the copy gets a fresh URL: a link of our own, or else an attachment of the job's status message or
of a carrier message, whose URL Discord renews whenever the message is read.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from yarl import URL

from domain.durations import DAY_MS
from domain.job_view import JobView
from domain.requests import Clip, OmniReference, Picture, VideoRequest
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import (
    InputLost,
    PublishError,
    StatusNotPosted,
    TemporaryPublishError,
    TooLargeToPost,
)
from workflow.publisher import StatusView
from workflow.urls.carriers import attach_to_carriers, split_files

INPUT_EXPIRED = "input not kept any more"
INPUT_UNREACHABLE = "input without an address"
INPUT_TOO_LARGE = "input too large to be posted"

_MIN_REMAINING_MS = 3_600_000
"""APIXO does not document when it fetches a file; every task we observed began within an hour."""

_UNSIGNED_LIFETIME_MS = 12 * 3_600_000
_OWN_LINK_LIFETIME_MS = DAY_MS
_ATTACH_TIMEOUT_S = 60
_MIB = 1024 * 1024

_Medium = Picture | Clip


def input_media(request: VideoRequest) -> tuple[_Medium, ...]:
    """Return every input file of a request."""
    if isinstance(request, OmniReference):
        return *request.pictures, *request.videos, *request.audios
    return request.pictures


def is_fresh(url: str, *, given_ms: int, now_ms: int) -> bool:
    """Return whether a link that was given at `given_ms` is valid for another hour.

    A link of Discord's contains its expiry time (`ex`, hexadecimal Unix seconds).
    """
    if not url:
        return False
    try:
        expires_ms = int(URL(url).query["ex"], 16) * 1000
    except (KeyError, ValueError):
        expires_ms = given_ms + _UNSIGNED_LIFETIME_MS
    return expires_ms - now_ms >= _MIN_REMAINING_MS


async def are_kept(context: Context, media: Sequence[_Medium]) -> bool:
    """Return whether a copy of each file is stored.

    Raises:
        Outage: the media store does not answer.
    """
    for medium in media:
        if medium.kept is None or not await context.media.has_input(medium.kept):
            return False
    return True


def stale_inputs(job: JobView, now_ms: int) -> list[_Medium]:
    """Return the input files of a job whose links are no longer valid."""
    given_ms = job.created_at_ms
    return [
        medium
        for medium in input_media(job.request)
        if not is_fresh(medium.url, given_ms=given_ms, now_ms=now_ms)
    ]


async def files_to_attach(context: Context, job: Job) -> tuple[Path, ...]:
    """Return the files attached to a job's status message: those without a link from the start.

    TemporaryPublishError means that Discord does not say the limit.

    The result is independent of the current time, so that every edit lists what was posted. What
    is too large, or belongs to a carrier message, is not among them.
    """
    if context.media_urls is not None:
        return ()
    stale = {_path(context, medium) for medium in stale_inputs(job, job.created_at_ms)}
    if not stale:
        return ()
    max_bytes = await context.publisher.max_file_bytes(job)
    return tuple(
        path
        for path in split_files(_kept_files(context, job))[0]
        if path in stale and path.stat().st_size <= max_bytes
    )


async def oversized_inputs(context: Context, job: JobView) -> str | None:
    """Return which stale input files Discord does not take again, with their sizes; None if none.

    A file is named as in the command's options: `video1 (31.0 MB > 10.0 MB)`.
    """
    if context.media_urls is not None:
        return None
    stale = stale_inputs(job, context.now_ms())
    if not stale:
        return None
    max_bytes = await context.publisher.max_file_bytes(job)
    limit = _format_size(max_bytes)
    large = [
        f"{name} ({_format_size(path.stat().st_size)} > {limit})"
        for name, medium in _named_media(job.request)
        if medium in stale and (path := _path(context, medium)) is not None
        if path.stat().st_size > max_bytes
    ]
    return ", ".join(large) or None


def build_preview_urls(context: Context, job: Job, attached: Sequence[Path]) -> tuple[str, ...]:
    """Return URLs of a job's input files, for previews in its status message.

    Those that are `attached` must be shown there, or Discord does not return their URLs. Of the
    others, pictures and videos are shown.
    """
    request, now_ms, since_ms = job.request, context.now_ms(), job.created_at_ms
    videos = request.videos if isinstance(request, OmniReference) else ()
    links = (medium.url for medium in (*request.pictures, *videos))
    valid = (link for link in links if is_fresh(link, given_ms=since_ms, now_ms=now_ms))
    return *(f"attachment://{path.name}" for path in attached), *valid


async def request_with_fresh_urls(context: Context, job: Job, status: StatusView) -> VideoRequest:
    """Return the request of a job with URLs that are valid now; `status` is its status view.

    Raises:
        InputLost: a file cannot be given to APIXO.
        StatusNotPosted: the status message that is to carry the files is not posted yet.
        TemporaryPublishError: Discord does not answer.
        Outage: the media store does not answer.
    """
    stale = stale_inputs(job, context.now_ms())
    if not stale:
        return job.request
    if not await are_kept(context, stale):
        raise InputLost(INPUT_EXPIRED, "a file that was given is not kept any more")
    return _with_urls(job.request, stale, await _fresh_urls(context, job, status, stale))


def _path(context: Context, medium: _Medium) -> Path | None:
    """Return the path of a file that is to be attached; with a bucket, links lead there instead."""
    return None if medium.kept is None else context.media.input_path(medium.kept)


async def _fresh_urls(
    context: Context, job: Job, status: StatusView, stale: Sequence[_Medium]
) -> Mapping[str, str]:
    if context.media_urls is not None:
        until_ms = context.now_ms() + _OWN_LINK_LIFETIME_MS
        names = [medium.kept for medium in stale if medium.kept is not None]
        return {name: context.media_urls.url_for_input(name, until_ms) for name in names}
    if (oversized := await oversized_inputs(context, job)) is not None:
        raise InputLost(INPUT_TOO_LARGE, oversized)
    if status.job.status_message_id is None:
        if job.status_shown is None:
            raise StatusNotPosted
        raise InputLost(INPUT_UNREACHABLE, "the status message could not be posted")
    paths = (path for medium in stale if (path := _path(context, medium)) is not None)
    return await _attached_urls(context, job, status, tuple(dict.fromkeys(paths)))


async def _attached_urls(
    context: Context, job: Job, status: StatusView, paths: Sequence[Path]
) -> Mapping[str, str]:
    first, *others = split_files(_kept_files(context, job))
    own = [path for path in first if path in paths]
    parts = {
        part: chosen
        for part, files in enumerate(others, start=1)
        if (chosen := [path for path in files if path in paths])
    }
    try:
        urls: Mapping[str, str] = await _status_urls(context, status, own) if own else {}
        return {**urls, **(await attach_to_carriers(context, status, parts) if parts else {})}
    except TemporaryPublishError:
        raise
    except TimeoutError:
        raise TemporaryPublishError("no answer from Discord") from None
    except TooLargeToPost:
        total = sum(path.stat().st_size for path in paths)
        raise InputLost(INPUT_TOO_LARGE, _format_size(total)) from None
    except PublishError as error:
        raise InputLost(INPUT_UNREACHABLE, f"the files could not be posted: {error}") from error


async def _status_urls(
    context: Context, status: StatusView, paths: Sequence[Path]
) -> Mapping[str, str]:
    async with asyncio.timeout(_ATTACH_TIMEOUT_S):
        return await context.publisher.attach_files(status, paths)


def _kept_files(context: Context, job: JobView) -> tuple[Path, ...]:
    """Return the kept input files of a job, each once, in the order of the request."""
    paths = (_path(context, medium) for medium in input_media(job.request))
    return tuple(dict.fromkeys(path for path in paths if path is not None))


def _named_media(request: VideoRequest) -> Iterator[tuple[str, _Medium]]:
    """Yield the input files of a request with their names among the command's options."""
    videos, audios = (
        (request.videos, request.audios) if isinstance(request, OmniReference) else ((), ())
    )
    for kind, media in (("image", request.pictures), ("video", videos), ("audio", audios)):
        for number, medium in enumerate(media, start=1):
            yield f"{kind}{number}", medium


def _format_size(size: int) -> str:
    return f"{size / _MIB:.1f} MB"


def _with_urls(
    request: VideoRequest, stale: Sequence[_Medium], fresh: Mapping[str, str]
) -> VideoRequest:
    def renewed(media: Sequence[_Medium]) -> tuple[_Medium, ...]:
        return tuple(
            medium.model_copy(update={"url": fresh[medium.kept or ""]})
            if medium in stale
            else medium
            for medium in media
        )

    changes = {"pictures": renewed(request.pictures)}
    if isinstance(request, OmniReference):
        changes |= {"videos": renewed(request.videos), "audios": renewed(request.audios)}
    return request.model_copy(update=changes)
