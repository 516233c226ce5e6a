"""Members' turns: one request of a member at a time has its files looked at.

Somebody else's pile keeps nobody waiting, and what the first request of a pile uses up refuses the
others before their files are fetched.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from weakref import WeakValueDictionary

from storage.media import SavedInput
from workflow.context import Context
from workflow.fetch_budget import FetchCounter, fetching
from workflow.input_files import discard_inputs


class MemberTurn:
    """The turn of one request: what it fetches is counted, and what it saves ends with it.

    A file outlives the turn if it was kept for a job, or touched for a form.
    """

    def __init__(self, context: Context, user_id: int) -> None:
        self.user_id = user_id
        self._context = context
        self._saved: list[SavedInput] = []

    def fetching(self, size: int) -> AbstractAsyncContextManager[FetchCounter]:
        """Reserve the announced size of the member's files; raises `FetchBudgetSpent`."""
        return fetching(self._context, self.user_id, size)

    async def save_input(self, data: bytes, suffix: str) -> str:
        """Save a file, given the suffix of its format, and return its name.

        Raises:
            OSError: it cannot be saved.
        """
        saved = await self._context.media.save_input(data, suffix)
        self._saved.append(saved)
        return saved.name

    async def read_input(self, name: str) -> bytes:
        """Return the bytes of a saved file.

        Raises:
            FileNotFoundError: it has expired.
            Outage: the media store does not answer.
        """
        async with self._context.media.use_input(name) as path:
            return await asyncio.to_thread(path.read_bytes)

    async def discard_unused(self) -> None:
        """Remove what nobody needs."""
        await discard_inputs(self._context, self._saved)


class MemberTurns:
    """The turns of all members of this process.

    Another process has its own: they spare work, and decide nothing. What a member may fetch and
    spend is counted in the database.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._locks = WeakValueDictionary[int, asyncio.Lock]()

    @asynccontextmanager
    async def take(self, user_id: int) -> AsyncGenerator[MemberTurn]:
        """Wait for a member's turn."""
        async with self._locks.setdefault(user_id, asyncio.Lock()):
            turn = MemberTurn(self._context, user_id)
            try:
                yield turn
            finally:
                await turn.discard_unused()
