"""Orders of films: which videos there are to choose from, and what a member may do with a film."""

from dataclasses import dataclass
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.films import MAX_FILMS_A_DAY, MAX_PARTS, MIN_PARTS, FilmState, FilmView, film_seconds
from domain.guild_rules import RequestOrigin, film_violations
from domain.jobs import new_job_id
from storage import films
from storage.errors import FilmInProgress
from storage.films import Film, KeptVideo, NewFilm
from workflow.context import Context
from workflow.errors import FilmNotFound, FilmRefused
from workflow.guilds import settings

_log = structlog.get_logger(__name__)

PAGE_SIZE: Final = 12
"""Videos on a page of the choice."""

_LISTED_MS: Final = DAY_MS
_LISTED: Final = 2
"""Films that the job list shows, of the last day."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A page of the videos to choose from, newest first, and whether there are older ones."""

    videos: tuple[KeptVideo, ...]
    has_older: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmOrder:
    """What a member asks for: parts in order, from one place."""

    interaction_id: int
    guild_id: int
    user_id: int
    parts: tuple[str, ...]
    dissolve: bool
    origin: RequestOrigin
    language: str | None = None


async def list_choice(context: Context, guild_id: int, user_id: int, page: int) -> Choice:
    """Return a page of a member's kept videos on a server.

    Raises:
        Outage: the media store does not answer.
    """
    offset = page * PAGE_SIZE
    found = await context.database.read(
        lambda tx: films.list_kept_videos(tx, guild_id, user_id, offset=offset, limit=PAGE_SIZE + 1)
    )
    kept = [one for one in found[:PAGE_SIZE] if await context.media.has_video(f"{one.id}.mp4")]
    return Choice(tuple(kept), len(found) > PAGE_SIZE)


async def get_parts(
    context: Context, guild_id: int, user_id: int, parts: tuple[str, ...]
) -> list[KeptVideo]:
    """Return the chosen videos in their order; those that are gone are left out."""
    found = await context.database.read(
        lambda tx: films.get_kept_videos(tx, guild_id, user_id, parts)
    )
    return [found[part] for part in parts if part in found]


async def accept_film(context: Context, order: FilmOrder) -> FilmView:
    """Accept an order; the film of an order that was accepted before is returned.

    Raises:
        FilmRefused: a video is gone, the day's films are made, one is being joined, or the server's
            rules forbid it.
        Outage: the database or the media store does not answer.
    """
    videos = await get_parts(context, order.guild_id, order.user_id, order.parts)
    if not MIN_PARTS <= len(order.parts) <= MAX_PARTS or len(videos) != len(order.parts):
        raise FilmRefused("gone")
    for name in {f"{video.id}.mp4" for video in videos}:
        if not await context.media.has_video(name):
            raise FilmRefused("gone")
    server_settings = await settings.read(context, order.guild_id)
    prompt = "\n".join(video.request.prompt for video in videos)
    if broken := film_violations(server_settings, order.origin, prompt):
        raise FilmRefused("rules", broken)
    new = _new_film(context, order, videos)
    try:
        film = await context.database.transact(lambda tx: _add(tx, new))
    except FilmInProgress:
        raise FilmRefused("busy") from None
    _log.info("film accepted", film=film.id, parts=len(film.parts))
    return film


def _new_film(context: Context, order: FilmOrder, videos: list[KeptVideo]) -> NewFilm:
    now_ms = context.now_ms()
    return NewFilm(
        id=new_job_id(now_ms, context.random.getrandbits(50)),
        interaction_id=order.interaction_id,
        guild_id=order.guild_id,
        channel_id=order.origin.channel_id,
        user_id=order.user_id,
        parts=order.parts,
        dissolve=order.dissolve,
        seconds=film_seconds((video.request.seconds for video in videos), dissolve=order.dissolve),
        private=any(video.private for video in videos),
        created_at_ms=now_ms,
        language=order.language,
    )


async def _add(tx: AsyncConnection, new: NewFilm) -> Film:
    midnight_ms = new.created_at_ms // DAY_MS * DAY_MS
    film = await films.add(tx, new)
    if film.id == new.id and await films.count_since(tx, new.user_id, midnight_ms) > (
        MAX_FILMS_A_DAY
    ):
        raise FilmRefused("day")
    return film


async def get_film(context: Context, film_id: str) -> Film:
    """Return a film; raises `FilmNotFound` if there is none."""
    film = await context.database.read(lambda tx: films.get(tx, film_id))
    if film is None or film.erased_at_ms is not None:
        raise FilmNotFound
    return film


async def list_films(context: Context, guild_id: int, user_id: int) -> list[Film]:
    """Return a member's latest films on a server, newest first."""
    since_ms = context.now_ms() - _LISTED_MS
    return await context.database.read(
        lambda tx: films.list_recent(tx, guild_id, user_id, since_ms, _LISTED)
    )


async def cancel_film(context: Context, film_id: str, user_id: int) -> bool:
    """Cancel a member's film that is being joined; return False if it is too late.

    Raises:
        FilmNotFound: there is no such film of theirs.
    """

    async def record_cancellation(tx: AsyncConnection) -> bool:
        film = await _get_own(tx, film_id, user_id)
        if film.state is FilmState.JOINING:
            await films.move(tx, film, FilmState.CANCELLED, now_ms=context.now_ms())
            return True
        return film.state is FilmState.CANCELLED

    return await context.database.transact(record_cancellation)


async def delete_film(context: Context, film_id: str) -> bool:
    """Have a film's message and file deleted, by the worker; return False if it is on its way.

    The caller has checked who asks.

    Raises:
        FilmNotFound: there is no such film.
    """

    async def record_deletion(tx: AsyncConnection) -> bool:
        film = await films.get(tx, film_id)
        if film is None:
            raise FilmNotFound
        if film.state in (FilmState.DELIVERED, FilmState.UNDELIVERABLE):
            await films.move(tx, film, FilmState.DELETING, now_ms=context.now_ms())
            return True
        return film.state in (FilmState.DELETING, FilmState.DELETED)

    return await context.database.transact(record_deletion)


async def post_again(context: Context, film_id: str, user_id: int) -> bool:
    """Have a film posted that could not be; return False if there is nothing to post.

    Raises:
        FilmNotFound: there is no such film of theirs.
    """

    async def record_order(tx: AsyncConnection) -> bool:
        film = await _get_own(tx, film_id, user_id)
        if film.state is FilmState.UNDELIVERABLE:
            await films.move(tx, film, FilmState.POSTING, now_ms=context.now_ms())
            return True
        return film.state is FilmState.POSTING

    return await context.database.transact(record_order)


async def _get_own(tx: AsyncConnection, film_id: str, user_id: int) -> Film:
    film = await films.get(tx, film_id)
    if film is None or film.user_id != user_id or film.erased_at_ms is not None:
        raise FilmNotFound
    return film
