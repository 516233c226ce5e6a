"""Opens the port of the service and answers each path with the routes that it is given."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.errors import CannotStart

_LINGERING_S = 2
"""What comes after an answer is thrown away this long, so that a sender gets to read the answer."""


@asynccontextmanager
async def serve(
    host: str, port: int, routes: Iterable[web.AbstractRouteDef]
) -> AsyncGenerator[int]:
    """Answer on a port while the context is open, and tell which; 0 takes any that is free.

    No path is ever logged, for some are secrets.

    Raises:
        CannotStart: the port is taken.
    """
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, lingering_time=_LINGERING_S, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotStart(f"HTTP_PORT: {host}:{port} can not be used ({error.strerror})") from None
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
