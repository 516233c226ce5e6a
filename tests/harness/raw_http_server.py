"""A server that says whatever a test wants, byte by byte, and keeps what it was sent."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    """What a raw server has of its clients; `requests` are whole, head and body."""

    replies: list[Reply]
    port: int = 0
    requests: list[bytes] = field(default_factory=list[bytes])
    connections: int = 0
    connection_tasks: set[asyncio.Task[None]] = field(default_factory=set["asyncio.Task[None]"])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def handle_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.connection_tasks.add(asyncio.create_task(self._talk(reader, writer)))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.requests.append(await _request(reader))
                reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
                await reply(writer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def serve_replies(*replies: Reply) -> AsyncGenerator[RawServer]:
    """Give each request the next reply, and the last one again and again."""
    wire = RawServer(list(replies))
    async with await asyncio.start_server(wire.handle_connection, "127.0.0.1", 0) as server:
        wire.port = server.sockets[0].getsockname()[1]
        yield wire
        for talk in wire.connection_tasks:
            talk.cancel()
        await asyncio.gather(*wire.connection_tasks, return_exceptions=True)


def reply_body(body: bytes | str | object, status: str = "200 OK", *headers: str) -> Reply:
    """Answer with a body, JSON unless it is bytes or text already, and stay connected."""
    data = body if isinstance(body, bytes) else _text(body).encode()

    async def reply(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + data)

    return reply


def reply_raw(raw: bytes) -> Reply:
    """Write raw bytes, then end the connection in an orderly way."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        writer.close()

    return reply


async def reply_reset(writer: asyncio.StreamWriter) -> None:
    """Break the connection with a TCP reset."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def reply_nothing(_: asyncio.StreamWriter) -> None:
    """Say nothing."""
    await asyncio.Event().wait()


async def reply_endless(writer: asyncio.StreamWriter) -> None:
    """Send an endless chunked body."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        await writer.drain()


async def reply_slowly(writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


def _text(body: object) -> str:
    return body if isinstance(body, str) else json.dumps(body)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return head + await reader.readexactly(int(value))
    return head
