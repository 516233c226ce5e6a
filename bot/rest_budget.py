"""A budget of requests to Discord over all processes, within its limit of 50 a second.

The library waits after a refusal only, and every refusal counts towards a ban of the address.
Interactions are answered outside this limit, so nothing waits there.
"""

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import aiohttp
import structlog

from domain.errors import Outage
from storage import rest_budget
from storage.database import Database

_log = structlog.get_logger(__name__)

SLOT_US: Final = 200_000
REQUESTS_PER_SLOT: Final = 8
"""Any second has a part in six slots at most: 48 requests."""

_UNLIMITED: Final = ("/interactions/", "/webhooks/")


class RestBudget:
    """Slots for the requests of this process: the database's, or its own where it is alone.

    `note_wait` is told of each wait for a slot.
    """

    def __init__(self, database: Database, note_wait: Callable[[], object] = bool) -> None:
        self._note_wait = note_wait
        self._database = database
        self._lock = asyncio.Lock()
        self._left = 0
        self._ends_s = 0.0

    def watch(self, trace: aiohttp.TraceConfig) -> aiohttp.TraceConfig:
        """Let the requests that a trace config observes wait for the budget, and return it."""

        async def wait(
            _session: aiohttp.ClientSession,
            _context: SimpleNamespace,
            start: aiohttp.TraceRequestStartParams,
        ) -> None:
            if not any(part in start.url.path for part in _UNLIMITED):
                await self.take()

        trace.on_request_start.append(wait)
        return trace

    async def take(self) -> None:
        """Wait until one request may be made."""
        async with self._lock:
            if not self._left or time.monotonic() >= self._ends_s:
                await self._begin_slot()
            self._left -= 1

    async def _begin_slot(self) -> None:
        wait_s = await self._claim()
        if wait_s:
            self._note_wait()
        self._ends_s = time.monotonic() + wait_s + SLOT_US / 1e6
        await asyncio.sleep(wait_s)
        self._left = REQUESTS_PER_SLOT

    async def _claim(self) -> float:
        """Return in how many seconds this process's next slot begins."""
        own_wait_s = max(0.0, self._ends_s - time.monotonic())
        if self._database.dialect == "sqlite":
            return own_wait_s
        try:
            wait_us = await self._database.transact(lambda tx: rest_budget.claim(tx, SLOT_US))
        except Outage as error:  # it posts what it can; Discord's refusals then hold it back
            _log.info("requests not shared out", reason=error)
            return own_wait_s
        return wait_us / 1e6
