"""Ports for a service whose address has to be known before it starts."""

import os
import random
import socket
from contextlib import suppress

_FIRST, _LAST = 20_000, 32_000
"""Below those that a kernel gives to connections and to programs that ask for any port."""


def free_port() -> int:
    """Choose a port that is free now, and that no kernel gives away before it is used."""
    dice = random.Random(os.urandom(8))  # noqa: S311 - workers choose at the same time
    while True:
        port = dice.randrange(_FIRST, _LAST)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
