"""Growing pauses between attempts at what fails for now."""

from random import SystemRandom
from typing import Final

LONGEST_PAUSE_S: Final = 120.0
"""Keeps sessions at the gateway, of which Discord allows 1,000 a day, below that number."""

_FIRST_PAUSE_S = 2.0

_random = SystemRandom()


def growing_pause_s(failures: int, longest_s: float = LONGEST_PAUSE_S) -> float:
    """Return the seconds to wait after the n-th failure in a row: doubling, with jitter."""
    return min(longest_s, _FIRST_PAUSE_S * 2 ** min(failures - 1, 12)) * _random.uniform(0.5, 1)
