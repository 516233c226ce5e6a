"""Clock for due times and leases: the database's time, never running backwards."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

from storage.errors import StorageError

_SYNC_INTERVAL_S = 60


class DatabaseClock:
    """Clock in Unix milliseconds, advanced by the monotonic clock between two syncs.

    All processes of one database see the same time, whatever their hosts' clocks say, and a clock
    that is set back does not delay what is due. Usable while its context is open.

    Args:
        read: returns the database's time in Unix milliseconds; raises StorageError.
        monotonic_ns: the machine's monotonic clock.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[int]],
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._read = read
        self._monotonic_ns = monotonic_ns
        self._offset_ms = 0

    async def __aenter__(self) -> Self:
        """Sync the clock, and keep it synced.

        Raises:
            StorageError: the database does not answer.
        """
        await self.sync()
        self._sync_task = asyncio.create_task(self._sync_forever())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop syncing."""
        self._sync_task.cancel()
        await asyncio.gather(self._sync_task, return_exceptions=True)

    def now_ms(self) -> int:
        """Return the time in Unix milliseconds."""
        return self._offset_ms + self._monotonic_ms()

    async def sync(self) -> None:
        """Advance the clock to the database's time; it never goes back."""
        now_ms = await self._read()
        self._offset_ms = max(self._offset_ms, now_ms - self._monotonic_ms())

    async def _sync_forever(self) -> None:
        while True:
            await asyncio.sleep(_SYNC_INTERVAL_S)
            with suppress(StorageError):
                await self.sync()

    def _monotonic_ms(self) -> int:
        return self._monotonic_ns() // 1_000_000
