"""Callbacks about tasks that have ended.

Source: the documented delivery rules. One POST with the status answer's body, no signature;
anything but exactly 200 within 30 seconds is tried again after 30 seconds, 2 and 10 minutes.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from yarl import URL

from sandbox.apixo.clock import Clock, ScaledClock
from sandbox.apixo.responses import success_response
from sandbox.apixo.rules import is_loopback
from sandbox.apixo.tasks import Task

RETRY_GAPS: Final = (30.0, 120.0, 600.0)
"""Generation seconds, so that the time scale divides them."""

_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)


@dataclass(frozen=True, slots=True)
class CallbackAttempt:
    """One attempt: when (Unix seconds), for which task, and the HTTP status or what went wrong."""

    at: float
    task_id: str
    url: str
    result: int | str


class CallbackSender:
    """Delivers the ends of tasks; `deliveries` holds every attempt, oldest first."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock, pace: ScaledClock) -> None:
        self.attempts: list[CallbackAttempt] = []
        self._session = session
        self._clock = clock
        self._scaled_clock = pace
        self._running: set[asyncio.Task[None]] = set()

    def schedule(
        self, task: Task, drawing: asyncio.Future[None] | None, data: Callable[[], dict[str, Any]]
    ) -> None:
        """Call back when the task has ended, if its order wants that; `data` makes the body."""
        if task.submission.callback_url is None or task.seconds is None:
            return
        if task.directives.callback_mode in ("never", "early"):
            return
        self._begin(self._deliver(task, drawing, data))

    async def send_now(self, task: Task, data: dict[str, Any]) -> None:
        """Call back at once, whatever is true; again later, if it is not acknowledged."""
        if not await self._post(task, data):
            self._begin(self._try_again(task, lambda: data))

    async def close(self) -> None:
        """Give up what is still to be delivered."""
        for delivering in self._running:
            delivering.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _deliver(
        self, task: Task, drawing: asyncio.Future[None] | None, data: Callable[[], dict[str, Any]]
    ) -> None:
        await self._scaled_clock.wait_until(task.started_at + (task.seconds or 0))
        if drawing is not None:
            await drawing
        if task.directives.callback_mode == "twice":
            await self._post(task, data())
        if not await self._post(task, data()):
            await self._try_again(task, data)

    async def _try_again(self, task: Task, data: Callable[[], dict[str, Any]]) -> None:
        for gap in RETRY_GAPS:
            await self._scaled_clock.wait_until(self._scaled_clock.now() + gap)
            if await self._post(task, data()):
                return

    def _begin(self, delivering: Coroutine[Any, Any, None]) -> None:
        running = asyncio.ensure_future(delivering)
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _post(self, task: Task, data: dict[str, Any]) -> bool:
        """Try once, and return whether it was acknowledged."""
        url = task.submission.callback_url or ""
        result = await self._result(url, success_response(data).encode())
        self.attempts.append(CallbackAttempt(self._clock.now(), task.id, url, result))
        return result == 200

    async def _result(self, address: str, body: bytes) -> int | str:
        url = URL(address)
        if not is_loopback(url.host):
            return "not sent: the stand-in calls only this machine"
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False
            ) as response:
                return response.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            return type(error).__name__
