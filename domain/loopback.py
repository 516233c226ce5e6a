"""Hosts that lead back to the same machine, where plain HTTP is safe enough."""

from typing import Final

LOOPBACK_HOSTS: Final = ("127.0.0.1", "localhost", "::1")
