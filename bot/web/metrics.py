"""Counts what this process does and hears, for Prometheus, in a registry of its own."""

import asyncio
import time
from collections.abc import Iterable
from types import SimpleNamespace

import aiohttp
from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from domain.errors import DailiesError
from domain.jobs import JobState
from workflow.billing.reconciliation import Reconciliation
from workflow.context import Context
from workflow.reports.metrics import MetricsSnapshot, collect_metrics, last_transition_id
from workflow.worker import Worker

_DELIVERY_S = (15, 30, 60, 90, 120, 180, 300, 480, 600, 900, 1800, 3600, 7200)


class ProcessMetrics:
    """What is counted; no label ever has a value that a stranger could choose."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.transitions = Counter(
            "dailies_moves", "Jobs that came to a state.", ["state"], registry=self.registry
        )
        self.submissions = Counter(
            "dailies_submissions",
            "Requests for a new task, by the state in which each left its job.",
            ["outcome"],
            registry=self.registry,
        )
        self.delivery_seconds = Histogram(
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

    def count_callback(self, outcome: str) -> None:
        """Count a callback."""
        self._callbacks.labels(outcome).inc()

    def trace_config(self, api: str) -> aiohttp.TraceConfig:
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


_FRESH_S = 5
_ANSWER_S = 8
"""Prometheus waits ten seconds."""


class MetricsEndpoint:
    """Reads the database when it is asked, but not twice within a few seconds."""

    def __init__(self, context: Context, worker: Worker, process_metrics: ProcessMetrics) -> None:
        self._context = context
        self._meters = process_metrics
        self._last_move: int | None = None
        self._turn = asyncio.Lock()
        self._fresh_until = 0.0
        self._standing = _StateCollector(context, worker)
        process_metrics.registry.register(self._standing)

    def routes(self) -> list[web.RouteDef]:
        """Answer `GET /metrics`, with what is known where the database does not answer."""
        return [web.get("/metrics", self._get)]

    async def start(self) -> None:
        """Count the moves of jobs from now on."""
        self._last_move = await last_transition_id(self._context)

    async def _get(self, _request: web.Request) -> web.Response:
        async with self._turn:
            if time.monotonic() >= self._fresh_until:
                self._standing.gauges = await self._read()
                self._fresh_until = time.monotonic() + _FRESH_S
        text = generate_latest(self._meters.registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _read(self) -> MetricsSnapshot | None:
        try:
            async with asyncio.timeout(_ANSWER_S):
                if self._last_move is None:
                    await self.start()
                gauges = await collect_metrics(self._context, self._last_move or 0)
        except (SQLAlchemyError, OSError, TimeoutError, DailiesError):
            return None
        self._count(gauges)
        return gauges

    def _count(self, gauges: MetricsSnapshot) -> None:
        for move in gauges.transitions:
            self._meters.transitions.labels(move.target).inc()
            if move.source is JobState.SUBMITTING:
                self._meters.submissions.labels(move.target).inc()
            if move.target is JobState.DELIVERED:
                self._meters.delivery_seconds.observe(move.age_ms / 1000)
            self._last_move = move.id


class _StateCollector(Collector):
    """Shows how this process stands, and the figures that were read last, if there are any."""

    def __init__(self, context: Context, belt: Worker) -> None:
        self.gauges: MetricsSnapshot | None = None
        self._context = context
        self._belt = belt

    def collect(self) -> Iterable[Metric]:
        turns = CounterMetricFamily("dailies_belt_turns", "Turns of this process's belt.")
        turns.add_metric([], self._belt.runs)
        yield turns
        calls_back = self._context.callback_urls is not None
        yield _simple("calls_back", "1 where APIXO is asked to call back.", calls_back)
        up = self.gauges is not None
        yield _simple("database_up", "1 while the database answers.", up)
        room = self._context.disk_space()
        yield _simple("media_free_bytes", "Free where the videos are kept.", room.free_bytes)
        yield _simple(
            "media_floor_bytes", "With less free nothing is submitted.", room.min_free_bytes
        )
        if self.gauges is not None:
            yield from _figures(self.gauges)


def _figures(gauges: MetricsSnapshot) -> Iterable[Metric]:
    jobs = GaugeMetricFamily("dailies_jobs", "Jobs in each state.", labels=["state"])
    oldest = GaugeMetricFamily(
        "dailies_oldest_job_seconds",
        "Since the oldest job in each state was wanted.",
        labels=["state"],
    )
    for state in JobState:
        jobs.add_metric([state], gauges.jobs.get(state, 0))
        oldest.add_metric([state], gauges.oldest_age_ms.get(state, 0) / 1000)
    yield from (jobs, oldest)
    late_s = gauges.poll_late_ms / 1000
    yield _simple("poll_late_seconds", "Longest that a task waits beyond its time.", late_s)
    yield _simple("belt_paused", "1 while nothing is submitted.", gauges.is_paused)
    yield _simple("held_micro", "On hold, millionths of a dollar.", gauges.held)
    yield _simple("exposure_micro", "Of today, millionths of a dollar.", gauges.exposure)
    if gauges.reconciliation is not None:
        yield from _balance(gauges.reconciliation)


def _balance(reading: Reconciliation) -> Iterable[Metric]:
    yield _simple("balance_micro", "Left at APIXO, millionths of a dollar.", reading.balance)
    meaning = "Fallen beyond what the ledger explains, millionths of a dollar."
    yield _simple("balance_difference_micro", meaning, reading.unexplained)


def _simple(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"dailies_{name}", meaning, value=value)
