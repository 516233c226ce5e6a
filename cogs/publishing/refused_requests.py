"""A count of the requests that Discord refused lately, and a rest before there are too many.

Discord bans an address for a while after 10,000 refused requests in ten minutes. Every repeated
request makes growing pauses; this is for many of them at once, and for what nobody thought of.
"""

import time
from collections import deque
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import aiohttp
import structlog

_log = structlog.get_logger(__name__)

MAX_REFUSED: Final = 2_000
"""Refused requests in ten minutes after which nothing is posted for a while."""

_WINDOW_S: Final = 600.0
_PRESSED_S: Final = 10.0
_LIMITED: Final = 429
_REFUSALS: Final = frozenset({401, 403, 429})
"""The statuses that Discord counts."""


class RefusedRequests:
    """The requests that were refused within the last ten minutes, on a monotonic clock."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._at_s = deque[float](maxlen=MAX_REFUSED)
        self._pressed_until_s = now_s()

    def watch(self, trace: aiohttp.TraceConfig) -> aiohttp.TraceConfig:
        """Count the requests that a trace config observes too, and return it."""

        async def count_response(
            _session: aiohttp.ClientSession,
            _context: SimpleNamespace,
            end: aiohttp.TraceRequestEndParams,
        ) -> None:
            self.count(end.response.status)

        trace.on_request_end.append(count_response)
        return trace

    def count(self, status: int) -> None:
        """Count an answer of Discord's by its HTTP status."""
        if status not in _REFUSALS:
            return
        if status == _LIMITED:
            self.note_wait()
        was_exhausted = self.are_too_many
        self._at_s.append(self._now_s())
        if self.are_too_many and not was_exhausted:
            _log.error("too many refused requests, posting rests", count=len(self._at_s))

    def note_wait(self) -> None:
        """Note that a request has to wait for one of Discord's limits."""
        self._pressed_until_s = self._now_s() + _PRESSED_S

    @property
    def has_room(self) -> bool:
        """Return whether no request had to wait for Discord's limits within ten seconds."""
        return self._now_s() >= self._pressed_until_s

    @property
    def are_too_many(self) -> bool:
        """Return whether there were so many that posting has to rest."""
        oldest_s = self._at_s[0] if len(self._at_s) == MAX_REFUSED else None
        return oldest_s is not None and self._now_s() - oldest_s < _WINDOW_S
