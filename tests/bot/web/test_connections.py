"""What strangers open on the HTTP port: held within bounds, and never in the way of others."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import cast

import aiohttp
import pytest
from aiohttp import web

from bot.web import health
from bot.web.connections import (
    BoundedConnection,
    ConnectionLimits,
    ConnectionPool,
    FileTransfer,
    raise_descriptor_limit,
)
from bot.web.server import serve

SIZE = 32 * 1024 * 1024


async def check() -> dict[str, str | None]:
    return {}


@asynccontextmanager
async def server(
    tmp_path: Path, limits: ConnectionLimits, trusted: str = "10.0.0.0/8"
) -> AsyncIterator[int]:
    """Health, and one large file at `/file`."""
    file = tmp_path / "large.mp4"
    with file.open("wb") as opened:
        opened.truncate(SIZE)

    async def send(request: web.Request) -> web.StreamResponse:
        return FileTransfer(request, file, {})

    routes = [*health.routes(check), web.get("/file", send)]
    pool = ConnectionPool(limits, [ip_network(trusted)])
    async with serve("127.0.0.1", 0, routes, pool) as port:
        yield port


@asynccontextmanager
async def opened(
    port: int, count: int, text: bytes
) -> AsyncIterator[list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]:
    """Connections that send a text and then neither write nor read."""
    connections = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]()
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
            connections.append((reader, writer))
            writer.write(text)
            await writer.drain()
        yield connections
    finally:
        for _, writer in connections:
            writer.transport.abort()


async def status(port: int, path: str, **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}", headers=headers) as answer,
    ):
        return answer.status


async def ended(reader: asyncio.StreamReader) -> None:
    """Read until the server has closed or cut the connection."""
    with suppress(ConnectionError):
        while await reader.read(65536):
            pass


async def test_half_a_request_gives_way_to_a_whole_one(tmp_path: Path):
    """The longest idle connection is closed where there are too many; health goes on."""
    limits = ConnectionLimits(connections=8)
    async with (
        server(tmp_path, limits) as port,
        opened(port, 30, b"GET /healthz HTTP/1.1\r\nHost: x\r\n") as flood,
    ):
        for _ in range(5):
            assert await status(port, "/healthz") == 200
        await asyncio.gather(*(ended(reader) for reader, _ in flood[:20]))


async def test_headers_that_never_end_end_the_connection(tmp_path: Path):
    """Also when they come drop by drop, and when nothing comes at all."""
    async with (
        server(tmp_path, ConnectionLimits(idle_s=0.2)) as port,
        opened(port, 2, b"GET /healthz HTTP/1.1\r\nX: y\r\n") as half,
        opened(port, 2, b"") as silent,
    ):
        await asyncio.gather(*(ended(reader) for reader, _ in (*half, *silent)))


@dataclass(eq=False)
class Peer:
    """What a pool reads of a connection."""

    peer: IPv4Address
    idle_since: float
    pool: ConnectionPool
    is_idle: bool = True
    is_cut: bool = False

    def abort(self) -> None:
        self.is_cut = True
        self.pool.discard(cast("BoundedConnection", self))

    def admit(self) -> bool:
        return self.pool.admit(cast("BoundedConnection", self))


def test_one_stranger_has_not_all_connections():
    """An address that is no proxy has its own bound; the others' connections are untouched."""
    pool = ConnectionPool(ConnectionLimits(per_client=2), [ip_network("10.0.0.0/8")])

    def peers(address: str, count: int) -> list[Peer]:
        return [Peer(ip_address(address), n, pool) for n in range(count)]

    others = [*peers("203.0.113.9", 2), *peers("10.1.2.3", 9), *peers("127.0.0.1", 9)]
    assert all(peer.admit() for peer in others)
    greedy = peers("203.0.113.5", 9)
    assert all(peer.admit() for peer in greedy), "its own idle ones give way"
    assert [peer.is_cut for peer in greedy] == [True] * 7 + [False] * 2
    greedy[7].is_idle = greedy[8].is_idle = False
    assert not peers("203.0.113.5", 1)[0].admit(), "busy ones do not"
    assert not any(peer.is_cut for peer in others)


async def test_a_client_that_does_not_read_is_cut_off(tmp_path: Path):
    """A file that is not read ends by itself, and its place is free again."""
    limits = ConnectionLimits(transfers=2, stalled_s=0.3, min_bytes_per_s=SIZE)
    ask = b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n"
    async with server(tmp_path, limits) as port, opened(port, 2, ask) as slow:
        while await status(port, "/file") != 503:
            pass
        await asyncio.gather(*(ended(reader) for reader, _ in slow))
        assert await status(port, "/file") == 200


async def test_each_client_behind_a_proxy_has_its_own_bound(tmp_path: Path):
    """The last address that a trusted proxy heard counts; what a client claims does not."""
    limits = ConnectionLimits(transfers_per_client=1)
    ask = (
        b"GET /file HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.1.1.1, 203.0.113.5, 10.0.0.1\r\n\r\n"
    )
    async with server(tmp_path, limits) as port, opened(port, 1, ask):
        assert await _settled(port, "9.9.9.9, 203.0.113.5") == 429
        assert await status(port, "/file", **{"X-Forwarded-For": "203.0.113.5, 9.9.9.9"}) == 200
        assert await status(port, "/healthz", **{"X-Forwarded-For": "203.0.113.5"}) == 200


async def _settled(port: int, forwarded: str) -> int:
    """Ask until the transfer before is seen."""
    while (seen := await status(port, "/file", **{"X-Forwarded-For": forwarded})) == 200:
        pass
    return seen


@pytest.mark.parametrize(
    "text", [b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\r\n\r\n"]
)
async def test_no_answer_names_the_library(tmp_path: Path, text: bytes):
    async with server(tmp_path, ConnectionLimits()) as port, opened(port, 1, text) as ((only, _),):
        head = (await only.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.")
        assert b"aiohttp" not in head
        assert b"python" not in head


def test_limits_leave_descriptors_to_the_rest():
    """With 1,024 descriptors the port takes less than two thirds."""
    limits = ConnectionLimits.for_descriptors(1024)
    assert limits.connections + limits.transfers < 700
    assert ConnectionLimits.for_descriptors(65_536) == ConnectionLimits()


def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        raised = raise_descriptor_limit()
        assert raised == resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 512
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
