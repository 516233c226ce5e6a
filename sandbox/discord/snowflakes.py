"""Discord's ids: the milliseconds since 2015, and a running number."""

from collections.abc import Callable
from typing import Final

EPOCH_MS: Final = 1_420_070_400_000


class SnowflakeGenerator:
    """Makes ids that rise, each carrying its time."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._last = 0

    def next(self) -> int:
        """Make an id that is larger than every one before."""
        made = (int(self._now() * 1000) - EPOCH_MS) << 22
        self._last = max(made, self._last + 1)
        return self._last


def snowflake_time(snowflake: int) -> float:
    """Return when an id was made, in Unix seconds."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000
