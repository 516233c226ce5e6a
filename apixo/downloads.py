"""Knows how to fetch a result: from allowed hosts only, never from inside a private network.

An address is checked as it is spelled, and where it leads is checked when the connection is made:
a name may resolve to anything, and aiohttp does not ask a resolver about literal addresses.
"""

import ipaddress
import socket
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Final, Self

import aiohttp
from yarl import URL

from apixo.errors import DownloadError, DownloadExpired, DownloadFailed, DownloadNotAllowed

MAX_REDIRECTS: Final = 3

_TIMEOUT = aiohttp.ClientTimeout(total=600, connect=10, sock_read=30)
_CHUNK_BYTES = 256 * 1024
_REDIRECTS = (301, 302, 303, 307, 308)
_GONE = (403, 404, 410)
_FAILURES = (aiohttp.ClientError, OSError, TimeoutError)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_Target = tuple[int, int, int, str, tuple[object, ...]]
"""What `getaddrinfo` tells of an address; the last part begins with the address itself."""

_NOT_PUBLIC_EITHER: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    ipaddress.ip_network("192.0.0.0/24"),  # protocol assignments
    ipaddress.ip_network("192.88.99.0/24"),  # relays of 6to4
    ipaddress.ip_network("2002::/16"),  # 6to4: any IPv4 address may stand inside
    ipaddress.ip_network("fec0::/10"),  # the older site-local addresses
)
"""What `is_global` of Python 3.11 lets pass."""


class ResultDownloader:
    """Fetches results; usable while its context is open.

    Args:
        hosts: a result is fetched over HTTPS from these hosts and their subdomains, port 443.
        loopback_host: the host name of a stand-in on this machine: it is asked on any port, without
            TLS too, as long as its name leads to a loopback address.
        timeout: of a download; each redirect before it has one of its own.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        loopback_host: str | None = None,
        *,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> None:
        self._hosts = tuple(host.lower() for host in hosts)
        self._loopback_host = loopback_host
        self._timeout = timeout
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the sessions; no connection is made yet."""
        async with AsyncExitStack() as stack:
            self._outside = await stack.enter_async_context(self._session(is_public_address))
            self._inside = await stack.enter_async_context(self._session(_is_loopback))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        await self._stack.aclose()

    @asynccontextmanager
    async def stream(self, url: str, *, max_bytes: int) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """Ask for a result and give its bytes as they come.

        Raises:
            DownloadExpired: the address has expired.
            DownloadNotAllowed: it, or what it redirects to, may not be asked.
            DownloadFailed: anything else, also while the bytes come: more than `max_bytes`
                or fewer than announced, or the connection broke.
        """
        response = await self._follow(url)
        try:
            _check(response, max_bytes)
            async with aclosing(_chunks(response, max_bytes)) as chunks:
                yield chunks
        finally:
            response.close()

    def _session(self, admit: Callable[[_Address], bool]) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=_Gate(admit).make_socket),
            timeout=self._timeout,
            headers={"Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def _follow(self, address: str) -> aiohttp.ClientResponse:
        url = _parse(address)
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._get(url)
            if response.status not in _REDIRECTS:
                return response
            response.close()
            url = _parse(response.headers.get("Location", ""), base=url)
        raise DownloadFailed("the address redirects too often")

    async def _get(self, url: URL) -> aiohttp.ClientResponse:
        session = self._session_for(url)
        try:
            return await session.get(url, allow_redirects=False)
        except _FAILURES as error:
            failure = _failure(error, url)
        raise failure

    def _session_for(self, url: URL) -> aiohttp.ClientSession:
        host = (url.host or "").lower()
        if url.user is not None or url.password is not None or "@" in url.raw_authority:
            raise DownloadNotAllowed("the address carries credentials")
        if host == self._loopback_host and url.scheme in ("http", "https"):
            return self._inside
        allowed = any(host == name or host.endswith(f".{name}") for name in self._hosts)
        if allowed and url.scheme == "https" and url.port == 443:
            return self._outside
        raise DownloadNotAllowed(
            f"{url.scheme}://{url.raw_authority} may not be asked for a result"
        )


def is_public_address(address: _Address) -> bool:
    """Tell whether an address lies in the open Internet."""
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC_EITHER)


def _is_loopback(address: _Address) -> bool:
    return address.is_loopback


class _NotAdmitted(OSError):
    """A connection to an address that may not be asked."""

    def __init__(self) -> None:
        super().__init__("the address is not admitted")


class _Gate:
    """Makes sockets for admitted addresses only."""

    def __init__(self, admit: Callable[[_Address], bool]) -> None:
        self._admit = admit

    def make_socket(self, target: _Target) -> socket.socket:
        family, kind, protocol, _, address = target
        if not self._admit(ipaddress.ip_address(str(address[0]))):
            raise _NotAdmitted
        return socket.socket(family=family, type=kind, proto=protocol)


def _parse(address: str, base: URL | None = None) -> URL:
    """Read an address as it is spelled: a signed one must not be re-quoted."""
    try:
        url = URL(address, encoded=address.isascii() and " " not in address)
        url = url if base is None else base.join(url)
        if not address.isprintable() or url.host is None or url.port is None:
            raise ValueError("no address of a file on a server")
    except ValueError:
        raise DownloadNotAllowed("the address cannot be read") from None
    return url


def _failure(error: Exception, url: URL) -> DownloadError:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, _NotAdmitted):
        return DownloadNotAllowed(f"{url.host} does not lead to where a result may lie")
    return DownloadFailed(f"{url.host} did not answer: {type(error).__name__}")


def _check(response: aiohttp.ClientResponse, max_bytes: int) -> None:
    if response.status in _GONE:
        raise DownloadExpired(f"the result has expired: HTTP {response.status}")
    if response.status != 200:
        raise DownloadFailed(f"the result's server answered HTTP {response.status}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadFailed("the result came compressed, which was not asked for")
    if (response.content_length or 0) > max_bytes:
        raise DownloadFailed(f"the result is larger than {max_bytes} bytes")


async def _chunks(response: aiohttp.ClientResponse, max_bytes: int) -> AsyncGenerator[bytes]:
    size = 0
    while chunk := await _next_chunk(response):
        size += len(chunk)
        if size > max_bytes:
            raise DownloadFailed(f"the result is larger than {max_bytes} bytes")
        yield chunk


async def _next_chunk(response: aiohttp.ClientResponse) -> bytes:
    try:
        return await response.content.read(_CHUNK_BYTES)
    except _FAILURES as error:
        failure = DownloadFailed(f"the result broke off: {type(error).__name__}")
    raise failure
