"""One process of the service, from its start to its end, which may come at any step.

Everything that leaves the process passes crash points, as in the crash matrix; at one of them it
may be killed, before or after what lies behind it. Nothing of it ever happens again: its tasks are
cut off where they stand, and every call is closed to them.
"""

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy import text

from qa.simulation.event_log import EventLog
from storage.database import Database
from storage.errors import DatabaseUnavailable
from workflow.billing.balance_monitor import BalanceMonitor
from workflow.context import Context
from workflow.operator import alerts
from workflow.servers.notices import ReleaseNotices
from workflow.servers.release import release_where_left
from workflow.worker import MAX_WAIT_S, Worker

T = TypeVar("T")

_log = structlog.get_logger(__name__)

_PROCESS: contextvars.ContextVar["SimulatedProcess | None"] = contextvars.ContextVar(
    "process", default=None
)

_DRAIN_S = 14
_ERROR_REST_S = 1
_PERIODIC_S, _PERIODIC_WHILE_SHORT_S = 3_600, 600
_SERVERS_S = 300
_LOOK_S = 60.0
"""How seldom the worker looks where something waits that has no due moment."""


class ProcessDied(Exception):
    """The process died before it could answer, or there is none."""


class SimulatedProcess:
    """A process that works on what `context` holds.

    It dies when it has passed so many crash points (`last`), and gathers for a run of the worker
    what is due within `gathering_s`. Where servers throw the bot out, it `watches_servers`.
    """

    def __init__(
        self,
        context: Context,
        journal: EventLog,
        *,
        last: int | None,
        gathering_s: float,
        watches_servers: bool = False,
    ) -> None:
        self._watches_servers = watches_servers
        self.alive = True
        self.ended = asyncio.Event()
        self._journal = journal
        self._left = last
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._scope = contextvars.copy_context()
        self._scope.run(_PROCESS.set, self)
        wrapped: dict[str, Any] = {
            name: _CrashPointProxy(getattr(context, name), self._pass)
            for name in ("database", "apixo", "publisher", "media")
        }
        self.context = replace(context, **wrapped)
        self.worker = _CoarseWorker(self.context, gathering_s)

    def start(self) -> None:
        """Begin to work."""
        self._loops = [self._spawn(self._live())]

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Do what somebody outside asks for, and wake the worker.

        Raises:
            Died: the process died meanwhile; it may be done all the same.
        """
        if not self.alive:
            work.close()
            raise ProcessDied
        task = self._spawn(work)
        await asyncio.wait({task})
        if task.cancelled():
            raise ProcessDied
        self.worker.wake()
        return task.result()

    async def stop(self) -> None:
        """End in order, as at a new version."""
        try:
            await self.call(self._drain())
        except ProcessDied:
            return
        self.kill("ends in order")

    def kill(self, how: str = "kills", at: str = "") -> None:
        """End at once, wherever it is."""
        if not self.alive:
            return
        self.alive = False
        self._journal.record(how, at)
        here = asyncio.current_task()
        for task in self._tasks:
            if task is not here:
                task.cancel()
        self.ended.set()

    def add_task(self, task: asyncio.Task[Any]) -> None:
        """Count a task as this process's."""
        self._tasks[task] = None  # in order, unlike a set: they are cut off in it
        task.add_done_callback(self._tasks.pop)

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        return asyncio.get_running_loop().create_task(work, context=self._scope.copy())

    async def _live(self) -> None:
        try:
            await self.worker.recover()
        except DatabaseUnavailable:
            self.kill("fails to start")
            return
        self._loops.append(self._spawn(self._periodic_tasks()))
        if self._watches_servers:
            self._loops.append(self._spawn(self._watch_servers()))
        while True:
            try:
                await self.worker.run_once()
                await self.worker.rest()
            except Exception:  # noqa: BLE001 - as the loop in service does
                _log.exception("worker run failed")
                await asyncio.sleep(_ERROR_REST_S)

    async def _periodic_tasks(self) -> None:
        watch = BalanceMonitor(self.context, _hear)
        while True:
            try:
                await watch.check()
                await alerts.check_submission_block(self.context, _hear)
                short = await self.context.database.read(_is_short)
            except Exception:  # noqa: BLE001 - as the loop in service does
                _log.exception("a duty failed")
                short = True
            await asyncio.sleep(_PERIODIC_WHILE_SHORT_S if short else _PERIODIC_S)

    async def _watch_servers(self) -> None:
        notices = ReleaseNotices(self.context)
        while True:
            try:
                await release_where_left(self.context)
                await notices.send_next()
            except Exception:  # noqa: BLE001 - as the loop in service does
                _log.exception("a duty failed")
            await asyncio.sleep(_SERVERS_S)

    async def _drain(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await self.worker.drain(_DRAIN_S)

    def _pass(self, point: str) -> None:
        """Pass a crash point, if the process is alive."""
        if not self.alive:
            raise asyncio.CancelledError
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self.kill(at=point)
                raise asyncio.CancelledError


def task_factory(
    loop: asyncio.AbstractEventLoop,
    work: Coroutine[Any, Any, T],
    context: contextvars.Context | None = None,
) -> asyncio.Task[T]:
    """Make a task, and register it with its process."""
    task = asyncio.Task(work, loop=loop, context=context)
    scope = context if context is not None else contextvars.copy_context()
    process = scope.get(_PROCESS)
    if process is not None and not _brings_back_a_connection(work):
        process.add_task(task)
    return task


class FailingDatabase:
    """A database whose transactions fail now and then, before their end."""

    def __init__(self, database: Database, fails: Callable[[], bool]) -> None:
        self._database = database
        self._fails = fails

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def transact(self, work: Any) -> Any:
        """Do `work` in a transaction, or fail."""
        if self._fails():
            raise DatabaseUnavailable("The disk of the database is full.")
        return await self._database.transact(work)


class _CrashPointProxy:
    """Wraps what leads out of the process; each coroutine is a crash point with two sides."""

    def __init__(self, inner: Any, through: Callable[[str], None]) -> None:
        self._inner = inner
        self._through = through

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._inner, name)
        if not inspect.iscoroutinefunction(member):
            return member
        point = partial(self._go, member, name)
        # Looked up once: the worker of a month passes a million crash points.
        setattr(self, name, point)
        return point

    async def _go(
        self, member: Callable[..., Awaitable[T]], name: str, *args: Any, **more: Any
    ) -> T:
        self._through(f"before {name}")
        result = await member(*args, **more)
        self._through(f"after {name}")
        return result


