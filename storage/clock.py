"""Knows the time by which jobs are due and leases run out: the database's, and never backwards."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

from storage.errors import StorageError

_SET_AGAIN_S = 60


class DatabaseClock:
    """Tells Unix milliseconds; goes by the machine's monotonic clock between two settings.

    All processes of one database tell the same time, whatever their hosts' clocks say, and a clock
    that is put back does not hold up what is due. Usable while its context is open.

    Args:
        read: tells the database's time, Unix milliseconds; raises StorageError.
        monotonic_ns: the machine's monotonic clock.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[int]],
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._read = read
        self._monotonic_ns = monotonic_ns
        self._ahead_ms = 0

    async def __aenter__(self) -> Self:
        """Set the clock, and go on setting it.

        Raises:
            StorageError: the database does not answer.
        """
        await self.sync()
        self._setting = asyncio.create_task(self._set_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop setting it."""
        self._setting.cancel()
        await asyncio.gather(self._setting, return_exceptions=True)

    def now_ms(self) -> int:
        """Tell the time."""
        return self._ahead_ms + self._monotonic_ms()

    async def sync(self) -> None:
        """Put the clock forward to the database's time; it is never put back."""
        now_ms = await self._read()
        self._ahead_ms = max(self._ahead_ms, now_ms - self._monotonic_ms())

    async def _set_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_SET_AGAIN_S)
            with suppress(StorageError):
                await self.sync()

    def _monotonic_ms(self) -> int:
        return self._monotonic_ns() // 1_000_000
