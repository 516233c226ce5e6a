"""Background loops: the worker that moves jobs on, and the periodic tasks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import structlog
from discord.ext import commands, tasks

from cogs.operator import alerts
from cogs.operator.alerts import OperatorAlerts
from cogs.operator.owners import Operators
from cogs.reports.weekly_summary import WeeklySummaryPublisher
from cogs.ui.interactions import InteractionTracker
from domain.errors import Outage
from workflow.billing.balance_monitor import BalanceAlert, BalanceMonitor
from workflow.context import Context
from workflow.members.erasure import adopt_marks, erase_pending
from workflow.members.leavers import (
    add_memberships,
    check_next_membership,
    erase_left_servers,
)
from workflow.pending_interactions import KEPT_MINUTES, sweep_pending
from workflow.reports.weekly_summary import post_due_summaries
from workflow.results.retention import sweep, sweep_pending_inputs
from workflow.servers.notices import ReleaseNotices
from workflow.servers.release import release_where_left
from workflow.worker import Worker

_log = structlog.get_logger(__name__)

_LAST_RUN_S: Final = 5
_DRAIN_S: Final = 14
_ERROR_PAUSE_S: Final = 1


class WorkerLoop(commands.Cog):
    """A loop that runs the worker, and drains it in order at shutdown."""

    def __init__(self, worker: Worker, interactions: InteractionTracker) -> None:
        self._worker = worker
        self._interactions = interactions
        self._is_recovered = False

    async def cog_load(self) -> None:
        """Start the loop, unless other processes work."""
        if self._worker.takes_jobs:
            self._run.start()

    async def cog_unload(self) -> None:
        """Stop the loop and let work in progress finish while Discord can still be reached."""
        loop_task = self._run.get_task()
        self._run.stop()
        self._worker.wake()
        pending: list[Awaitable[Any]] = [self._interactions.drain()]
        if loop_task is not None:
            pending.append(asyncio.wait([loop_task], timeout=_LAST_RUN_S))
        await asyncio.gather(*pending)
        if loop_task is not None:
            loop_task.cancel()
        await self._worker.drain(_DRAIN_S)

    @tasks.loop(seconds=0)
    async def _run(self) -> None:
        """Run the worker once and wait for work; an error is logged, and the loop goes on.

        Before anything else, what a crash left behind is cleaned up.
        """
        try:
            if not self._is_recovered:
                await self._worker.recover()
                self._is_recovered = True
            await self._worker.run_once()
            await self._worker.wait_for_work()
        except Outage as error:
            _log.error("worker paused by outage", reason=error)
            await asyncio.sleep(_ERROR_PAUSE_S)
        except Exception:  # noqa: BLE001 - one failed run must not end the loop
            _log.exception("worker run failed")
            await asyncio.sleep(_ERROR_PAUSE_S)


_ROUND_INTERVAL_S: Final = 2.0
"""Seconds between two rounds; each task checks by itself whether it is due."""

_UNCHANGED_INTERVAL_S: Final = 10
"""Seconds until a task runs although nothing was written: times may have come."""

_SUMMARY_INTERVAL_S: Final = 60
_RETENTION_INTERVAL_S: Final = 3_600
_PENDING_INTERVAL_S: Final = 60
_LEFT_SERVERS_INTERVAL_S: Final = 10
_LEAVERS_INTERVAL_S: Final = 3_600

_PeriodicTask = Callable[[], Awaitable[object]]


class _IntervalTask:
    """A task that runs at the start of the process, and then once per interval in seconds."""

    def __init__(self, task: _PeriodicTask, interval_s: float) -> None:
        self._task = task
        self._interval_s = interval_s
        self._next_run_s = 0.0

    async def __call__(self) -> None:
        """Run the task if it is due; a failed run is repeated in the next round."""
        if time.monotonic() < self._next_run_s:
            return
        await self._task()
        self._next_run_s = time.monotonic() + self._interval_s


class Written(Protocol):
    """A database that counts the writes of this process."""

    @property
    def transactions(self) -> int:
        """How many there were."""
        ...

    @property
    def has_one_process(self) -> bool:
        """Whether no other process writes."""
        ...


class TaskOnChange:
    """A task that runs when the database was written to since its last run, and once an interval.

    Where other processes write too, not all writes are seen here, and it runs each time.
    """

    def __init__(self, task: _PeriodicTask, database: Written) -> None:
        self._task = task
        self._database = database
        self._next_run_s = 0.0
        self._seen = -1

    async def __call__(self) -> None:
        """Run the task if it may have anything to do; a failed run is repeated."""
        seen = self._database.transactions
        is_same = self._database.has_one_process and seen == self._seen
        if is_same and time.monotonic() < self._next_run_s:
            return
        await self._task()
        self._seen, self._next_run_s = seen, time.monotonic() + _UNCHANGED_INTERVAL_S


class PeriodicTasks(commands.Cog):
    """A loop that runs each periodic task when it is due, for the life of the process."""

    def __init__(
        self,
        context: Context,
        operators: Operators,
        weekly_summary: WeeklySummaryPublisher,
        servers: Mapping[str, _PeriodicTask],
    ) -> None:
        self._operators = operators
        found: dict[str, _PeriodicTask] = {
            "balance": BalanceMonitor(context, self._notify).check,
            "weekly summaries": _IntervalTask(
                lambda: post_due_summaries(context, weekly_summary.publish), _SUMMARY_INTERVAL_S
            ),
            "left servers": _IntervalTask(
                lambda: release_where_left(context), _LEFT_SERVERS_INTERVAL_S
            ),
            "release notices": ReleaseNotices(context).send_next,
            "retention": _IntervalTask(lambda: sweep(context), _RETENTION_INTERVAL_S),
            "pending inputs": _IntervalTask(
                lambda: sweep_pending_inputs(context, KEPT_MINUTES * 60), _PENDING_INTERVAL_S
            ),
            "pending interactions": _IntervalTask(
                lambda: sweep_pending(context.database, context.now_ms()), _PENDING_INTERVAL_S
            ),
            "memberships": _IntervalTask(lambda: add_memberships(context), _LEAVERS_INTERVAL_S),
            "leavers": lambda: check_next_membership(context),
            "server erasures": _IntervalTask(
                lambda: erase_left_servers(context), _LEAVERS_INTERVAL_S
            ),
            "erasures": lambda: erase_pending(context),
            "erasure marks": _IntervalTask(
                lambda: adopt_marks(context), context.media.listing_interval_s
            ),
            **OperatorAlerts(context, operators).periodic_tasks,
            **servers,
        }
        self._tasks = {
            name: task if isinstance(task, _IntervalTask) else TaskOnChange(task, context.database)
            for name, task in found.items()
        }

    async def cog_load(self) -> None:
        """Start the loop."""
        self._task = asyncio.create_task(self._run_forever(), name="periodic tasks")

    async def cog_unload(self) -> None:
        """Stop the loop; a task may be cut off anywhere."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run_forever(self) -> None:
        while True:
            for name, task in self._tasks.items():
                try:
                    await task()
                except Outage as error:
                    _log.warning("periodic task delayed by outage", task=name, reason=error)
                except Exception:  # noqa: BLE001 - the other tasks go on
                    _log.exception("periodic task failed", task=name)
            await asyncio.sleep(_ROUND_INTERVAL_S)

    async def _notify(self, alert: BalanceAlert) -> bool:
        return await self._operators.notify(alerts.format_balance_alert(alert))