class _CoarseWorker(Worker):
    """A worker that polls seldom where nothing can be found: nobody else enqueues."""

    def __init__(self, context: Context, gathering_s: float) -> None:
        super().__init__(context, "the service")
        self._gathering_s = gathering_s

    async def rest(self, longest_s: float = 21_600.0) -> None:
        await asyncio.sleep(self._gathering_s)
        status = await self._context.database.read(lambda tx: tx.execute(_QUEUE_STATUS))
        queued_ms, at_apixo, paused_ms, behind = status.one()
        if queued_ms is not None and at_apixo < self._context.policy.max_tasks:
            waits_s = (max(queued_ms, paused_ms) - self._context.now_ms()) / 1000
            least_s = MAX_WAIT_S if self._context.throttle.gap_ms else _LOOK_S
            longest_s = max(least_s, waits_s)
        await super().wait_for_work(min(longest_s, _LOOK_S) if behind else longest_s)


_QUEUE_STATUS = text(
    "SELECT (SELECT min(due_at_ms) FROM jobs WHERE state = 'queued'),"
    " (SELECT count(*) FROM jobs WHERE state IN ('submitting', 'generating')),"
    " (SELECT coalesce(max(paused_until_ms), 0) FROM belt),"
    " EXISTS (SELECT 1 FROM jobs WHERE (status_shown IS NULL OR status_shown != state)"
    " AND state NOT IN ('submitting', 'succeeded', 'stored', 'posting'))"
)


def _brings_back_a_connection(work: Coroutine[Any, Any, Any]) -> bool:
    """Return whether a task is SQLAlchemy's: the next process needs the dead one's connection."""
    return "sqlalchemy" in getattr(getattr(work, "cr_code", None), "co_filename", "")


async def _is_short(tx: Any) -> bool:
    return (await tx.execute(text("SELECT short_since_ms FROM belt"))).scalar() is not None


async def _hear(_: object) -> bool:
    return True
