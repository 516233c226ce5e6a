"""An event loop in which no time passes: its clock jumps to whatever is due next.

Nothing in it waits for the machine: SQLite and files are worked on at once, in the loop's own
thread. So the same seed leads to the same steps in the same order.
"""

import asyncio
import selectors
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Engine, event

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Jumps from one due moment to the next; `time()` is what is simulated, in seconds."""

    def __init__(self) -> None:
        self._now_s = 0.0
        super().__init__(_Jumps(self._jump))
        # Less would be lost in a float of the seconds of a year, and a timer due now never go off.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        """Return the simulated seconds since the loop was made."""
        return self._now_s

    def run_in_executor(
        self, _executor: object, work: Callable[..., T], *given: Any
    ) -> asyncio.Future[T]:
        """Do the work at once, here: no thread has to be waited for."""
        future: asyncio.Future[T] = self.create_future()
        _fulfil(future, lambda: work(*given))
        return future

    def _jump(self, seconds: float) -> None:
        self._now_s += seconds


@contextmanager
def sqlite_without_threads() -> Generator[None]:
    """Have SQLite work in the loop's thread, on every connection that is made meanwhile."""

    def connect(_dialect: object, _record: object, _: object, given: dict[str, Any]) -> None:
        given["async_creator_fn"] = _Connection.to

    event.listen(Engine, "do_connect", connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", connect)


class _Jumps(selectors.SelectSelector):
    """Waits for nothing: there is no socket, and time is made to pass."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing is due any more: whoever waits, waits for ever")
        self._jump(max(0.0, timeout))
        return []


class _Connection(aiosqlite.Connection):
    """A connection of aiosqlite whose queue does at once what is put into it."""

    @classmethod
    def to(cls, database: str, **given: Any) -> "_Connection":
        made = cls(lambda: sqlite3.connect(database, **given), iter_chunk_size=64)
        made._tx = _AtOnce()
        made._thread = _NoThread()
        return made


class _AtOnce:
    def put_nowait(self, given: tuple[asyncio.Future[Any] | None, Callable[[], Any]]) -> None:
        future, work = given
        if future is None:
            work()
        else:
            _fulfil(future, work)


class _NoThread:
    def start(self) -> None:
        """Start nothing."""


def _fulfil(future: asyncio.Future[T], work: Callable[[], T]) -> None:
    try:
        result = work()
    except Exception as error:  # noqa: BLE001 - whoever waits for it hears of it
        future.set_exception(error)
    else:
        future.set_result(result)
