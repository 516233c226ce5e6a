"""SQLite without threads: a transaction runs at once, in the thread of the event loop.

To wake a thread takes longer than most transactions do. Only who waits for the lock of another
connection would hold up everything. As on a thread, a transaction cannot wait for anything else.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.sqlite_threads import SqliteEngine

T = TypeVar("T")


@contextmanager
def sqlite_without_threads() -> Generator[None]:
    """Have SQLite work in the loop's thread meanwhile; results come at the loop's next turn."""
    real: Any = SqliteEngine.run

    async def run(self: SqliteEngine, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        await asyncio.sleep(0)
        try:
            return self._run(work, math.inf)
        finally:
            await asyncio.sleep(0)

    SqliteEngine.run = run
    try:
        yield
    finally:
        SqliteEngine.run = real
