"""Signals that the processes of one database send each other.

Each of them looks for work every two seconds and at its shards every five all the same, and keeps
nothing for ever, so a signal may be lost: while the database restarts, or behind a pooler that
cannot bring any.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import Final

import structlog

from storage import notices
from storage.database import Database

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0


class Signal(StrEnum):
    """What has happened.

    There is new work, or it may go on; a server has other settings; shards are to change hands.
    """

    WORK = "work"
    SETTINGS = "settings"
    SHARDS = "shards"


_KINDS: Final = frozenset(Signal)


class Signals:
    """The signals of a process, by its name; without a database they reach itself alone."""

    def __init__(self, database: Database | None = None, name: str = "") -> None:
        self._database = database if database is not None and database.has_notices else None
        self._name = name
        self._reactions = defaultdict[Signal, list[Callable[[str], None]]](list)
        self._waiting = set[str]()
        self._sending = dict[str, asyncio.Task[None]]()

    def on(self, signal: Signal, react: Callable[[str], None]) -> None:
        """Have `react` called with the detail of each signal of a kind.

        The detail is empty where signals may have been missed.
        """
        self._reactions[signal].append(react)

    def send(self, signal: Signal, detail: str = "") -> None:
        """React to a signal, and send it to every other process."""
        self._react(signal, detail)
        self.tell_others(signal, detail)

    def tell_others(self, signal: Signal, detail: str = "") -> None:
        """Send a signal to every other process; nothing waits for that."""
        text = f"{self._name} {signal} {detail}"
        if self._database is None:
            return
        self._waiting.add(text)
        if text not in self._sending:
            task = asyncio.create_task(self._send_to_others(self._database, text), name="signal")
            self._sending[text] = task

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """Hear the others' signals while the context is open."""
        if self._database is None:
            yield
            return
        task = asyncio.create_task(self._listen(self._database), name="signals")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def _listen(self, database: Database) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            started_s = asyncio.get_running_loop().time()
            try:
                await notices.listen(database, self._hear)
            except Exception as error:  # noqa: BLE001 - whatever it is, every process looks by itself
                _log.info("signals interrupted", reason=type(error).__name__)
            if asyncio.get_running_loop().time() - started_s > _LONGEST_PAUSE_S:
                pause_s = _FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def _send_to_others(self, database: Database, text: str) -> None:
        while text in self._waiting:  # sent once more meanwhile
            self._waiting.remove(text)
            try:
                await notices.send(database, text)
            except Exception as error:  # noqa: BLE001 - as above
                _log.info("signal not sent", reason=type(error).__name__)
        del self._sending[text]

    def _hear(self, text: str) -> None:
        if not text:
            for signal in Signal:
                self._react(signal, "")
            return
        name, _, told = text.partition(" ")
        kind, _, detail = told.partition(" ")
        if name != self._name and kind in _KINDS:
            self._react(Signal(kind), detail)

    def _react(self, signal: Signal, detail: str) -> None:
        for react in self._reactions[signal]:
            react(detail)
