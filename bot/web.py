"""Answers over HTTP how the process is: alive, and ready to serve."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from bot.errors import CannotStart

Checks = Callable[[], Awaitable[dict[str, bool]]]


@asynccontextmanager
async def serve(host: str, port: int, checks: Checks) -> AsyncGenerator[None]:
    """Serve `/healthz` (always 200) and `/readyz` (503 while a check fails, each one named).

    Raises:
        CannotStart: the port is taken.
    """
    app = web.Application()
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz(checks))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise CannotStart(f"HTTP_PORT: {host}:{port} can not be used ({error.strerror})") from None
    try:
        yield
    finally:
        await runner.cleanup()


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _readyz(checks: Checks) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_request: web.Request) -> web.Response:
        results = await checks()
        ready = all(results.values())
        return web.json_response({"ready": ready, **results}, status=200 if ready else 503)

    return answer
