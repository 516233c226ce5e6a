"""Prometheus metrics of this process, in a registry of its own.

Figures that are the database's have the label `source="database"`. Of several processes, the one
that has lived longest serves them, so that a sum over all processes is right.
"""

import asyncio
import time
from collections.abc import Iterable
from types import SimpleNamespace

import aiohttp
from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.aiohttp import make_aiohttp_handler
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from bot.version import VERSION
from domain.errors import DailiesError
from domain.jobs import JobState
from domain.money import MICRO, MicroUSD
from domain.quotas import Period, Scope
from workflow.billing.reconciliation import Reconciliation
from workflow.context import Context, Policy
from workflow.reports.metrics import (
    MetricsSnapshot,
    collect_metrics,
    is_elected,
    last_transition_id,
)
from workflow.worker import Worker

_DATABASE = "database"
"""The source of figures that are the same for every process."""

_DELIVERY_S = (15, 30, 60, 90, 120, 180, 300, 480, 600, 900, 1800, 3600, 7200)


class ProcessMetrics:
    """Counters; no label has a value that an outsider could choose."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.transitions = Counter(
            "dailies_moves",
            "Transitions of jobs, by the new state.",
            ["state", "source"],
            registry=self.registry,
        )
        self.submissions = Counter(
            "dailies_submissions",
            "Requests for a new task, by the state in which each left its job.",
            ["outcome", "source"],
            registry=self.registry,
        )
        self.delivery_seconds = Histogram(
            "dailies_delivery_seconds",
            "From the command to the posted video.",
            ["source"],
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
        self._dropped_interactions = Counter(
            "dailies_interactions_dropped",
            "Interactions for which nothing was done, by the reason.",
            ["reason"],
            registry=self.registry,
        )

    def count_callback(self, outcome: str) -> None:
        """Count a callback by its outcome."""
        self._callbacks.labels(outcome).inc()

    def count_dropped_interaction(self, reason: str) -> None:
        """Count an interaction for which nothing was done."""
        self._dropped_interactions.labels(reason).inc()

    def trace_config(self, api: str) -> aiohttp.TraceConfig:
        """Return a trace config that counts the requests of an HTTP session under `api`."""
        trace = aiohttp.TraceConfig()

        async def count_response(
            _session: aiohttp.ClientSession,
            _context: SimpleNamespace,
            end: aiohttp.TraceRequestEndParams,
        ) -> None:
            self._requests.labels(api, str(end.response.status)).inc()

        async def count_failure(
            _session: aiohttp.ClientSession,
            _context: SimpleNamespace,
            _end: aiohttp.TraceRequestExceptionParams,
        ) -> None:
            self._requests.labels(api, "none").inc()

        trace.on_request_end.append(count_response)
        trace.on_request_exception.append(count_failure)
        return trace


_FRESH_S = 5
_READ_TIMEOUT_S = 8
"""Below the ten seconds that Prometheus waits."""


class MetricsEndpoint:
    """Reads the database on a scrape, at most once every few seconds."""

    def __init__(self, context: Context, worker: Worker, process_metrics: ProcessMetrics) -> None:
        self._context = context
        self._owner = worker.owner
        self._process_metrics = process_metrics
        self._last_transition_id: int | None = None
        self._read_lock = asyncio.Lock()
        self._fresh_until = 0.0
        self._render = make_aiohttp_handler(process_metrics.registry)
        self._state_collector = _StateCollector(context, worker)
        process_metrics.registry.register(self._state_collector)

    def routes(self) -> list[web.RouteDef]:
        """Return `GET /metrics`, which works without the database too."""
        return [web.get("/metrics", self._get)]

    async def start(self) -> None:
        """Count the transitions of jobs from now on."""
        self._last_transition_id = await last_transition_id(self._context)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        async with self._read_lock:
            if time.monotonic() >= self._fresh_until:
                self._state_collector.set(*await self._read())
                self._fresh_until = time.monotonic() + _FRESH_S
        return await self._render(request)

    async def _read(self) -> tuple[MetricsSnapshot | None, bool]:
        """Return the database's figures, if this process serves them, and whether it answers."""
        try:
            async with asyncio.timeout(_READ_TIMEOUT_S):
                if self._last_transition_id is None:
                    await self.start()
                if not await is_elected(self._context, self._owner):
                    # What happens meanwhile is counted by the process that is.
                    await self.start()
                    return None, True
                snapshot = await collect_metrics(self._context, self._last_transition_id or 0)
        except (SQLAlchemyError, OSError, TimeoutError, DailiesError):
            return None, False
        self._count(snapshot)
        return snapshot, True

    def _count(self, snapshot: MetricsSnapshot) -> None:
        metrics = self._process_metrics
        delivery_seconds = metrics.delivery_seconds.labels(_DATABASE)
        for transition in snapshot.transitions:
            metrics.transitions.labels(transition.target, _DATABASE).inc()
            if transition.source is JobState.SUBMITTING:
                metrics.submissions.labels(transition.target, _DATABASE).inc()
            if transition.target is JobState.DELIVERED:
                delivery_seconds.observe(transition.age_ms / 1000)
            self._last_transition_id = transition.id


