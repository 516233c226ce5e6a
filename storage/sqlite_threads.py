"""SQLite's transactions, each run whole on a thread: one hop there and back, whatever it does.

Waking a thread, and the event loop again, costs more than most statements do.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.engine.cursor import FullyBufferedCursorFetchStrategy
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncResult
from sqlalchemy.ext.asyncio.base import asyncstartablecontext

T = TypeVar("T")

_LONGEST_WAIT_S: Final = 30
"""How long a transaction may wait for its turn."""


class SqliteConnection(AsyncConnection):
    """A connection of one transaction, whose statements run at once in the thread they are in."""

    def __init__(self, connection: Connection) -> None:
        self.sync_connection, self.sync_engine = connection, connection.engine

    async def execute(
        self, statement: Executable, parameters: Any = None, *, execution_options: Any = None
    ) -> CursorResult[Any]:
        """Execute a statement; its rows are read now, and may be taken after the transaction."""
        result = self._proxied.execute(statement, parameters, execution_options=execution_options)
        return _read_now(result)

    @asyncstartablecontext
    async def stream(
        self, statement: Executable, parameters: Any = None, *, execution_options: Any = None
    ) -> AsyncIterator[AsyncResult[Any]]:
        """Execute a statement whose rows are read one by one, within the transaction."""
        result = self._proxied.execute(statement, parameters, execution_options=execution_options)
        yield AsyncResult(result)
        result.close()  # not reached where it was awaited: then its reader closes it

    async def exec_driver_sql(
        self, statement: str, parameters: Any = None, execution_options: Any = None
    ) -> CursorResult[Any]:
        """Execute SQL of the driver's own."""
        return _read_now(self._proxied.exec_driver_sql(statement, parameters, execution_options))

    async def run_sync(self, fn: Callable[..., T], *given: Any, **named: Any) -> T:
        """Call a function with the connection itself."""
        return fn(self._proxied, *given, **named)


class SqliteEngine:
    """Runs transactions on threads of its own; each waits for its turn, the oldest first."""

    def __init__(self, engine: Engine, threads: int) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(threads, "sqlite")

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in one transaction, in a thread: it may wait for nothing but its statements.

        Raises:
            NoConnectionFree: the transactions before it took too long.
        """
        context, deadline_s = copy_context(), time.monotonic() + _LONGEST_WAIT_S
        return await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: context.run(self._run, work, deadline_s)
        )

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection]:
        """Begin a transaction that may wait for anything; its statements hold up the event loop."""
        with self._engine.begin() as connection:
            yield SqliteConnection(connection)

    async def dispose(self) -> None:
        """Close every connection, after the transactions that have begun."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()

    def _run(self, work: Callable[[AsyncConnection], Awaitable[T]], deadline_s: float) -> T:
        if time.monotonic() > deadline_s:
            raise NoConnectionFree
        with self._engine.begin() as connection:
            return run_now(work(SqliteConnection(connection)))


def run_now(work: Awaitable[T]) -> T:
    """Run a coroutine that never waits to its end, and return its result.

    Raises:
        RuntimeError: it waits.
    """
    steps = work.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    raise RuntimeError("a transaction waits for something other than its statements")


def _read_now(result: CursorResult[Any]) -> CursorResult[Any]:
    if result.returns_rows:
        result.cursor_strategy = FullyBufferedCursorFetchStrategy(result.cursor)
    return result
