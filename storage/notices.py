"""Notices between the processes on a PostgreSQL database, by its LISTEN and NOTIFY.

A notice reaches those that listen at its moment. What it says has to be found without it too.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from sqlalchemy import func, select

from storage.database import Database
from storage.errors import DatabaseUnavailable

_CHANNEL: Final = "dailies"
_PING_S: Final = 60


async def send(database: Database, text: str) -> None:
    """Send a notice to every process that listens, this one too.

    Raises:
        DatabaseUnavailable: it may not have been sent.
    """
    await database.transact(lambda tx: tx.execute(select(func.pg_notify(_CHANNEL, text))))


async def listen(database: Database, heard: Callable[[str], None]) -> None:
    """Call `heard` with each notice, and with an empty one first: there may have been some.

    Raises:
        DatabaseUnavailable: the connection has ended, or cannot be opened.
    """
    ended = asyncio.Event()
    async with database.open_listener() as connection:
        connection.add_termination_listener(lambda _: ended.set())  # pyright: ignore[reportUnknownLambdaType] - asyncpg has no types
        await connection.add_listener(_CHANNEL, lambda *notice: heard(notice[-1]))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - as above
        heard("")
        while not ended.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_PING_S):
                    await ended.wait()
            if not ended.is_set():
                await connection.execute("SELECT 1")  # a host that is gone ends no connection
    raise DatabaseUnavailable("the connection that brings notices has ended")
