"""The stand-in's server."""

import socket
from contextlib import AsyncExitStack
from typing import Self

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.apixo.admin_api import ADMIN_PREFIX, build_admin_app
from sandbox.apixo.api import RECORDED_REQUEST, ApiRoutes, AppState
from sandbox.apixo.callbacks import CallbackSender
from sandbox.apixo.clip_renderer import ClipRenderer
from sandbox.apixo.clock import Clock, ScaledClock, SystemClock
from sandbox.apixo.config import ApixoConfig
from sandbox.apixo.faults import DelayTimer, FaultQueue, RawResponse
from sandbox.apixo.journal import RequestJournal
from sandbox.apixo.media import MediaFetcher
from sandbox.apixo.rate_limits import RateLimits
from sandbox.apixo.responses import error_response
from sandbox.apixo.task_store import Balance, TaskStore
from sandbox.local_access import same_origin_only

_MAX_BODY_BYTES = 1024 * 1024
_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to


class FakeApixo:
    """Serves APIXO's API on this machine while its context is open.

    Attributes:
        base_url: what a client takes as APIXO's address, known once the context is open.
        key: the key that it accepts.
        tasks, journal, faults, pace: its state, and what may be changed about it.
        cues: directives that the next tasks get beside those of their prompts, one each.
        callbacks: its callbacks, once the context is open.
    """

    base_url: str
    callbacks: CallbackSender

    def __init__(self, options: ApixoConfig | None = None, clock: Clock | None = None) -> None:
        self.config = options or ApixoConfig()
        self.clock = clock or SystemClock()
        self.key = self.config.key
        self.scaled_clock = ScaledClock(self.clock, self.config.time_scale)
        self.tasks = TaskStore(self.config, self.clock, self.scaled_clock)
        self.journal = RequestJournal(self.key)
        self.faults = FaultQueue()
        self.queued_directives: list[str] = []
        self._stack = AsyncExitStack()

    @property
    def balance(self) -> Balance:
        """The key's money as it is now; `balance.micro` may be set."""
        return self.tasks.balance

    async def reset(self) -> None:
        """Forget all tasks, requests and faults, and put the balance back to what it was."""
        await self.callbacks.close()
        self.tasks.clear()
        self.journal.clear()
        self.faults.clear()
        self.queued_directives.clear()

    async def __aenter__(self) -> Self:
        """Listen, and be ready to answer."""
        async with AsyncExitStack() as stack:
            listener = socket.create_server((self.config.host, self.config.port))
            stack.callback(listener.close)
            root = _root(self.config.host, listener.getsockname()[1])
            rooms = await self._furnish(stack, f"{root}/files")
            await self._open(stack, rooms, listener)
            self.base_url = f"{root}/api/v1"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop, and leave nothing behind."""
        await self._stack.aclose()

    async def _furnish(self, stack: AsyncExitStack, files_url: str) -> AppState:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        self.callbacks = CallbackSender(session, self.clock, self.scaled_clock)
        stack.push_async_callback(self.callbacks.close)
        studio = ClipRenderer(self.config.clips, self.scaled_clock)
        stack.push_async_callback(studio.close)
        return AppState(
            config=self.config,
            clock=self.clock,
            scaled_clock=self.scaled_clock,
            tasks=self.tasks,
            queued_directives=self.queued_directives,
            faults=self.faults,
            rate_limits=RateLimits(self.config, self.clock),
            media_fetcher=MediaFetcher(session),
            clip_renderer=studio,
            callbacks=self.callbacks,
            files_url=files_url,
            delays=DelayTimer(self.clock),
        )

    async def _open(self, stack: AsyncExitStack, rooms: AppState, listener: socket.socket) -> None:
        app = web.Application(
            middlewares=[same_origin_only(self.config.host), self._note],
            client_max_size=_MAX_BODY_BYTES,
        )
        app.add_routes(ApiRoutes(rooms).routes())
        app.add_subapp(ADMIN_PREFIX, build_admin_app(rooms, self.journal))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        stack.push_async_callback(runner.cleanup)
        stack.callback(rooms.delays.cancel)
        await runner.setup()
        await web.SockSite(runner, listener).start()

    @web.middleware
    async def _note(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Keep the journal, and put what aiohttp itself refuses into the envelope."""
        if not request.path.startswith(ADMIN_PREFIX):
            request[RECORDED_REQUEST] = self.journal.record(
                self.clock.now(), request.method, request.path, request.query, request.headers
            )
        try:
            return await handler(request)
        except web.HTTPException as refusal:
            payload = RawResponse.from_response(error_response(refusal.status, refusal.reason))
            if RECORDED_REQUEST in request:
                request[RECORDED_REQUEST].status = payload.status
            return web.Response(status=payload.status, body=payload.body, headers=payload.headers)


def _root(host: str, port: int) -> str:
    shown = "127.0.0.1" if host in _WILDCARDS else host
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
