"""Knows whether the service does its work: of each part, what is wrong with it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from aiohttp import web

from domain.errors import Outage
from storage.errors import StorageError
from storage.key_value import KeyValueStore
from workflow.context import Context
from workflow.worker import MAX_WAIT_S, Worker

_ANSWER_S = 5
_TURN_LATE_S = 30
_PROOF = "proof that the database takes notes"


class GatewayConnection(Protocol):
    """The bot, as far as its connection goes."""

    is_connected: bool

    def is_ready(self) -> bool:
        """Tell whether it has learnt of its servers."""
        ...


class ReadinessProbe:
    """Asks the parts; each answers with a sentence for the operator, or None when it is well."""

    def __init__(self, gateway: GatewayConnection, worker: Worker, context: Context) -> None:
        self._gateway = gateway
        self._belt = worker
        self._context = context
        self._proof: asyncio.Task[str | None] | None = None

    async def check(self) -> Mapping[str, str | None]:
        """Tell of each part what is wrong with it."""
        return {
            "gateway": self._gateway_trouble(),
            "database": await self._database_trouble(),
            "belt": self._belt_trouble(),
            "media": await asyncio.to_thread(self._media_trouble),
        }

    def _gateway_trouble(self) -> str | None:
        if not self._gateway.is_connected:
            return "Discord's gateway is not connected."
        return None if self._gateway.is_ready() else "Discord has not told of its servers yet."

    async def _database_trouble(self) -> str | None:
        """Have it take a note; whoever asks while it is at it waits for the same proof."""
        proof = self._proof
        if proof is None or proof.done():
            proof = self._proof = asyncio.create_task(self._prove_database(), name="proof")
        await asyncio.wait({proof}, timeout=_ANSWER_S)
        if proof.done():
            return proof.result()
        slow = f"The database does not answer within {_ANSWER_S} seconds."
        return self._context.database.outage_reason or slow

    async def _prove_database(self) -> str | None:
        at_ms = str(self._context.now_ms())
        try:
            await KeyValueStore(self._context.database).put(_PROOF, at_ms)
        except Outage as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            # Its own words may hold the database's address, and a password with it.
            return f"The database does not answer ({type(error).__name__})."
        return None

    def _belt_trouble(self) -> str | None:
        last_ms = self._belt.last_run_ms
        if last_ms is None:
            return "The belt has not turned yet."
        late_s = (self._context.now_ms() - last_ms) / 1000 - MAX_WAIT_S
        return None if late_s < _TURN_LATE_S else f"The belt has not turned for {late_s:.0f} s."

    def _media_trouble(self) -> str | None:
        try:
            self._context.media.check_writable()
        except StorageError as error:
            return str(error)
        room = self._context.disk_space()
        if not room.is_low:
            return None
        return (
            f"{room.free_bytes / 1e9:.1f} GB are free where videos are kept: "
            "nothing is submitted below "
            f"{room.min_free_bytes / 1e9:.1f} GB."
        )


ReadinessCheck = Callable[[], Awaitable[Mapping[str, str | None]]]
"""Tells of each part what is wrong with it in words, or None."""


def routes(check: ReadinessCheck) -> list[web.RouteDef]:
    """Answer `/healthz` (always 200) and `/readyz` (503 while a part fails, with the reasons)."""

    async def readyz(_request: web.Request) -> web.Response:
        troubles = await check()
        parts = {name: trouble is None for name, trouble in troubles.items()}
        failing = {name: trouble for name, trouble in troubles.items() if trouble is not None}
        ready = not failing
        answer = {"ready": ready, **parts, "failing": failing}
        return web.json_response(answer, status=200 if ready else 503)

    return [web.get("/healthz", _healthz), web.get("/readyz", readyz)]


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"alive": True})
