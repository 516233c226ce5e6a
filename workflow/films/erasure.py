"""Erasure of films: their files, and their messages where everything of a member goes."""

import asyncio
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.erasures import Erasure
from domain.films import FilmState
from storage import films
from storage.database import Database
from storage.films import Film
from storage.media import MediaFolder


class _Context(Protocol):
    @property
    def database(self) -> Database: ...

    @property
    def media(self) -> MediaFolder: ...

    def now_ms(self) -> int: ...


async def erase_films(context: _Context, erasure: Erasure) -> None:
    """Erase the films of an erasure; the worker deletes their messages, if they are to go.

    Raises:
        OSError: the media store does not answer.
    """

    async def record_erased(tx: AsyncConnection) -> list[Film]:
        erasable, now_ms = await films.lock_erasable(tx, erasure), context.now_ms()
        for film in erasable:
            target = _target(film, with_messages=erasure.guild_id == 0)
            # Another process may be posting it at this moment.
            due_at_ms = max(now_ms, film.lease_until_ms or 0)
            await films.erase(tx, film, target, now_ms=now_ms, due_at_ms=due_at_ms)
        return erasable

    if not await context.database.read(lambda tx: films.has_erasable(tx, erasure)):
        return
    for film in await context.database.transact(record_erased):
        await asyncio.to_thread(context.media.remove_video, f"{film.id}.mp4")


def _target(film: Film, *, with_messages: bool) -> FilmState:
    """Return the state of a film after its erasure."""
    match film.state:
        case FilmState.JOINING:
            return FilmState.CANCELLED
        case FilmState.CANCELLED | FilmState.FAILED | FilmState.DELETED:
            return film.state
        case _:
            is_posted = film.message_id is not None or film.posting_since_ms is not None
            return FilmState.DELETING if with_messages and is_posted else FilmState.DELETED
