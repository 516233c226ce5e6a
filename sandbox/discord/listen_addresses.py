"""Listen addresses: which of them others reach, and where to connect to."""

from typing import Final

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - looked up, not listened on

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
