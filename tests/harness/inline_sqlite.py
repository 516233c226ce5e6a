"""SQLite without threads: a statement runs at once, in the thread of the event loop.

To wake a connection's thread takes longer than most statements do. Only who waits for the lock of
another connection would hold up everything.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Dialect, Engine, event

T = TypeVar("T")

_STATEMENTS = {"execute", "executemany", "commit", "rollback"}
"""The functions of `sqlite3` after which others go on, as they do while a thread works."""


@contextmanager
def sqlite_without_threads(*, others_go_on: bool = False) -> Generator[None]:
    """Have SQLite work in the loop's thread, on every connection that is made meanwhile.

    With `others_go_on`, a statement's result comes at the loop's next turn, else at once.
    """

    def connect(dialect: Dialect, _record: object, _: object, given: dict[str, Any]) -> None:
        if dialect.name == "sqlite":
            given["async_creator_fn"] = partial(_Connection.to, others_go_on=others_go_on)

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)


def fulfil(future: asyncio.Future[T], work: Callable[[], T]) -> None:
    """Do some work, and give its result or error to anyone who waits for it."""
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - the task that waits gets it
        future.set_exception(error)
    else:
        future.set_result(result)


class _Connection(aiosqlite.Connection):
    """A connection of aiosqlite whose queue does at once what is put into it."""

    @classmethod
    def to(cls, database: str, *, others_go_on: bool, **given: Any) -> "_Connection":
        made = cls(lambda: sqlite3.connect(database, **given), iter_chunk_size=64)
        made._tx = _OthersGoOn() if others_go_on else _AtOnce()
        made._thread = _NoThread()
        return made


class _AtOnce:
    def put_nowait(self, given: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, work = given
        if future is None:
            work()
        else:
            fulfil(future, work)


class _OthersGoOn(_AtOnce):
    def put_nowait(self, given: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, work = given
        if future is None or not (isinstance(work, partial) and _is_statement(work)):
            super().put_nowait(given)
            return
        done = future.get_loop().create_future()
        fulfil(done, work)
        future.get_loop().call_soon(_hand_on, done, future)


def _is_statement(work: partial[Any]) -> bool:
    return getattr(work.func, "__name__", "") in _STATEMENTS


def _hand_on(done: asyncio.Future[Any], future: asyncio.Future[Any]) -> None:
    error = done.exception()
    if future.done():  # nobody waits any more
        return
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(error)


class _NoThread:
    def start(self) -> None:
        """Start nothing."""
