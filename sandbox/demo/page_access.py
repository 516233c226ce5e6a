"""Knows who may use the page: who has opened it by a name of this machine, from the page itself."""

import ipaddress
from typing import Final

from yarl import URL

from sandbox.discord.listen_addresses import ANYWHERE, LOOPBACK

FORBIDDEN_TEXT: Final = (
    "Only from the page itself, opened as localhost or by this machine's IP address."
)
"""What everybody else is told."""

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        "connect-src 'self'; img-src 'self' data: blob: http://127.0.0.1:*; "
        "media-src 'self' blob: http://127.0.0.1:*; "
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The headers of everything the page consists of; a bot's own files may come from loopback."""


def is_same_origin(host: str, origin: str | None, listens_on: str) -> bool:
    """Tell whether a request was made by the page itself, opened by a name of this machine.

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
