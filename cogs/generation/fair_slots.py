"""Slots that go to the member who has the fewest, so that one's pile delays nobody."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager


class FairSlots:
    """At most `at_once` holders in this process; a free slot goes to who has the fewest."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._held = Counter[int]()
        self._waiting = deque[tuple[int, asyncio.Future[None]]]()

    @asynccontextmanager
    async def take(self, user_id: int) -> AsyncGenerator[None]:
        """Hold a slot for a member."""
        if self._free and not self._waiting:
            self._give(user_id)
        else:
            await self._wait(user_id)
        try:
            yield
        finally:
            self._release(user_id)

    async def _wait(self, user_id: int) -> None:
        turn = (user_id, asyncio.get_running_loop().create_future())
        self._waiting.append(turn)
        try:
            await turn[1]
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                self._release(user_id)  # given just before
            raise

    def _give(self, user_id: int) -> None:
        self._free -= 1
        self._held[user_id] += 1

    def _release(self, user_id: int) -> None:
        self._free += 1
        self._held[user_id] -= 1
        if not self._held[user_id]:
            del self._held[user_id]
        waiting = [turn for turn in self._waiting if not turn[1].done()]
        if waiting:
            turn = min(waiting, key=lambda turn: self._held[turn[0]])
            self._waiting.remove(turn)
            self._give(turn[0])
            turn[1].set_result(None)
