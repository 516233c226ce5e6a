"""The worker of films: claims those that are due, joins and posts them, one or two at a time.

A film that a dead process held is claimed again once its lease has ended. Cancelling or
erasing one takes it from the process that works on it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from domain.films import FilmFault, FilmState
from storage import films
from storage.errors import StaleJobError
from storage.films import Film
from workflow.context import Context
from workflow.errors import TemporaryPublishError
from workflow.films import joining, posting
from workflow.films.publisher import FilmPublisher
from workflow.video_tools.film_tools import FilmTools

_log = structlog.get_logger(__name__)

LEASE_MS: Final = 60_000
_HEARTBEAT_S: Final = 2
_MAX_WAIT_S: Final = 2
_MAX_CONCURRENT: Final = 2
_MAX_TURNS: Final = 5
"""Claims without progress: whatever ends a process each time, such as a lack of memory."""


class FilmWorker:
    """The worker of one process; `owner` names the process in the leases it takes."""

    def __init__(
        self, context: Context, tools: FilmTools, publisher: FilmPublisher, owner: str
    ) -> None:
        self._context = context
        self._tools = tools
        self._publisher = publisher
        self._owner = owner
        self._running = set[asyncio.Task[None]]()
        self._wake_event = asyncio.Event()
        self._rests_since: int | None = None

    async def recover(self) -> None:
        """End the leases of dead processes, where no other can be alive; call once at the start."""
        if self._context.database.has_one_process:
            await self._context.database.transact(films.drop_leases)

    async def run_once(self) -> None:
        """Start what is due; return while it runs."""
        self._wake_event.clear()
        if not (self._publisher.is_ready and self._context.high_water.is_checked):
            return
        free = _MAX_CONCURRENT - len(self._running)
        if free <= 0 or self._is_at_rest() or not await self._has_due():
            return

        async def claim(tx: AsyncConnection) -> list[Film]:
            return await films.claim_due(
                tx,
                now_ms=self._context.now_ms(),
                owner=self._owner,
                lease_ms=LEASE_MS,
                limit=free,
            )

        for film in await self._context.database.transact(claim):
            task = asyncio.create_task(self._work(film), name=film.id)
            self._running.add(task)
            task.add_done_callback(self._end)

    async def wait_for_work(self, max_wait_s: float = _MAX_WAIT_S) -> None:
        """Wait until `wake` is called, one has ended, or another process may have added one."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max_wait_s):
                await self._wake_event.wait()

    def wake(self) -> None:
        """End the wait: there is a new film."""
        self._wake_event.set()

    async def stop(self) -> None:
        """Give up what runs: the next process goes on with it."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _end(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._wake_event.set()

    def _is_at_rest(self) -> bool:
        """Return whether there can be no film to work on: nobody has written since none was."""
        database = self._context.database
        return database.has_one_process and database.transactions == self._rests_since

    async def _has_due(self) -> bool:
        """Return whether a film is due, and remember if there is none that will be."""
        database, now_ms = self._context.database, self._context.now_ms()
        transactions = database.transactions
        next_ms = await database.read(films.get_next_due_ms)
        self._rests_since = transactions if next_ms is None else None
        return next_ms is not None and next_ms <= now_ms

    async def _work(self, film: Film) -> None:
        try:
            await self._hold(film, self._stage(film))
        except StaleJobError:
            _log.info("film was taken away", film=film.id, state=film.state)
        except (Outage, OSError, TemporaryPublishError) as error:
            await self._retry(film, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker goes on
            _log.exception("film failed", film=film.id, state=film.state)
            await self._retry(film, error)

    async def _retry(self, film: Film, error: Exception) -> None:
        """Go on with a film later; if not even that can be recorded, when its lease has ended."""
        with suppress(Outage, StaleJobError):
            current = await self._context.database.read(lambda tx: films.get(tx, film.id))
            if current is not None and current.lease_owner == self._owner:
                await posting.retry(self._context, current, error)

    def _stage(self, film: Film) -> Callable[[Callable[[int], None]], Awaitable[None]]:
        async def run(report: Callable[[int], None]) -> None:
            if film.turns > _MAX_TURNS and film.state is FilmState.JOINING:
                await joining.fail(self._context, self._publisher, film, FilmFault.UNUSABLE)
            elif film.state is FilmState.DELETING:
                await posting.remove(self._context, self._publisher, film)
            else:
                await self._join_and_post(film, report)

        return run

    async def _join_and_post(self, film: Film, report: Callable[[int], None]) -> None:
        may_be_posted = film.posting_since_ms is not None
        joined: Film | None = film
        if film.state is FilmState.JOINING:
            joined = await joining.join(self._context, self._tools, self._publisher, film, report)
        if joined is not None:
            await posting.post(self._context, self._publisher, joined, may_be_posted=may_be_posted)

    async def _hold(
        self, film: Film, stage: Callable[[Callable[[int], None]], Awaitable[None]]
    ) -> None:
        """Run a stage while its lease is renewed; end it if the film is taken away."""
        percent = film.percent

        def report(value: int) -> None:
            nonlocal percent
            percent = max(percent, value)

        running = asyncio.ensure_future(stage(report))
        try:
            while not running.done():
                await asyncio.wait([running], timeout=_HEARTBEAT_S)
                if not running.done() and not await self._renew(film, percent):
                    raise StaleJobError(film.id)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await running

    async def _renew(self, film: Film, percent: int) -> bool:
        until_ms = self._context.now_ms() + LEASE_MS
        with suppress(Outage):
            return await self._context.database.transact(
                lambda tx: films.renew(tx, film, percent, until_ms)
            )
        return True
