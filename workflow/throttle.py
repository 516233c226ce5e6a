"""Knows how fast this process may submit: at will, until APIXO falters; then slowly faster again.

Additive increase, multiplicative decrease: each 429 halves the pace, and so does each submission
whose answer was lost, for APIXO asks for patience after a 5xx as well, and every one of them may
have been paid. Each accepted submission adds a little, and from the highest pace on there is no
limit any more.
"""

from typing import Final

MAX_PER_MINUTE: Final = 60.0
MIN_PER_MINUTE: Final = 2.0
STEP_PER_MINUTE: Final = 3.0
"""What an accepted submission adds: twenty of them lead from the slowest pace to the full one."""

_MINUTE_MS: Final = 60_000


class Throttle:
    """The pace of one process's submissions; others find theirs by the answers they get.

    All times are documented milliseconds.
    """

    def __init__(self) -> None:
        self._per_minute = MAX_PER_MINUTE
        self._next_ms = 0
        self._slowed_ms = 0

    @property
    def gap_ms(self) -> int:
        """Tell how far two submissions are apart; 0 without a limit."""
        is_full = self._per_minute >= MAX_PER_MINUTE
        return 0 if is_full else round(_MINUTE_MS / self._per_minute)

    def allowance(self, now_ms: int) -> int | None:
        """Tell how many submissions may begin now; None for any number."""
        if not self.gap_ms:
            return None
        return 1 if now_ms >= self._next_ms else 0

    def record_start(self, now_ms: int) -> None:
        """Note that a submission begins; the next one may after the gap."""
        self._next_ms = now_ms + self.gap_ms

    def slow_down(self, begun_ms: int, now_ms: int) -> None:
        """Halve the pace; once for all that had begun by the last time."""
        if begun_ms > self._slowed_ms:
            self._per_minute = max(MIN_PER_MINUTE, self._per_minute / 2)
            self._slowed_ms = now_ms
            self.record_start(now_ms)

    def speed_up(self) -> None:
        """Go a little faster: APIXO took one."""
        self._per_minute = min(MAX_PER_MINUTE, self._per_minute + STEP_PER_MINUTE)
