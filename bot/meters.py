"""Counts what this process does and hears, for Prometheus, in a registry of its own."""

from types import SimpleNamespace

import aiohttp
from prometheus_client import CollectorRegistry, Counter, Histogram

_DELIVERY_S = (15, 30, 60, 90, 120, 180, 300, 480, 600, 900, 1800, 3600, 7200)


class Meters:
    """What is counted; no label ever has a value that a stranger could choose."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.moves = Counter(
            "dailies_moves", "Jobs that came to a state.", ["state"], registry=self.registry
        )
        self.submissions = Counter(
            "dailies_submissions",
            "Requests for a new task, by the state in which each left its job.",
            ["outcome"],
            registry=self.registry,
        )
        self.delivery = Histogram(
            "dailies_delivery_seconds",
            "From the command to the posted video.",
            buckets=_DELIVERY_S,
            registry=self.registry,
        )
        self._requests = Counter(
            "dailies_requests",
            "Requests made, by HTTP status; none where no answer came.",
            ["api", "status"],
            registry=self.registry,
        )
        self._callbacks = Counter(
            "dailies_callbacks",
            "Callbacks, by what came of each.",
            ["outcome"],
            registry=self.registry,
        )

    def callback(self, outcome: str) -> None:
        """Count a callback."""
        self._callbacks.labels(outcome).inc()

    def traced(self, api: str) -> aiohttp.TraceConfig:
        """Give what has the requests of an HTTP session counted under a name."""
        trace = aiohttp.TraceConfig()

        async def answered(
            _session: aiohttp.ClientSession,
            _context: SimpleNamespace,
            end: aiohttp.TraceRequestEndParams,
        ) -> None:
            self._requests.labels(api, str(end.response.status)).inc()

        async def unanswered(
            _session: aiohttp.ClientSession,
            _context: SimpleNamespace,
            _end: aiohttp.TraceRequestExceptionParams,
        ) -> None:
            self._requests.labels(api, "none").inc()

        trace.on_request_end.append(answered)
        trace.on_request_exception.append(unanswered)
        return trace
