"""Rate limits."""

from collections import deque

from sandbox.apixo.clock import Clock
from sandbox.apixo.config import ApixoConfig
from sandbox.apixo.responses import ApiResponse, error_response

_WINDOW_SECONDS = 1.0


class RateLimits:
    """Counts requests within any second, and tasks in flight, if the options limit them."""

    def __init__(self, options: ApixoConfig, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._recent: deque[float] = deque()

    def check_request(self) -> ApiResponse | None:
        """Count a request; give the 429 if there were too many."""
        most = self._options.requests_per_second
        now = self._clock.now()
        while self._recent and self._recent[0] <= now - _WINDOW_SECONDS:
            self._recent.popleft()
        if most is not None and len(self._recent) >= most:
            return self._refusal()
        self._recent.append(now)
        return None

    def check_task(self, in_flight: int) -> ApiResponse | None:
        """Give the 429 if one more task were too many."""
        most = self._options.max_tasks
        return self._refusal() if most is not None and in_flight >= most else None

    def _refusal(self) -> ApiResponse:
        after = self._options.retry_after
        return error_response(429, headers={} if after is None else {"Retry-After": after})
