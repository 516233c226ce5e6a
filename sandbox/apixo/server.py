"""Knows how to start and stop the stand-in."""

import socket
from contextlib import AsyncExitStack
from typing import Self

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.apixo.admin_api import PREFIX, control_app
from sandbox.apixo.api import ENTRY, Api, Rooms
from sandbox.apixo.callbacks import Callbacks
from sandbox.apixo.clip_renderer import Studio
from sandbox.apixo.clock import Clock, Pace, SystemClock
from sandbox.apixo.config import ApixoOptions
from sandbox.apixo.faults import FaultQueue, Patience, Payload
from sandbox.apixo.journal import Journal
from sandbox.apixo.media import Fetcher
from sandbox.apixo.rate_limits import Limits
from sandbox.apixo.responses import failure
from sandbox.apixo.task_store import Balance, TaskBook

_MAX_BODY_BYTES = 1024 * 1024
_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to


class ApixoStandIn:
    """Serves APIXO's API on this machine while its context is open.

    Attributes:
        base_url: what a client takes as APIXO's address, known once the context is open.
        key: the key that it accepts.
        tasks, journal, faults, pace: what it knows, and what may be changed about it.
        cues: directives that the next tasks get beside those of their prompts, one each.
        callbacks: its callbacks, once the context is open.
    """

    base_url: str
    callbacks: Callbacks

    def __init__(self, options: ApixoOptions | None = None, clock: Clock | None = None) -> None:
        self.options = options or ApixoOptions()
        self.clock = clock or SystemClock()
        self.key = self.options.key
        self.pace = Pace(self.clock, self.options.time_scale)
        self.tasks = TaskBook(self.options, self.clock, self.pace)
        self.journal = Journal(self.key)
        self.faults = FaultQueue()
        self.cues: list[str] = []
        self._stack = AsyncExitStack()

    @property
    def balance(self) -> Balance:
        """The key's money as it is now; `balance.micro` may be set."""
        return self.tasks.balance

    async def empty(self) -> None:
        """Forget all tasks, requests and faults, and put the balance back to what it was."""
        await self.callbacks.close()
        self.tasks.clear()
        self.journal.clear()
        self.faults.clear()
        self.cues.clear()

    async def __aenter__(self) -> Self:
        """Listen, and be ready to answer."""
        async with AsyncExitStack() as stack:
            listener = socket.create_server((self.options.host, self.options.port))
            stack.callback(listener.close)
            root = _root(self.options.host, listener.getsockname()[1])
            rooms = await self._furnish(stack, f"{root}/files")
            await self._open(stack, rooms, listener)
            self.base_url = f"{root}/api/v1"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and leave nothing behind."""
        await self._stack.aclose()

    async def _furnish(self, stack: AsyncExitStack, files_url: str) -> Rooms:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        self.callbacks = Callbacks(session, self.clock, self.pace)
        stack.push_async_callback(self.callbacks.close)
        studio = Studio(self.options.clips, self.pace)
        stack.push_async_callback(studio.close)
        return Rooms(
            options=self.options,
            clock=self.clock,
            pace=self.pace,
            tasks=self.tasks,
            cues=self.cues,
            faults=self.faults,
            limits=Limits(self.options, self.clock),
            fetcher=Fetcher(session),
            studio=studio,
            callbacks=self.callbacks,
            files_url=files_url,
            patience=Patience(self.clock),
        )

    async def _open(self, stack: AsyncExitStack, rooms: Rooms, listener: socket.socket) -> None:
        app = web.Application(middlewares=[self._note], client_max_size=_MAX_BODY_BYTES)
        app.add_routes(Api(rooms).routes())
        app.add_subapp(PREFIX, control_app(rooms, self.journal))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        stack.push_async_callback(runner.cleanup)
        stack.callback(rooms.patience.end)
        await runner.setup()
        await web.SockSite(runner, listener).start()

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep the journal, and put what aiohttp itself refuses into the envelope."""
        if not request.path.startswith(PREFIX):
            request[ENTRY] = self.journal.open(
                self.clock.now(), request.method, request.path, request.query, request.headers
            )
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            payload = Payload.of(failure(refusal.status, refusal.reason))
            if ENTRY in request:
                request[ENTRY].status = payload.status
            return web.Response(status=payload.status, body=payload.body, headers=payload.headers)


def _root(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in _WILDCARDS else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
