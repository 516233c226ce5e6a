"""HTTP server of the service."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from aiohttp import hdrs, web

from bot.errors import CannotStart
from bot.web.connections import BoundedConnection, ConnectionLimits, ConnectionPool

MAX_BODY_BYTES = 64 * 1024
"""Of any request: only callbacks have a body, and theirs is short."""


@asynccontextmanager
async def serve(
    host: str,
    port: int,
    routes: Iterable[web.AbstractRouteDef],
    pool: ConnectionPool | None = None,
) -> AsyncGenerator[int]:
    """Serve on a port while the context is open, and yield the port; 0 chooses a free one.

    Paths are never logged, because some contain secrets.

    Raises:
        CannotStart: the port is taken.
    """
    pool = pool or ConnectionPool(ConnectionLimits())
    app = web.Application(middlewares=[pool.middleware], client_max_size=MAX_BODY_BYTES)
    app.add_routes(routes)
    app.on_response_prepare.append(_name_no_library)
    runner = web.AppRunner(app)
    await runner.setup()
    http = runner.server
    assert http is not None, "set up"
    try:
        server = await asyncio.get_running_loop().create_server(
            lambda: BoundedConnection(http, pool), host, port
        )
    except OSError as error:
        await runner.cleanup()
        raise CannotStart(f"HTTP_PORT: {host}:{port} cannot be used ({error.strerror})") from None
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await runner.cleanup()


async def _name_no_library(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall(hdrs.SERVER, None)
