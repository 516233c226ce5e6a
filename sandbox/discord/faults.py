"""Faults: how an answer can go wrong, and which of the next ones will."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from sandbox.discord.errors import ApiError
from sandbox.discord.paths import API_PREFIX, matches
from sandbox.discord.rate_limits import TooManyRequests

Handler = Callable[[], Awaitable[web.StreamResponse]]

_PIECE_BYTES = 65_536
_MESSAGES = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    20009: (400, "Explicit content cannot be sent to the desired recipient(s)"),
    40003: (400, "You are opening direct messages too fast"),
    40005: (413, "Request entity too large"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached."),
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50027: (401, "Invalid Webhook Token"),
    50083: (400, "Thread is archived"),
    50278: (403, "Cannot send messages to this user: no mutual guilds"),
    160002: (403, "Cannot reply without permission to read message history"),
    160005: (403, "Thread is locked"),
    200000: (400, "Message was blocked by automatic moderation"),
    200001: (400, "Title was blocked by automatic moderation"),
    240000: (400, "Message blocked by harmful links filter"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is to happen to one answer.

    Attributes:
        status: the HTTP status; left out, it follows from the code, or the answer is as it was.
        code: Discord's JSON error code.
        message: the error's text, if not the usual one.
        raw: the whole answer instead, as HTML: what a proxy says, or nothing at all.
        retry_after: seconds that a 429 asks to wait.
        takes_effect: the work is done before the answer goes wrong.
        ending: how it ends: in an answer, or in a connection that is `reset`; or never, in zeros
            that come for as long as somebody listens: `endless`.
        delay: seconds before anything happens.
        pause: seconds between two pieces of an endless answer.
    """

    status: int | None = None
    code: int | None = None
    message: str | None = None
    raw: bytes | None = None
    retry_after: float = 0.1
    takes_effect: bool = False
    ending: Literal["answer", "reset", "endless"] = "answer"
    delay: float = 0.0
    pause: float = 0.0

    async def apply(self, request: web.Request, work: Handler) -> web.StreamResponse:
        """Answer a request wrongly."""
        await asyncio.sleep(self.delay)
        if self.takes_effect or not self._spoils:
            answer = await work()
            if not self._spoils:
                return answer
        if self.ending == "reset":
            return _reset(request)
        if self.ending == "endless":
            return await _go_on(request, self.pause)
        if self.raw is not None:
            return _not_json(self.status or 200, self.raw)
        if self.status == 429:
            raise TooManyRequests(self.retry_after, "shared", {})
        raise self._refusal()

    @property
    def _spoils(self) -> bool:
        return self.ending != "answer" or (self.status, self.code, self.raw) != (None, None, None)

    def _refusal(self) -> ApiError:
        status, usual = _MESSAGES.get(self.code or 0, (self.status or 500, f"{self.status}: Error"))
        return ApiError(self.status or status, self.code or 0, self.message or usual)


@dataclass(slots=True)
class _Order:
    method: str
    pattern: str
    fault: Fault
    left: int | None


class FaultQueue:
    """Keeps the faults that wait for their requests; the oldest that fits is used up first."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []

    def add(self, method: str, route_pattern: str, fault: Fault, times: int | None = 1) -> None:
        """Let the next `times` requests (None: all) of a method to a route go wrong.

        `route_pattern` is as in `/channels/*/messages`; a method of `*` is any.
        """
        self._orders.append(_Order(method, route_pattern, fault, times))

    def add_post_refusal(self, channel_id: int, code: int, times: int | None = None) -> None:
        """Refuse every post to a channel with one of Discord's codes, until it is cleared."""
        self.add("POST", f"/channels/{channel_id}/messages", Fault(code=code), times)

    def clear(self) -> None:
        """Forget the faults that are waiting."""
        self._orders.clear()

    def pop(self, method: str, path: str) -> Fault | None:
        """Use up the fault that waits for a request, if there is one."""
        for order in self._orders:
            named = order.method in ("*", method)
            if named and matches(order.pattern, path.removeprefix(API_PREFIX)):
                return self._use(order)
        return None

    def _use(self, order: _Order) -> Fault:
        if order.left is not None:
            order.left -= 1
            if order.left == 0:
                self._orders.remove(order)
        return order.fault


def _not_json(status: int, raw: bytes) -> web.Response:
    """Answer as the proxy before Discord does: with HTML, or with nothing."""
    return web.Response(status=status, body=raw, content_type="text/html")


def _reset(request: web.Request) -> web.Response:
    """Tear the connection down without an answer."""
    transport = request.transport
    if transport is not None:
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response()


async def _go_on(request: web.Request, pause: float) -> web.StreamResponse:
    """Answer with zeros until the client goes away."""
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(bytes(_PIECE_BYTES))
            await asyncio.sleep(pause)
    return response
