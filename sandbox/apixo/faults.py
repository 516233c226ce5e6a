"""Faults: how an answer can go wrong, and which of the next ones will."""

import asyncio
import math
import socket
import struct
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from sandbox.apixo.clock import Clock
from sandbox.apixo.responses import ApiResponse, error_response

Route = Literal["submit", "status", "balance", "file"]


class Fault(BaseModel):
    """What is to happen to one answer; everything left out stays as it would have been.

    Attributes:
        status: the HTTP status.
        code: the envelope's code, if it is to differ from the HTTP status.
        message: the envelope's message.
        fields: laid over the fields of the envelope's data.
        without: fields taken out of the envelope's data.
        raw: the whole body, instead of an envelope or a file.
        is_half: half of the body is all that is sent, as if it were the whole.
        repeat: how often `raw` is sent, as one chunked body.
        headers: added to, and replacing, the answer's.
        effect: on a submission: the task is created and charged before the answer goes wrong.
            A status or file request has no effect, so there it means nothing.
        ending: how it ends: in an `answer`; in `cut`, half of the announced body; in a `reset`
            of the connection (without `effect`: before the body is read); or it `hang`s for ever.
        delay: seconds before the answer, by the stand-in's clock (one moved by hand holds it).
        drip: seconds between any two bytes, by the same clock.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int | None = None
    code: int | None = None
    message: str | None = None
    fields: Mapping[str, Any] = {}
    without: tuple[str, ...] = ()
    raw: bytes | None = None
    is_half: bool = False
    repeat: int = 1
    headers: Mapping[str, str] = {}
    takes_effect: bool = False
    ending: Literal["answer", "cut", "reset", "hang"] = "answer"
    delay: float = 0.0
    drip: float = 0.0

    def apply_to(self, answer: ApiResponse) -> "RawResponse":
        """Make the bytes that go out instead of `answer`."""
        if self.status is not None and self.status >= 400:
            answer = error_response(self.status)
        if self.fields or self.without:
            answer = answer.replace_data(self.fields, self.without)
        answer = replace(
            answer,
            status=self.status or answer.status,
            code=self.code if self.code is not None else self.status,
            message=answer.message if self.message is None else self.message,
        )
        return self.apply_to_payload(RawResponse.from_response(answer))

    def apply_to_payload(self, payload: "RawResponse") -> "RawResponse":
        """Change what goes out where it is no envelope, as for a file."""
        body = payload.body if self.raw is None else self.raw
        return replace(
            payload,
            status=self.status or payload.status,
            body=body[: len(body) // 2] if self.is_half else body,
            headers={**payload.headers, **self.headers},
        )


@dataclass(frozen=True, slots=True)
class RawResponse:
    """An answer as bytes."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def from_response(cls, answer: ApiResponse) -> "RawResponse":
        """Encode an envelope."""
        headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
        return cls(answer.status, answer.encode(), headers)


class FaultQueue:
    """Holds what the next answers of each route will suffer, first in, first out."""

    def __init__(self) -> None:
        self._waiting: dict[Route, deque[Fault]] = {}
        self._lasting: dict[Route, tuple[Fault, Callable[[], bool]]] = {}

    def add(self, route: Route, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests of a route suffer `fault`."""
        self._waiting.setdefault(route, deque()).extend([fault] * times)

    def add_submit(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` submissions suffer `fault`."""
        self.add("submit", fault, times)

    def add_status(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` status requests suffer `fault`."""
        self.add("status", fault, times)

    def add_balance(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` balance requests suffer `fault`."""
        self.add("balance", fault, times)

    def add_download(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` downloads suffer `fault`."""
        self.add("file", fault, times)

    def add_while(self, route: Route, fault: Fault, lasts: Callable[[], bool]) -> None:
        """Let every request of a route suffer `fault` while `lasts`, asked each time, says so."""
        self._lasting[route] = (fault, lasts)

    def pop(self, route: Route) -> Fault | None:
        """Take the fault that is next on a route, if one is waiting, else one that lasts."""
        if waiting := self._waiting.get(route):
            return waiting.popleft()
        fault, lasts = self._lasting.get(route, (None, bool))
        return fault if lasts() else None

    def clear(self) -> None:
        """Let everything go well again."""
        self._waiting.clear()
        self._lasting.clear()


class DelayTimer:
    """Waits for slow answers by the stand-in's clock, until the stand-in closes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._closing = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Return after `seconds`, which may be `math.inf`, or as soon as `end` is called."""
        if seconds == math.inf:
            await self._closing.wait()
        else:
            await self._clock.wait(seconds, self._closing)

    def cancel(self) -> None:
        """Wait no more."""
        self._closing.set()


async def send_response(
    request: web.Request, payload: RawResponse, fault: Fault | None, patience: DelayTimer
) -> web.StreamResponse:
    """Write an answer in the way the fault wants it."""
    if fault is None:
        return web.Response(status=payload.status, body=payload.body, headers=payload.headers)
    await patience.wait(math.inf if fault.ending == "hang" else fault.delay)
    if fault.ending in ("hang", "reset"):
        return reset_connection(request)
    if fault.ending == "cut" or fault.drip or fault.repeat > 1:
        return await _stream(request, payload, fault, patience)
    return web.Response(status=payload.status, body=payload.body, headers=payload.headers)


def reset_connection(request: web.Request) -> web.Response:
    """Break the connection so that the client sees a reset, not an end."""
    if (transport := request.transport) is not None:
        connection = transport.get_extra_info("socket")
        if connection is not None:
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    return web.Response()


async def _stream(
    request: web.Request, payload: RawResponse, fault: Fault, patience: DelayTimer
) -> web.StreamResponse:
    response = web.StreamResponse(status=payload.status, headers=payload.headers)
    if fault.repeat == 1:
        response.content_length = len(payload.body)
    try:
        await response.prepare(request)
        await _write(response, payload, fault, patience)
    except ConnectionError:
        return response  # the client had enough, as it should
    if fault.ending == "cut" and request.transport is not None:
        request.transport.close()
    return response


async def _write(
    response: web.StreamResponse, payload: RawResponse, fault: Fault, patience: DelayTimer
) -> None:
    body = payload.body[: len(payload.body) // 2] if fault.ending == "cut" else payload.body
    if not fault.drip:
        for _ in range(fault.repeat):
            await response.write(body)
        return
    for byte in body:
        await response.write(bytes([byte]))
        await patience.wait(fault.drip)
