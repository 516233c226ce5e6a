"""Who may use a stand-in: programs and pages of this machine, by its own names."""

import ipaddress
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not listened on

FORBIDDEN_TEXT: Final = (
    "Only from the page itself, opened as localhost or by this machine's IP address."
)
"""What everybody else is told."""

_WARNING: Final = (
    "WARNING: listening on {host}. Everyone who reaches it can use the page as any member, and do "
    "whatever can be done there; there is no password."
)


def exposure(listens_on: str) -> str | None:
    """Warn of an address that others than this machine reach; None for any other."""
    return None if listens_on in LOOPBACK else _WARNING.format(host=listens_on)


def reachable(listens_on: str) -> str:
    """Give an address to connect to for one to listen on."""
    return ANYWHERE.get(listens_on, listens_on)


def same_origin_only(listens_on: str) -> Middleware:
    """Make a middleware that refuses whatever another site makes a browser ask for, on any path."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_same_origin(request.host, request.headers.get("Origin"), listens_on):
            raise web.HTTPForbidden(text=FORBIDDEN_TEXT)
        return await handler(request)

    return check


def is_same_origin(host: str, origin: str | None, listens_on: str) -> bool:
    """Return whether a request was made by the page itself, opened by a name of this machine.

    Whatever another site makes a browser ask for has another name in `Host`, or another `Origin`.
    """
    try:
        place = URL(f"http://{host}")
        same = origin is None or URL(origin).origin() == place.origin()
    except ValueError:
        return False
    return same and _names_this_machine(place.host or "", listens_on)


def _names_this_machine(name: str, listens_on: str) -> bool:
    """Take no foreign name, even where all may come: it could be made to mean this machine."""
    if name in LOOPBACK or name == listens_on:
        return True
    return listens_on in ANYWHERE and _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
