"""Growing pauses between attempts at what fails for now."""

from random import SystemRandom
from typing import Final

from domain.polling import backoff_ms

LONGEST_PAUSE_S: Final = 120.0
"""Keeps sessions at the gateway, of which Discord allows 1,000 a day, below that number."""

_FIRST_PAUSE_MS = 2_000

_random = SystemRandom()


def growing_pause_s(failures: int, longest_s: float = LONGEST_PAUSE_S) -> float:
    """Return the seconds to wait after the n-th failure in a row: doubling, with jitter."""
    longest_ms = round(longest_s * 1000)
    return backoff_ms(failures, _random.random(), longest_ms, first_ms=_FIRST_PAUSE_MS) / 1000
