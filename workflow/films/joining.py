"""Joining of a film: its videos are made into one file, in a confined process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.films import FilmFault, FilmState
from domain.guild_rules import rule_applies
from domain.snowflakes import MAX_SNOWFLAKE
from storage import films, high_water
from storage.errors import MediaTooLarge, NotAVideo
from storage.films import Film
from workflow.context import Context
from workflow.errors import PublishError, TemporaryPublishError, UnusableVideo
from workflow.films.publisher import FilmPublisher
from workflow.guilds import settings
from workflow.results.payload import use_payload
from workflow.video_tools.film_tools import MAX_FILM_BYTES, FilmTools, Report

_log = structlog.get_logger(__name__)

_CHUNK_BYTES: Final = 1 << 20


async def join(
    context: Context, tools: FilmTools, publisher: FilmPublisher, film: Film, report: Report
) -> Film | None:
    """Join a film and intend its post; None if there will be none, which its member is told.

    A film that was joined before the process died is taken as it is.

    Raises:
        StaleJobError: the film was cancelled, or erased.
        OSError: the disk is full, or no process could be started.
        Outage: the database or the media store does not answer.
        PublishError: Discord does not answer where it may be posted.
    """
    try:
        size = await _make_file(context, tools, film, report)
        # Made before the intent: a smaller copy may take longer than Discord keeps a nonce.
        async with use_payload(context, film, await publisher.max_file_bytes(film)):
            pass
    except FileNotFoundError:
        await fail(context, publisher, film, FilmFault.PARTS_GONE)
        return None
    except (UnusableVideo, MediaTooLarge, NotAVideo) as error:
        _log.warning("film not joined", film=film.id, error=error)
        await fail(context, publisher, film, FilmFault.UNUSABLE)
        return None
    return await _intend(context, film, size, await _find_channel(context, film))


async def _make_file(context: Context, tools: FilmTools, film: Film, report: Report) -> int:
    """Return the bytes of the film's file, made unless it is there."""
    name = f"{film.id}.mp4"
    kept = await context.media.restore_video(name, max_bytes=MAX_FILM_BYTES)
    if kept is not None:
        return kept.size
    async with AsyncExitStack() as stack:
        videos = [
            await stack.enter_async_context(context.media.use_video(f"{part}.mp4"))
            for part in film.parts
        ]
        return await _join_files(context, tools, film, videos, report)


async def _join_files(
    context: Context, tools: FilmTools, film: Film, videos: list[Path], report: Report
) -> int:
    with TemporaryFile() as out:
        await tools.join(videos, out, dissolve=film.dissolve, report=report)
        out.seek(0)
        stored = await context.media.save_video(
            f"{film.id}.mp4", _read_chunks(out), max_bytes=MAX_FILM_BYTES
        )
    _log.info("film joined", film=film.id, bytes=stored.size)
    return stored.size


async def _read_chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
        yield chunk


async def _find_channel(context: Context, film: Film) -> int | None:
    """Return the server's channel for results; None for the channel of the command."""
    server_settings = await settings.read(context, film.guild_id)
    channel_id = server_settings.result_channel
    if film.private or channel_id in (None, film.channel_id) or channel_id > MAX_SNOWFLAKE:
        return None
    if not rule_applies(server_settings.age_gate, server_settings, film.prompt):
        return channel_id
    is_restricted = await context.publisher.is_age_restricted(film.guild_id, channel_id)
    return channel_id if is_restricted else None


async def _intend(context: Context, film: Film, size: int, channel_id: int | None) -> Film:
    async def record_intent(tx: AsyncConnection) -> Film:
        now_ms = context.now_ms()
        await high_water.advance(tx)
        return await films.move(
            tx,
            film,
            FilmState.POSTING,
            now_ms=now_ms,
            keep_lease=True,
            percent=100,
            file_size=size,
            posting_since_ms=film.posting_since_ms or now_ms,
            result_channel_id=channel_id,
        )

    intended = await context.database.transact(record_intent)
    await context.high_water.keep_if_possible(context.database, context.media)
    return intended


async def fail(context: Context, publisher: FilmPublisher, film: Film, fault: FilmFault) -> None:
    """Post to a member that there will be no film, and record it.

    Raises:
        StaleJobError: the film was cancelled, or erased.
        TemporaryPublishError: Discord does not answer.
    """
    try:
        await publisher.post_failure(replace(film, state=FilmState.FAILED, reason=fault))
    except TemporaryPublishError:
        raise
    except PublishError as error:
        _log.warning("member not told of their film", film=film.id, error=error)

    async def record_failure(tx: AsyncConnection) -> Film:
        now_ms = context.now_ms()
        return await films.move(tx, film, FilmState.FAILED, now_ms=now_ms, reason=fault)

    await context.database.transact(record_failure)
