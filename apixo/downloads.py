"""Result downloads: from allowed hosts only, never from inside a private network.

A URL's spelling is checked before the request, the IP address it resolves to when the connection is
made: a name may resolve to anything, and aiohttp calls no resolver for literal addresses.
"""

import ipaddress
import re
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
_UNREADABLE = "the address cannot be read"
_MAX_NAME_CHARS = 253
_NAME = re.compile(r"[\w-]{1,63}(\.[\w-]{1,63})*\.?", re.ASCII)
_FAILURES = (aiohttp.ClientError, OSError, TimeoutError)

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_Target = tuple[int, int, int, str, tuple[object, ...]]
"""An entry of `getaddrinfo`; the last part begins with the IP address."""

_NOT_PUBLIC_EITHER: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = (
    ipaddress.ip_network("192.0.0.0/24"),  # protocol assignments
    ipaddress.ip_network("192.88.99.0/24"),  # 6to4 relays
    ipaddress.ip_network("2002::/16"),  # 6to4: may embed any IPv4 address
    ipaddress.ip_network("fec0::/10"),  # the older site-local addresses
)
"""Networks that `is_global` of Python 3.11 wrongly lets pass."""


class ResultDownloader:
    """Downloads results; usable while its context is open.

    Args:
        hosts: results are fetched over HTTPS from these hosts and their subdomains, port 443.
        loopback_host: host name of a local fake: any port, also without TLS, as long as the name
            resolves to a loopback address.
        timeout: of a download; each redirect before it has its own.
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
        """Open the sessions; connections are made on first use."""
        async with AsyncExitStack() as stack:
            self._public_session = await stack.enter_async_context(self._session(is_public_address))
            self._loopback_session = await stack.enter_async_context(self._session(_is_loopback))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close every connection."""
        await self._stack.aclose()

    @asynccontextmanager
    async def stream(self, url: str, *, max_bytes: int) -> AsyncGenerator[AsyncGenerator[bytes]]:
        """Request a result and yield its bytes as they arrive.

        Raises:
            DownloadExpired: the URL has expired.
            DownloadNotAllowed: the URL, or one it redirects to, is not allowed.
            DownloadFailed: anything else, also while streaming: more than `max_bytes`, fewer
                bytes than announced, or a broken connection.
        """
        response = await self._follow(url)
        try:
            _check_headers(response, max_bytes)
            async with aclosing(_chunks(response, max_bytes)) as chunks:
                yield chunks
        finally:
            response.close()

    def _session(self, is_allowed: Callable[[_Address], bool]) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(socket_factory=_SocketFactory(is_allowed).make_socket),
            timeout=self._timeout,
            headers={"Accept-Encoding": "identity"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # the size limit is checked on the bytes as sent
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
        except ValueError:
            # A name that the resolver cannot encode, or that the library does not take.
            failure = DownloadNotAllowed(_UNREADABLE)
        except _FAILURES as error:
            failure = _failure(error, url)
        raise failure

    def _session_for(self, url: URL) -> aiohttp.ClientSession:
        host = (url.host or "").lower()
        if url.user is not None or url.password is not None or "@" in url.raw_authority:
            raise DownloadNotAllowed("the address carries credentials")
        if host == self._loopback_host and url.scheme in ("http", "https"):
            return self._loopback_session
        allowed = any(host == name or host.endswith(f".{name}") for name in self._hosts)
        if allowed and url.scheme == "https" and url.port == 443:
            return self._public_session
        raise DownloadNotAllowed(
            "the address may not be asked for a result", f"{url.scheme}://{url.raw_authority}"
        )


def is_public_address(address: _Address) -> bool:
    """Return whether an IP address is on the public Internet."""
    # Python 3.13 and later judge a mapped address by the IPv4 one in it.
    is_mapped = isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None
    if is_mapped or address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC_EITHER)


def _is_loopback(address: _Address) -> bool:
    return address.is_loopback


class _AddressNotAllowed(OSError):
    """A connection to an IP address that is not allowed."""

    def __init__(self) -> None:
        super().__init__("the address is not admitted")


class _SocketFactory:
    """Creates sockets for allowed addresses only."""

    def __init__(self, is_allowed: Callable[[_Address], bool]) -> None:
        self._is_allowed = is_allowed

    def make_socket(self, target: _Target) -> socket.socket:
        family, kind, protocol, _, address = target
        if not self._is_allowed(ipaddress.ip_address(str(address[0]))):
            raise _AddressNotAllowed
        return socket.socket(family=family, type=kind, proto=protocol)


def _parse(address: str, base: URL | None = None) -> URL:
    """Parse a URL without re-quoting it, which would break its signature."""
    try:
        url = URL(address, encoded=address.isascii() and " " not in address)
        url = url if base is None else base.join(url)
        # `host` decodes the name, and raises where it cannot be decoded.
        has_host = url.host is not None and _is_host(url.raw_host)
        if not address.isprintable() or url.port is None or not has_host:
            raise ValueError("no address of a file on a server")
    except (ValueError, RecursionError):
        raise DownloadNotAllowed(_UNREADABLE) from None
    return url


def _is_host(host: str | None) -> bool:
    """Return whether a host is an IP address or a name that can be resolved."""
    if host is None or len(host) > _MAX_NAME_CHARS:
        return False
    return ":" in host or _NAME.fullmatch(host) is not None


def _failure(error: Exception, url: URL) -> DownloadError:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, _AddressNotAllowed):
        return DownloadNotAllowed(
            "the name does not lead to where a result may lie", url.host or ""
        )
    return DownloadFailed(f"no answer ({type(error).__name__})", url.host or "")


def _check_headers(response: aiohttp.ClientResponse, max_bytes: int) -> None:
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
