"""Throttle of this process's submissions: additive increase, multiplicative decrease.

Each 429 halves the rate, and so does each submission whose answer was lost, because APIXO requests
a wait after a 5xx as well, and any such submission may have been paid. Each accepted submission
adds a little; at the highest rate there is no limit.
"""

from typing import Final

MAX_PER_MINUTE: Final = 60.0
MIN_PER_MINUTE: Final = 2.0
STEP_PER_MINUTE: Final = 3.0
"""The increase per accepted submission; twenty of them lead from the lowest rate to the highest."""

_MINUTE_MS: Final = 60_000


class Throttle:
    """The submission rate of one process; other processes adapt to the answers they get.

    All times are milliseconds of documented time.
    """

    def __init__(self) -> None:
        self._per_minute = MAX_PER_MINUTE
        self._next_ms = 0
        self._slowed_ms = 0

    @property
    def gap_ms(self) -> int:
        """Return the interval between two submissions; 0 without a limit."""
        is_full = self._per_minute >= MAX_PER_MINUTE
        return 0 if is_full else round(_MINUTE_MS / self._per_minute)

    def allowance(self, now_ms: int) -> int | None:
        """Return how many submissions may start now; None for any number."""
        if not self.gap_ms:
            return None
        return 1 if now_ms >= self._next_ms else 0

    def record_start(self, now_ms: int) -> None:
        """Record the start of a submission; the next one is allowed after the gap."""
        self._next_ms = now_ms + self.gap_ms

    def slow_down(self, begun_ms: int, now_ms: int) -> None:
        """Halve the rate, unless the submission began before the last slow-down.

        So one overload that hits several submissions halves it once.
        """
        if begun_ms > self._slowed_ms:
            self._per_minute = max(MIN_PER_MINUTE, self._per_minute / 2)
            self._slowed_ms = now_ms
            self.record_start(now_ms)

    def speed_up(self) -> None:
        """Raise the rate after an accepted submission."""
        self._per_minute = min(MAX_PER_MINUTE, self._per_minute + STEP_PER_MINUTE)
