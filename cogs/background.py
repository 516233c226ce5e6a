"""The background loop that turns the belt, from the start of the process to its end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from discord.ext import commands, tasks

from cogs.operator import alerts as operator_words
from cogs.operator.alerts import OperatorAlerts
from cogs.operator.owners import Operators
from cogs.reports.weekly_summary import WeeklySummaryPublisher
from cogs.ui.interactions import InteractionTracker
from domain.errors import Outage
from workflow.billing.balance_monitor import BalanceAlert, BalanceMonitor
from workflow.context import Context
from workflow.reports.weekly_summary import post_due_summaries
from workflow.results.retention import sweep
from workflow.worker import Worker

_log = structlog.get_logger(__name__)

_LAST_S: Final = 5
_DRAIN_S: Final = 14
_ERROR_REST_S: Final = 1


class WorkerLoop(commands.Cog):
    """Keeps the belt turning, and ends it in order."""

    def __init__(self, worker: Worker, interactions: InteractionTracker) -> None:
        self._worker = worker
        self._interactions = interactions

    async def cog_load(self) -> None:
        """Make good what a crash left, and start the loop."""
        await self._worker.recover()
        self._turn.start()

    async def cog_unload(self) -> None:
        """Stop the loop and let what is under way finish, while Discord can still be reached."""
        turning = self._turn.get_task()
        self._turn.stop()
        self._worker.wake()
        last: list[Awaitable[Any]] = [self._interactions.drain()]
        if turning is not None:
            last.append(asyncio.wait([turning], timeout=_LAST_S))
        await asyncio.gather(*last)
        if turning is not None:
            turning.cancel()
        await self._worker.drain(_DRAIN_S)

    @tasks.loop(seconds=0)
    async def _turn(self) -> None:
        """Turn the belt and rest; a fault of one turn is logged and the next one comes."""
        try:
            await self._worker.run_once()
            await self._worker.wait_for_work()
        except Outage as error:
            _log.error("the belt stands still", why=str(error))
            await asyncio.sleep(_ERROR_REST_S)
        except Exception:  # noqa: BLE001 - whatever it is, the belt goes on
            _log.exception("a turn of the belt failed")
            await asyncio.sleep(_ERROR_REST_S)


_REST_S: Final = 2.0
"""How long a duty may wait for its moment; each looks by itself whether that has come."""

_SUMMARIES_S: Final = 60
_RETENTION_S: Final = 3_600

_Duty = Callable[[], Awaitable[object]]


class _Seldom:
    """A duty that is done at the start of the process, and then every so many seconds."""

    def __init__(self, duty: _Duty, every_s: float) -> None:
        self._duty = duty
        self._every_s = every_s
        self._not_before_s = 0.0

    async def __call__(self) -> None:
        """Do it if it is time; what fails is done again at the next turn."""
        if time.monotonic() < self._not_before_s:
            return
        await self._duty()
        self._not_before_s = time.monotonic() + self._every_s


class PeriodicTasks(commands.Cog):
    """Does in turn what is due, from the start of the process to its end."""

    def __init__(
        self, context: Context, operators: Operators, weekly_summary: WeeklySummaryPublisher
    ) -> None:
        self._operators = operators
        self._tasks: dict[str, _Duty] = {
            "money": BalanceMonitor(context, self._tell).check,
            "summaries": _Seldom(
                lambda: post_due_summaries(context, weekly_summary.publish), _SUMMARIES_S
            ),
            "retention": _Seldom(lambda: sweep(context), _RETENTION_S),
            **OperatorAlerts(context, operators).periodic_tasks,
        }

    async def cog_load(self) -> None:
        """Start the loop."""
        self._task = asyncio.create_task(self._for_ever(), name="chores")

    async def cog_unload(self) -> None:
        """Stop the loop; every duty may be cut off anywhere."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _for_ever(self) -> None:
        while True:
            for name, duty in self._tasks.items():
                try:
                    await duty()
                except Outage as error:
                    _log.warning("a duty waits", duty=name, why=str(error))
                except Exception:  # noqa: BLE001 - whatever it is, the other duties go on
                    _log.exception("a duty failed", duty=name)
            await asyncio.sleep(_REST_S)

    async def _tell(self, news: BalanceAlert) -> bool:
        return await self._operators.notify(operator_words.format_balance_alert(news))
