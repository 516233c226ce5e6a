"""HTTP server of the service."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.errors import CannotStart

MAX_BODY_BYTES = 64 * 1024
"""Of any request: only callbacks have a body, and theirs is short."""

_LINGERING_S = 2
"""How long the rest of a request is drained, so that the sender can read an early answer."""


@asynccontextmanager
async def serve(
    host: str, port: int, routes: Iterable[web.AbstractRouteDef]
) -> AsyncGenerator[int]:
    """Serve on a port while the context is open, and yield the port; 0 chooses a free one.

    Paths are never logged, because some contain secrets.

    Raises:
        CannotStart: the port is taken.
    """
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, lingering_time=_LINGERING_S, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotStart(f"HTTP_PORT: {host}:{port} cannot be used ({error.strerror})") from None
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
