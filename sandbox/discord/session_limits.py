"""Limits on beginning sessions: a number a day, and one in each bucket at a time."""

from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from sandbox.discord.config import DiscordConfig
from sandbox.discord.json_values import Json

_DAY_S: Final = 24 * 3600.0


class SessionStart(Enum):
    """What becomes of an attempt to begin a session."""

    GRANTED = "granted"
    TOO_SOON = "too soon"
    TOO_MANY = "too many"


class SessionStartLimits:
    """Counts the sessions of a day; a shard's bucket is its number modulo `max_concurrency`.

    Attributes:
        are_exceeded: whether a day had too many, after which Discord ends every session and resets
            the token.
    """

    def __init__(self, config: DiscordConfig, now: Callable[[], float]) -> None:
        self._config = config
        self._now = now
        self._started = deque[float]()
        self._last_in_bucket: dict[int, float] = {}
        self.are_exceeded = False

    def start(self, shard_id: int) -> SessionStart:
        """Count an identify of a shard, and say what becomes of it."""
        now, bucket = self._now(), shard_id % self._config.max_concurrency
        last = self._last_in_bucket.get(bucket)
        if last is not None and now - last < self._config.identify_seconds:
            return SessionStart.TOO_SOON
        self._last_in_bucket[bucket] = now
        self._started.append(now)
        if self._remaining() < 0:
            self.are_exceeded = True
            return SessionStart.TOO_MANY
        return SessionStart.GRANTED

    def to_json(self) -> Json:
        """Write what `GET /gateway/bot` says of them; `reset_after` is milliseconds."""
        remaining = max(0, self._remaining())
        reset_after = (
            round((self._started[0] + _DAY_S - self._now()) * 1000) if self._started else 0
        )
        return {
            "total": self._config.sessions_per_day,
            "remaining": remaining,
            "reset_after": reset_after,
            "max_concurrency": self._config.max_concurrency,
        }

    def _remaining(self) -> int:
        while self._started and self._started[0] <= self._now() - _DAY_S:
            self._started.popleft()
        return self._config.sessions_per_day - len(self._started)
