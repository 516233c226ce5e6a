"""Knows the page on which a person can use the stand-in, and the small interface behind it."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from aiohttp import WSMsgType, web

from sandbox.demo.page_access import CLOSED, SECURITY, is_own
from sandbox.demo.page_actions import Done, Orders
from sandbox.demo.page_content import Stage
from sandbox.demo.page_files import PageFiles
from sandbox.demo.page_form import TooLarge, received
from sandbox.demo.page_socket import News, Watcher
from sandbox.discord.app_state import Rooms
from sandbox.discord.errors import ClientRefused

_MOST_SOCKETS: Final = 64
_FRAME_BYTES: Final = 4096


class Page:
    """Serves the page, keeps it up to date, and does what is asked on it."""

    def __init__(self, rooms: Rooms, stage: Stage) -> None:
        self._rooms = rooms
        self._news = News(rooms, stage)
        self._files = PageFiles(stage)
        self._orders = Orders(rooms, stage)
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get("/", self.show),
            web.get("/_page/client/{name}", self.client),
            web.get("/_page/pictures/{name}", self.picture),
            web.get("/_page/socket", self.watch),
            web.post("/_page/do", self.do),
        ]

    async def close(self) -> None:
        """End every page's connection."""
        for socket in list(self._sockets):
            await socket.close(code=1001)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """Serve the page itself."""
        self._let_in(request)
        return _secured(await self._files.client(request, "index.html"))

    async def client(self, request: web.Request) -> web.StreamResponse:
        """Serve a file that belongs to the page."""
        self._let_in(request)
        return _secured(await self._files.client(request, request.match_info["name"]))

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """Serve a file of the welcome."""
        self._let_in(request)
        return _secured(await self._files.picture(request, request.match_info["name"]))

    async def watch(self, request: web.Request) -> web.StreamResponse:
        """Tell a page, until it leaves, what its member sees where it is."""
        self._let_in(request)
        if len(self._sockets) >= _MOST_SOCKETS:
            raise web.HTTPServiceUnavailable(text="Too many pages are open.")
        socket = web.WebSocketResponse(heartbeat=20, max_msg_size=_FRAME_BYTES, compress=False)
        self._sockets.add(socket)
        try:
            await socket.prepare(request)
            await self._follow(socket)
        finally:
            self._sockets.discard(socket)
        return socket

    async def do(self, request: web.Request) -> web.Response:
        """Do what a member asks for: `order` as JSON, and files by the names of their fields."""
        self._let_in(request)
        try:
            folder, most = self._rooms.cdn.folder, self._rooms.options.request_bytes
            async with received(request, folder, most, self._orders.file_bytes) as order:
                return _answer(await self._orders.carry_out(order))
        except ClientRefused as refusal:
            status = 413 if isinstance(refusal, TooLarge) else 200
            return web.json_response({"ok": False, "error": str(refusal)}, status=status)

    def _let_in(self, request: web.Request) -> None:
        host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
        if not is_own(host, origin, self._rooms.options.host):
            raise web.HTTPForbidden(text=CLOSED)

    async def _follow(self, socket: web.WebSocketResponse) -> None:
        watcher = Watcher(self._news, socket.send_str)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_while_open(watcher.follow())),
                group.create_task(_while_open(watcher.follow_backstage())),
            ]
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    watcher.choose(frame.data)
            for task in tasks:
                task.cancel()


async def _while_open(following: Coroutine[Any, Any, None]) -> None:
    """Follow until the page is gone."""
    with suppress(ConnectionError):
        await following


def _secured(response: web.Response) -> web.Response:
    response.headers.update(SECURITY)
    return response


def _answer(done: Done) -> web.Response:
    begun = None if done.interaction is None else str(done.interaction.id)
    return web.json_response({"ok": True, "interaction": begun, "choices": done.choices})