class _StateCollector(Collector):
    """Collects gauges of this process, and of the last snapshot, if there is one."""

    def __init__(self, context: Context, worker: Worker) -> None:
        self._snapshot: MetricsSnapshot | None = None
        self._is_up = False
        self._context = context
        self._worker = worker

    def set(self, snapshot: MetricsSnapshot | None, is_up: bool) -> None:
        """Take what was read last."""
        self._snapshot, self._is_up = snapshot, is_up

    def collect(self) -> Iterable[Metric]:
        if self._worker.takes_jobs:
            runs = CounterMetricFamily("dailies_belt_turns", "Cycles of this process's worker.")
            runs.add_metric([], self._worker.runs)
            yield runs
        build = InfoMetricFamily("dailies_build", "The version that runs.")
        build.add_metric([], {"version": VERSION})
        yield build
        calls_back = self._context.callback_urls is not None
        yield _simple("calls_back", "1 where APIXO is asked to call back.", calls_back)
        yield _simple("database_up", "1 while the database answers.", self._is_up)
        disk_space = self._context.disk_space()
        yield _simple("media_free_bytes", "Free where the videos are kept.", disk_space.free_bytes)
        yield _simple(
            "media_floor_bytes", "With less free nothing is submitted.", disk_space.min_free_bytes
        )
        yield from _limit_metrics(self._context.policy)
        if self._snapshot is not None:
            yield from _job_metrics(self._snapshot)


def _job_metrics(snapshot: MetricsSnapshot) -> Iterable[Metric]:
    jobs = GaugeMetricFamily("dailies_jobs", "Jobs in each state.", labels=["state", "source"])
    oldest = GaugeMetricFamily(
        "dailies_oldest_job_seconds",
        "Since the oldest job in each state was wanted.",
        labels=["state", "source"],
    )
    for state in JobState:
        jobs.add_metric([state, _DATABASE], snapshot.jobs.get(state, 0))
        oldest.add_metric([state, _DATABASE], snapshot.oldest_age_ms.get(state, 0) / 1000)
    yield from (jobs, oldest)
    late_s = snapshot.poll_late_ms / 1000
    yield _shared("poll_late_seconds", "Longest that a task waits beyond its time.", late_s)
    yield _shared("belt_paused", "1 while nothing is submitted.", snapshot.is_paused)
    yield from _dollars("held", "On hold.", snapshot.held)
    yield from _dollars("exposure", "Of today.", snapshot.exposure)
    if snapshot.reconciliation is not None:
        yield from _balance_metrics(snapshot.reconciliation)


def _balance_metrics(reading: Reconciliation) -> Iterable[Metric]:
    yield from _dollars("balance", "Left at APIXO.", reading.balance)
    documentation = "Fallen beyond what the ledger explains."
    yield from _dollars("balance_difference", documentation, reading.unexplained)


def _limit_metrics(policy: Policy) -> Iterable[Metric]:
    """Yield what the settings allow, so that alert rules follow them; no limit has no figure."""
    day = GaugeMetricFamily(
        "dailies_day_limit_usd", "What may be spent a UTC day, in dollars.", labels=["scope"]
    )
    for scope in Scope:
        if (amount := policy.limits.of(scope, Period.DAY)) is not None:
            day.add_metric([scope.value], amount / MICRO)
    yield day
    if policy.exposure_limit is not None:
        documentation = "With more exposure nothing is submitted, in dollars."
        yield _simple("exposure_limit_usd", documentation, policy.exposure_limit / MICRO)
    if policy.balance_alert is not None:
        documentation = "Below this balance the operator is told, in dollars."
        yield _simple("balance_alert_usd", documentation, policy.balance_alert / MICRO)


def _dollars(name: str, documentation: str, amount: MicroUSD) -> Iterable[Metric]:
    """Yield an amount in dollars, and as versions before 0.3 had it."""
    yield _shared(f"{name}_usd", f"{documentation} In dollars.", amount / MICRO)
    old = f"{documentation} In millionths of a dollar; goes with version 0.4."
    yield _shared(f"{name}_micro", old, amount)


def _shared(name: str, documentation: str, value: float) -> Metric:
    """Return a figure of the database's."""
    gauge = GaugeMetricFamily(f"dailies_{name}", documentation, labels=["source"])
    gauge.add_metric([_DATABASE], value)
    return gauge


def _simple(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(f"dailies_{name}", documentation, value=value)
