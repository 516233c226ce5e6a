"""Waiting until something is there; an error says what was there instead."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sandbox.discord.errors import WaitTimeoutError

T = TypeVar("T")


class ChangeNotifier:
    """Wakes those who wait for something, whenever anything has changed."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Let everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    def next_change(self) -> asyncio.Event:
        """Give what will be set by the next change."""
        return self._changed

    async def wait_until(
        self, find: Callable[[], T | None], within: float, awaited: str, shown: Callable[[], str]
    ) -> T:
        """Return what `find` finds, within so many seconds.

        Raises:
            WaitTimeoutError: with `awaited`, and what `shown` returns at the end.
        """
        try:
            async with asyncio.timeout(within):
                while (found := find()) is None:
                    await self._changed.wait()
        except TimeoutError:
            raise WaitTimeoutError(
                f"{awaited}: not within {within:g} s. There is: {shown()}"
            ) from None
        return found
