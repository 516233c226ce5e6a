"""Limits of the HTTP server's connections: how many, how many of one client, and how long."""

import asyncio
import resource
import socket
import sys
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Self

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.typedefs import Handler

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_WANTED_DESCRIPTORS = 65_536
_OWN_DESCRIPTORS = 300
"""What database, Discord, downloads and children may need at once."""

_LINGERING_S = 2
"""How long the rest of a request is drained, so that the sender can read an early answer."""


def raise_descriptor_limit() -> int:
    """Raise the number of files this process may open as far as the system allows; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections are held, and for how long.

    Attributes:
        connections: at once; beyond it the one that has been idle longest gives way.
        per_client: the same of one address that is no trusted proxy's.
        transfers: files being sent at once.
        transfers_per_client: the same to one client, also behind a trusted proxy.
        idle_s: until the headers of a request must be whole.
        stalled_s: how long a client may read nothing of what waits for it.
        min_bytes_per_s: at which a file is sent, on the whole, or given up.
    """

    connections: int = 512
    per_client: int = 64
    transfers: int = 128
    transfers_per_client: int = 16
    idle_s: float = 15
    stalled_s: float = 30
    min_bytes_per_s: float = 16_384

    @classmethod
    def for_descriptors(cls, descriptors: int) -> Self:
        """Return limits that leave the rest of the service enough of so many descriptors."""
        room = max(16, (descriptors - _OWN_DESCRIPTORS) * 3 // 4)
        defaults = cls()
        return cls(
            connections=min(defaults.connections, room),
            transfers=min(defaults.transfers, room // 4),
        )


class ConnectionPool:
    """The server's open connections, and the rules that admit them."""

    def __init__(self, limits: ConnectionLimits, trusted: Iterable[Network] = ()) -> None:
        self.limits = limits
        self._trusted = tuple(trusted)
        self._open = set[BoundedConnection]()

    def admit(self, connection: "BoundedConnection") -> bool:
        """Admit a connection, closing the one that is idle longest where there are too many."""
        peer, limits = connection.peer, self.limits
        if not self._is_trusted(peer):
            siblings = [other for other in self._open if other.peer == peer]
            if len(siblings) >= limits.per_client and not _close_one_idle(siblings):
                return False
        if len(self._open) >= limits.connections and not _close_one_idle(self._open):
            return False
        self._open.add(connection)
        return True

    def discard(self, connection: "BoundedConnection") -> None:
        """Forget a connection that has ended."""
        self._open.discard(connection)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a connection as busy while its request is handled."""
        with _connection(request).busy():
            return await handler(request)

    def check_transfer(self, client: Address | None) -> None:
        """Refuse to send a file to a client where too many are being sent.

        Raises:
            web.HTTPTooManyRequests: to this client.
            web.HTTPServiceUnavailable: to all clients together.
        """
        receivers = [other.receiver for other in self._open if other.is_receiving]
        if client is not None and receivers.count(client) >= self.limits.transfers_per_client:
            raise web.HTTPTooManyRequests(headers={hdrs.RETRY_AFTER: "10"})
        if len(receivers) >= self.limits.transfers:
            raise web.HTTPServiceUnavailable(headers={hdrs.RETRY_AFTER: "10"})

    def client(self, request: web.Request) -> Address | None:
        """Return who asks; None for a trusted proxy that does not say for whom."""
        peer = _connection(request).peer
        if not self._is_trusted(peer):
            return peer
        # Each proxy appends whom it heard, so the last that is no proxy of ours is the truth.
        forwarded = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, []))
        addresses = [_parse(text) for text in forwarded.split(",")]
        return next((it for it in reversed(addresses) if not self._is_trusted(it)), None)

    def _is_trusted(self, address: Address | None) -> bool:
        if address is None:
            return False
        return address.is_loopback or any(address in network for network in self._trusted)


class BoundedConnection(web.RequestHandler):
    """A connection that ends when its client neither asks nor reads."""

    __slots__ = ("_busy", "_stalled", "idle_since", "is_receiving", "peer", "pool", "receiver")

    def __init__(self, server: web.Server, pool: ConnectionPool) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=pool.limits.idle_s,
            access_log=None,  # pyright: ignore[reportArgumentType] - as web.AppRunner takes it
            lingering_time=_LINGERING_S,
            auto_decompress=False,
        )
        self.pool = pool
        self._busy = 0
        self._stalled: asyncio.TimerHandle | None = None
        self.idle_since = 0.0
        self.peer: Address | None = None
        self.receiver: Address | None = None
        self.is_receiving = False

    @property
    def is_idle(self) -> bool:
        """Whether no request is being answered."""
        return not self._busy and not self.is_receiving

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or end at once where there are too many."""
        assert isinstance(transport, asyncio.Transport), "it is a socket's"
        self.peer = _parse((transport.get_extra_info("peername") or ("",))[0])
        self.idle_since = asyncio.get_running_loop().time()
        if not self.pool.admit(self):
            transport.abort()
            return
        _limit_unread(transport.get_extra_info("socket"), self.pool.limits.stalled_s)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """End."""
        self.pool.discard(self)
        self._stop_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the client to read, for a while."""
        super().pause_writing()
        loop = asyncio.get_running_loop()
        self._stalled = loop.call_later(self.pool.limits.stalled_s, self.abort)

    def resume_writing(self) -> None:
        """Go on: the client reads."""
        self._stop_timer()
        super().resume_writing()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no request, without naming the library."""
        response = super().handle_error(request, status, exc, message)
        response.headers[hdrs.SERVER] = ""
        return response

    @contextmanager
    def busy(self) -> Generator[None]:
        """Keep the connection from being taken for idle."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
            self.idle_since = asyncio.get_running_loop().time()

    def abort(self) -> None:
        """End at once, whatever waits to be read."""
        self.pool.discard(self)
        if self.transport is not None:
            self.transport.abort()

    def _stop_timer(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


class FileTransfer(web.FileResponse):
    """A file that is sent within a time that its size allows.

    Raises:
        web.HTTPException: too many files are being sent, see `ConnectionPool.check_transfer`.
    """

    def __init__(self, request: web.Request, path: Path, headers: Mapping[str, str]) -> None:
        super().__init__(path, headers=headers)
        connection = _connection(request)
        limits = connection.pool.limits
        self._within_s = limits.stalled_s + path.stat().st_size / limits.min_bytes_per_s
        client = connection.pool.client(request)
        connection.pool.check_transfer(client)
        connection.receiver, connection.is_receiving = client, True

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the file, or end the connection of a client that is too slow; once."""
        if self.prepared:  # by its handler, which has to know when the file is sent
            return self._payload_writer
        connection = _connection(request)
        try:
            with connection.busy():
                async with asyncio.timeout(self._within_s):
                    return await super().prepare(request)
        except TimeoutError:
            connection.abort()
            raise ConnectionResetError("the client is too slow") from None
        finally:
            connection.is_receiving = False


def _connection(request: web.BaseRequest) -> BoundedConnection:
    assert isinstance(request.protocol, BoundedConnection), "the server makes no other"
    return request.protocol


def _close_one_idle(connections: Collection[BoundedConnection]) -> bool:
    idle = [connection for connection in connections if connection.is_idle]
    if not idle:
        return False
    min(idle, key=lambda connection: connection.idle_since).abort()
    return True


def _parse(text: str) -> Address | None:
    """Read an address, an IPv4 address within an IPv6 one as itself; None if it is none."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _limit_unread(sock: socket.socket, seconds: float) -> None:
    """Let the system end a connection whose client reads nothing of a file for so long."""
    if sys.platform == "linux":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(seconds * 1000))
