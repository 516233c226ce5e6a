"""Sharing of a finished film in its server's showcase channel, once, as videos are."""

from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.films import FilmState
from domain.jobs import JobState
from storage import films
from storage.films import Film
from workflow.context import Context
from workflow.errors import FilmNotFound, HistoryDenied, NotDelivered, TooLargeToPost
from workflow.films.publisher import FilmPublisher
from workflow.guilds import settings
from workflow.publisher import ResultPayload
from workflow.results.payload import send_payload
from workflow.results.share import ShareOutcome, ShareResult, VideoSource, is_audience_allowed

_log = structlog.get_logger(__name__)


async def share_film(context: Context, publisher: FilmPublisher, film_id: str) -> ShareResult:
    """Post a delivered film in the showcase channel; the caller checks permission.

    Raises:
        FilmNotFound: there is no such film.
        NotDelivered: it is not posted, or private.
        PublishError: Discord did not accept it, or (TemporaryPublishError) did not answer.
    """
    film = await context.database.read(lambda tx: films.get_with_prompt(tx, film_id))
    if film is None:
        raise FilmNotFound
    if film.state is not FilmState.DELIVERED or film.private:
        raise NotDelivered(JobState.POSTING)
    if film.shared_message_id is not None:
        return ShareResult(ShareOutcome.ALREADY_SHARED, film)
    server_settings = await settings.read(context, film.guild_id)
    if server_settings.showcase_channel is None:
        return ShareResult(ShareOutcome.NO_SHOWCASE, film)
    source = VideoSource(film.guild_id, film.channel_id, film.prompt)
    if not await is_audience_allowed(context, source, server_settings):
        return ShareResult(ShareOutcome.ADULTS_ONLY, film)
    return await _share(context, publisher, film, server_settings.showcase_channel)


async def _share(
    context: Context, publisher: FilmPublisher, film: Film, channel_id: int
) -> ShareResult:
    try:
        found = await _find(publisher, film, channel_id)
        message_id = found or await _post(context, publisher, film, channel_id)
    except TooLargeToPost:
        return ShareResult(ShareOutcome.TOO_LARGE, film)
    except FileNotFoundError:
        return ShareResult(ShareOutcome.GONE, film)
    shared = replace(film, shared_message_id=message_id, shared_channel_id=channel_id)
    now = await context.database.transact(lambda tx: _record_post(tx, shared))
    if now.shared_message_id == message_id:
        _log.info("film shared", film=film.id, message=message_id)
        return ShareResult(ShareOutcome.POSTED, now)
    await publisher.delete_shared_film(shared)
    is_there = now.shared_message_id is not None  # by another click, outside the nonce window
    return ShareResult(ShareOutcome.ALREADY_SHARED if is_there else ShareOutcome.GONE, now)


async def _find(publisher: FilmPublisher, film: Film, channel_id: int) -> int | None:
    try:
        return await publisher.find_shared_film(film, channel_id)
    except HistoryDenied:
        return None


async def _post(context: Context, publisher: FilmPublisher, film: Film, channel_id: int) -> int:
    async def send(film: Film, payload: ResultPayload) -> int:
        return await publisher.share_film(film, payload, channel_id)

    max_bytes = await publisher.max_file_bytes(film)
    return await send_payload(context, film, send, max_bytes, allow_without_video=False)


async def _record_post(tx: AsyncConnection, shared: Film) -> Film:
    """Record the post, unless the film has been deleted or has another post by now."""
    await films.record_shared(tx, shared)
    now = await films.get(tx, shared.id)
    assert now is not None, "films stay"
    return now
