"""How long tasks of each kind take lately: read once a minute, and after each task."""

import time
from typing import Final

from cachetools import TTLCache

from domain.learned_duration import SAMPLE_SIZE, LearnedDuration, learn_duration
from domain.requests import VideoRequest
from storage import task_durations
from storage.database import Database

_MAX_KINDS: Final = 1_000
_TTL_S: Final = 60

_Kind = tuple[str, str, str, int]


class LearnedDurations:
    """The durations by model, mode, resolution and length, in documented time."""

    def __init__(self) -> None:
        self._learned = dict[_Kind, LearnedDuration | None]()
        self._fresh = TTLCache[_Kind, bool](_MAX_KINDS, ttl=_TTL_S, timer=time.monotonic)

    def known(self, request: VideoRequest) -> LearnedDuration | None:
        """Return what is known of tasks like a request's; None where the documented ages count."""
        return self._learned.get(_kind(request))

    async def refresh(self, database: Database, request: VideoRequest) -> None:
        """Learn from the tasks that ended since the last minute."""
        kind = _kind(request)
        if kind in self._fresh:
            return
        self._fresh[kind] = True
        latest = await database.read(
            lambda tx: task_durations.list_latest(tx, request, SAMPLE_SIZE)
        )
        finished = [took_ms for took_ms in latest if took_ms is not None]
        self._learned[kind] = learn_duration(finished, may_fail=len(finished) < len(latest))

    def expire(self, request: VideoRequest) -> None:
        """Have the next refresh read the durations: a task like a request's has just ended."""
        self._fresh.pop(_kind(request), None)


def _kind(request: VideoRequest) -> _Kind:
    return request.model, request.mode, request.resolution, request.seconds
