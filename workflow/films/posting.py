"""Posting of a film, once, and its deletion.

The intent is recorded before the post. A film that was found with an intent may have been posted by
a process that died: it is searched for before it is posted.
"""

import asyncio
from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.films import FilmState
from storage import films
from storage.films import Film
from workflow.context import Context
from workflow.errors import (
    ChannelUnavailable,
    HistoryDenied,
    MessageDeleted,
    PublishError,
    TemporaryPublishError,
)
from workflow.films.publisher import FilmPublisher
from workflow.results.payload import send_payload

_log = structlog.get_logger(__name__)

_LONGEST_PAUSE_MS: Final = 15 * 60_000
_MAX_FAILURES: Final = 900
"""About a week of failures in a row."""

_NONCE_WINDOW_MS: Final = 60_000
"""Discord keeps a nonce for "a few minutes"; only this much is relied upon."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """The message of a film, and its channel if that is not the channel of the command."""

    message_id: int | None
    channel_id: int | None = None


async def post(
    context: Context, publisher: FilmPublisher, film: Film, *, may_be_posted: bool
) -> None:
    """Post the film in `posting`.

    Raises:
        StaleJobError: it was erased.
        Outage: the database or the media store does not answer.
    """
    try:
        found = await _find(context, publisher, film) if may_be_posted else None
        placed = found or await _post(context, publisher, film)
    except FileNotFoundError:
        await context.database.transact(
            lambda tx: films.move(tx, film, FilmState.JOINING, now_ms=context.now_ms())
        )
        _log.error("film's file missing", film=film.id)
    except MessageDeleted:
        await _record(context, film, _Placed(None, film.result_channel_id))
    except TemporaryPublishError as error:
        await retry(context, film, error)
    except PublishError as error:
        await _park(context, film, error)
    else:
        await _record(context, film, placed)


async def remove(context: Context, publisher: FilmPublisher, film: Film) -> None:
    """Delete the message and the file of a film in `deleting`.

    Raises:
        StaleJobError: another process has done it.
        TemporaryPublishError: Discord does not answer.
    """
    try:
        posted = film
        if film.message_id is None and film.posting_since_ms is not None:
            found = await _find(context, publisher, film)
            if found is not None:
                posted = replace(
                    film, message_id=found.message_id, result_channel_id=found.channel_id
                )
        await publisher.delete_shared_film(posted)
        if posted.message_id is not None:
            await publisher.delete_film(posted)
    except TemporaryPublishError:
        raise
    except PublishError as error:
        _log.warning("film's message not deleted", film=film.id, error=error)
    await asyncio.to_thread(context.media.remove_video, f"{film.id}.mp4")
    await context.database.transact(
        lambda tx: films.move(tx, film, FilmState.DELETED, now_ms=context.now_ms(), file_size=None)
    )
    _log.info("film deleted", film=film.id)


async def retry(context: Context, film: Film, error: Exception) -> None:
    """Go on with a film later; after a week of failures to post it, it waits for its member."""
    failures = film.failures + 1
    if failures >= _MAX_FAILURES and film.state is FilmState.POSTING:
        await _park(context, film, error)
        return
    due_at_ms = context.backoff_until_ms(failures, _LONGEST_PAUSE_MS)
    await context.database.transact(
        lambda tx: films.reschedule(tx, film, due_at_ms, failures=failures, turns=0)
    )
    _log.warning("film delayed", film=film.id, state=film.state, failures=failures, error=error)


async def _find(context: Context, publisher: FilmPublisher, film: Film) -> _Placed | None:
    since_ms = film.posting_since_ms or film.created_at_ms
    for channel_id in dict.fromkeys((film.result_channel_id, None)):
        candidate = replace(film, result_channel_id=channel_id)
        try:
            found = await publisher.find_film(candidate, since_ms)
        except HistoryDenied:
            if context.now_ms() - since_ms < _NONCE_WINDOW_MS:
                return None
            raise
        except ChannelUnavailable:
            continue
        if found is not None:
            return _Placed(found, channel_id)
    sent = None if film.private else await publisher.find_film_dm(film, since_ms)
    return None if sent is None else _Placed(sent)


async def _post(context: Context, publisher: FilmPublisher, film: Film) -> _Placed:
    """Post a film to its channel, else to that of its command, else to its member."""
    for channel_id in dict.fromkeys((film.result_channel_id, None)):
        candidate = replace(film, result_channel_id=channel_id)
        max_bytes = await publisher.max_file_bytes(candidate)
        try:
            message_id = await send_payload(context, candidate, publisher.post_film, max_bytes)
        except (TemporaryPublishError, MessageDeleted):
            raise
        except PublishError as error:
            if film.private:
                raise
            _log.warning(
                "channel refused the film",
                film=film.id,
                channel=candidate.destination_channel_id,
                error=error,
            )
        else:
            return _Placed(message_id, channel_id)
    max_bytes = await publisher.max_file_bytes(film, by_dm=True)
    return _Placed(await send_payload(context, film, publisher.send_film_by_dm, max_bytes))


async def _record(context: Context, film: Film, placed: _Placed) -> None:
    async def record_delivery(tx: AsyncConnection) -> Film:
        return await films.move(
            tx,
            film,
            FilmState.DELIVERED,
            now_ms=context.now_ms(),
            message_id=placed.message_id,
            result_channel_id=placed.channel_id,
        )

    await context.database.transact(record_delivery)
    _log.info("film delivered", film=film.id, message=placed.message_id)


async def _park(context: Context, film: Film, error: Exception) -> None:
    await context.database.transact(
        lambda tx: films.move(tx, film, FilmState.UNDELIVERABLE, now_ms=context.now_ms())
    )
    _log.error("film undeliverable", film=film.id, error=error)
