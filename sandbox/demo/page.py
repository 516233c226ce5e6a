"""The page on which a person can use the stand-in, and the small interface behind it."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, Final

from aiohttp import WSMsgType, web

from sandbox.demo.page_access import SECURITY_HEADERS
from sandbox.demo.page_actions import ActionResult, PageActions
from sandbox.demo.page_content import PageContent
from sandbox.demo.page_files import PageFiles
from sandbox.demo.page_form import UploadTooLarge, receive_form
from sandbox.demo.page_socket import UpdateCache, UpdateStream
from sandbox.discord.app_state import AppState
from sandbox.discord.errors import ClientActionRefused

_MOST_SOCKETS: Final = 64
_FRAME_BYTES: Final = 4096


class Page:
    """Serves the page, keeps it up to date, and does what is asked on it."""

    def __init__(self, rooms: AppState, stage: PageContent) -> None:
        self._state = rooms
        self._update_cache = UpdateCache(rooms, stage)
        self._files = PageFiles(stage)
        self._orders = PageActions(rooms, stage)
        self._sockets: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        """List what is served."""
        return [
            web.get("/", self.index),
            web.get("/_page/client/{name}", self.static_file),
            web.get("/_page/pictures/{name}", self.picture),
            web.get("/_page/socket", self.updates),
            web.post("/_page/do", self.action),
        ]

    async def close(self) -> None:
        """End every page's connection."""
        for socket in list(self._sockets):
            await socket.close(code=1001)

    async def index(self, request: web.Request) -> web.StreamResponse:
        """Serve the page itself."""
        return _secured(await self._files.static_file(request, "index.html"))

    async def static_file(self, request: web.Request) -> web.StreamResponse:
        """Serve a file that belongs to the page."""
        return _secured(await self._files.static_file(request, request.match_info["name"]))

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """Serve a file of the welcome."""
        return _secured(await self._files.picture(request, request.match_info["name"]))

    async def updates(self, request: web.Request) -> web.StreamResponse:
        """Send a page, until it leaves, what its member sees where it is."""
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

    async def action(self, request: web.Request) -> web.Response:
        """Do what a member asks for: `order` as JSON, and files by the names of their fields."""
        try:
            folder, most = self._state.cdn.folder, self._state.config.request_bytes
            async with receive_form(request, folder, most, self._orders.max_file_bytes) as order:
                return _answer(await self._orders.run(order))
        except ClientActionRefused as refusal:
            status = 413 if isinstance(refusal, UploadTooLarge) else 200
            return web.json_response({"ok": False, "error": str(refusal)}, status=status)

    async def _follow(self, socket: web.WebSocketResponse) -> None:
        watcher = UpdateStream(self._update_cache, socket.send_str)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_while_open(watcher.follow())),
                group.create_task(_while_open(watcher.follow_backstage())),
            ]
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    watcher.handle_frame(frame.data)
            for task in tasks:
                task.cancel()


async def _while_open(following: Coroutine[Any, Any, None]) -> None:
    """Follow until the page is gone."""
    with suppress(ConnectionError):
        await following


def _secured(response: web.Response) -> web.Response:
    response.headers.update(SECURITY_HEADERS)
    return response


def _answer(done: ActionResult) -> web.Response:
    begun = None if done.interaction is None else str(done.interaction.id)
    return web.json_response({"ok": True, "interaction": begun, "choices": done.choices})
