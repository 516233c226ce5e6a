"""Answers how the process is: alive, and ready to serve."""

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

Checks = Callable[[], Awaitable[Mapping[str, str | None]]]
"""Tells of each part what is wrong with it in words, or None."""


def routes(checks: Checks) -> list[web.RouteDef]:
    """Answer `/healthz` (always 200) and `/readyz` (503 while a part fails, with the reasons)."""

    async def readyz(_request: web.Request) -> web.Response:
        troubles = await checks()
        parts = {name: trouble is None for name, trouble in troubles.items()}
        failing = {name: trouble for name, trouble in troubles.items() if trouble is not None}
        ready = not failing
        answer = {"ready": ready, **parts, "failing": failing}
        return web.json_response(answer, status=200 if ready else 503)

    return [web.get("/healthz", _healthz), web.get("/readyz", readyz)]


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})
