"""Health endpoints: liveness, and readiness of each part with what is wrong with it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from aiohttp import web

from bot.sharding.roles import Role, runs_worker, takes_shards, uses_discord
from bot.version import VERSION
from domain.errors import Outage
from storage.errors import StorageError
from storage.key_value import KeyValueStore
from workflow.context import Context
from workflow.worker import MAX_WAIT_S, Worker

_DATABASE_TIMEOUT_S = 5
_WORKER_LATE_S = 30
_PROBE_KEY = "proof that the database takes notes"


class GatewayConnection(Protocol):
    """The connection state of the bot."""

    @property
    def is_connected(self) -> bool:
        """Return whether every shard that this process holds brings events."""
        ...

    @property
    def is_standby(self) -> bool:
        """Return whether other processes hold every shard."""
        ...

    def is_ready(self) -> bool:
        """Return whether it has received its guilds."""
        ...


class ReadinessProbe:
    """Checks each part; the result is a sentence for the operator, or None if it works."""

    def __init__(
        self, gateway: GatewayConnection, worker: Worker, context: Context, role: Role = "all"
    ) -> None:
        self._role: Role = role
        self._gateway = gateway
        self._worker = worker
        self._context = context
        self._probe: asyncio.Task[str | None] | None = None

    async def check(self) -> Mapping[str, str | None]:
        """Return what is wrong with each part that the process's role has, or None."""
        problems: dict[str, str | None] = {}
        if takes_shards(self._role):
            problems["gateway"] = self._gateway_problem()
        elif uses_discord(self._role):
            is_ready = self._gateway.is_ready()
            problems["discord"] = None if is_ready else "Discord has not been reached yet."
        problems["database"] = await self._database_problem()
        if runs_worker(self._role):
            problems["belt"] = self._worker_problem()
        problems["media"] = await asyncio.to_thread(self._media_problem)
        return problems

    def is_standby(self) -> bool:
        """Return whether the process waits for a place among those that hold the shards."""
        return self._gateway.is_standby

    def _gateway_problem(self) -> str | None:
        if not self._gateway.is_connected:
            return "Discord's gateway is not connected."
        return None if self._gateway.is_ready() else "Discord has not told of its servers yet."

    async def _database_problem(self) -> str | None:
        """Write a key; concurrent callers wait for the same attempt."""
        probe = self._probe
        if probe is None or probe.done():
            probe = self._probe = asyncio.create_task(self._probe_database(), name="database probe")
        await asyncio.wait({probe}, timeout=_DATABASE_TIMEOUT_S)
        if probe.done():
            return probe.result()
        slow = f"The database does not answer within {_DATABASE_TIMEOUT_S} seconds."
        return self._context.database.outage_reason or slow

    async def _probe_database(self) -> str | None:
        at_ms = str(self._context.now_ms())
        try:
            await KeyValueStore(self._context.database).put(_PROBE_KEY, at_ms)
        except Outage as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - every failure is reported
            # The driver's own message may hold the database's address and password.
            return f"The database does not answer ({type(error).__name__})."
        return None

    def _worker_problem(self) -> str | None:
        last_run_ms = self._worker.last_run_ms
        if last_run_ms is None:
            return "The worker has not run yet."
        late_s = (self._context.now_ms() - last_run_ms) / 1000 - MAX_WAIT_S
        return None if late_s < _WORKER_LATE_S else f"The worker has not run for {late_s:.0f} s."

    def _media_problem(self) -> str | None:
        try:
            self._context.media.check_writable()
        except StorageError as error:
            return str(error)
        disk_space = self._context.disk_space()
        if not disk_space.is_low:
            return None
        return (
            f"{disk_space.free_bytes / 1e9:.1f} GB are free where videos are kept: "
            "nothing is submitted below "
            f"{disk_space.min_free_bytes / 1e9:.1f} GB."
        )


ReadinessCheck = Callable[[], Awaitable[Mapping[str, str | None]]]
"""Returns what is wrong with each part, or None."""


def routes(
    check: ReadinessCheck, is_standby: Callable[[], bool] = lambda: False
) -> list[web.RouteDef]:
    """Return `/healthz` (always 200) and `/readyz` (503 while a part fails, with the reasons)."""

    async def readyz(_request: web.Request) -> web.Response:
        problems = await check()
        parts = {name: problem is None for name, problem in problems.items()}
        failing = {name: problem for name, problem in problems.items() if problem is not None}
        ready = not failing
        standby = {"standby": True} if is_standby() else {}
        answer = {"ready": ready, **standby, **parts, "failing": failing}
        return web.json_response(answer, status=200 if ready else 503)

    return [web.get("/healthz", _healthz), web.get("/readyz", readyz)]


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True, "version": VERSION})
