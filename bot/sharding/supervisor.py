"""The supervisor of a process's shards: a connection for each that it holds, and none besides."""

import asyncio
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

import aiohttp
import discord
import structlog

from bot.pauses import growing_pause_s
from bot.sharding.connection import END_SESSION, KEEP_SESSION, ShardConnection, WaitForIdentify
from bot.sharding.leases import BEAT_S, Holding, Sessions, ShardLeases
from domain.errors import Outage
from storage.shards import GatewaySession

_log = structlog.get_logger(__name__)

_HAND_OVER_S: Final = 8.0
"""How long a process that ends waits for others to take what it holds: more than a beat."""


_GIVE_PAUSES_S: Final = (0.1, 0.4, 1.0)
"""Seconds to wait after each attempt that meets an outage of the database."""


class ShardSupervisor:
    """Keeps the connections of the shards that a process holds.

    Attributes:
        count: how many shards there are; 0 before the first beat.
        has_begun: whether the first beat is over.
    """

    def __init__(
        self,
        client: discord.Client,
        leases: ShardLeases,
        wait_for_identify: WaitForIdentify,
        on_change: Callable[[int, tuple[int, ...]], None],
        last_turn_ms: Callable[[], int | None],
    ) -> None:
        self.count = 0
        self.has_begun = False
        self._client = client
        self._leases = leases
        self._wait_for_identify = wait_for_identify
        self._on_change = on_change
        self._last_turn_ms = last_turn_ms
        self._connections: dict[int, ShardConnection] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()
        self._woken = asyncio.Event()
        leases.on_change(self._woken.set)

    @property
    def held(self) -> tuple[int, ...]:
        """Return the shards that this process holds."""
        return tuple(sorted(self._connections))

    def find(self, shard_id: int) -> ShardConnection | None:
        """Return the connection of a shard that this process holds."""
        return self._connections.get(shard_id)

    @property
    def connections(self) -> tuple[ShardConnection, ...]:
        """Return the connections of this process."""
        return tuple(self._connections.values())

    async def run(self, *, takes_shards: bool = True) -> None:
        """Hold shards and keep them connected until `close`.

        Raises:
            GatewayRefused: Discord refuses a connection for a reason that only a person can repair.
        """
        if takes_shards:
            await self._create_shards()
        while not self._ended.is_set():
            holding = await self._beat()
            await self._wait(BEAT_S if holding is None else holding.next_beat_s)

    async def hand_over(self) -> None:
        """Give the shards to the other processes, if there may be any, for a few seconds."""
        self._ended.set()
        if not self._leases.keeps_sessions:
            return
        await self._leave()
        await self._give_all(self.held)

    async def close(self) -> None:
        """End what is left of the connections, and be seen no more."""
        self._ended.set()
        for shard_id in self.held:
            await self._stop(shard_id, END_SESSION)
        with suppress(Outage):
            await self._leases.end()

    async def _create_shards(self) -> None:
        """Take Discord's word for the number of shards where nobody has set it."""
        failures = 0
        while not self._ended.is_set():
            try:
                if not await self._leases.count():
                    count, _, _ = await self._client.http.get_bot_gateway()
                    await self._leases.create_shards(count)
            except (Outage, discord.DiscordException, aiohttp.ClientError, OSError) as error:
                failures += 1
                pause_s = growing_pause_s(failures)
                _log.warning(
                    "number of shards not known", error=error, retry_in_s=round(pause_s, 1)
                )
                await self._wait(pause_s)
            else:
                return

    async def _beat(self) -> Holding | None:
        self._woken.clear()
        try:
            holding = await self._leases.beat(self._sessions(), self._last_turn_ms())
        except Outage as error:
            _log.warning("shard leases not renewed", error=error)
            if self._leases.may_be_lost:
                await self._lose(set(self._connections))
            return None
        except Exception:  # noqa: BLE001 - one failed beat must not end the connections
            _log.exception("beat failed")
            return None
        self.count = holding.count
        await self._lose(self._connections.keys() - holding.shards.keys())
        for shard_id in holding.shards.keys() - self._connections.keys():
            self._start(shard_id, holding.shards)
        self.has_begun = True
        self._on_change(holding.count, self.held)
        await self._give_all(holding.given)
        return holding

    async def _leave(self) -> None:
        """Offer everything, and go on until others have it, for a few seconds at most."""
        await self._leases.take_no_more()
        deadline_s, failures = time.monotonic() + _HAND_OVER_S, 0
        while (left_s := deadline_s - time.monotonic()) > 0:
            if (holding := await self._beat()) is None:
                if failures == len(_GIVE_PAUSES_S):
                    return
                await asyncio.sleep(_GIVE_PAUSES_S[failures])
                failures += 1
            elif not (self._connections and holding.others_have_room):
                return
            else:
                await self._wait_for_change(min(left_s, holding.next_beat_s or 0))

    async def _wait_for_change(self, timeout_s: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()

    async def _give_all(self, shard_ids: Collection[int]) -> None:
        await asyncio.gather(*(self._give(shard_id) for shard_id in shard_ids))

    async def _give(self, shard_id: int) -> None:
        """Give a shard to its heir, or leave it free; an outage of moments is waited out.

        After a longer one the shard is still this process's at its next beat, or its lease ends.
        """
        session = await self._stop(shard_id, KEEP_SESSION)
        failure: Outage | None = None
        for pause_s in _GIVE_PAUSES_S:
            try:
                await self._leases.hand_over(shard_id, session)
            except Outage as error:
                failure = error
                await asyncio.sleep(pause_s)
            else:
                _log.info("shard handed over", shard=shard_id)
                return
        _log.warning("shard not handed over", shard=shard_id, error=failure)

    async def _lose(self, shard_ids: set[int]) -> None:
        for shard_id in sorted(shard_ids):
            _log.warning("shard lost to another process", shard=shard_id)
            await self._stop(shard_id, KEEP_SESSION)

    def _start(self, shard_id: int, sessions: Sessions) -> None:
        connection = ShardConnection(
            self._client, shard_id, self._wait_for_identify, sessions[shard_id]
        )
        self._connections[shard_id] = connection
        self._tasks[shard_id] = asyncio.create_task(connection.run(), name=f"shard {shard_id}")

    async def _stop(self, shard_id: int, code: int) -> GatewaySession | None:
        connection, task = self._connections.pop(shard_id), self._tasks.pop(shard_id)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await connection.close(code)

    def _sessions(self) -> Sessions:
        return {shard_id: found.session for shard_id, found in self._connections.items()}

    async def _wait(self, timeout_s: float | None) -> None:
        """Wait for the next beat, for what makes it due at once, or for the end.

        Raises:
            GatewayRefused: a connection ended with it.
        """
        awaited = [asyncio.create_task(one.wait()) for one in (self._ended, self._woken)]
        try:
            await asyncio.wait(
                {*awaited, *self._tasks.values()},
                timeout=timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for one in awaited:
                one.cancel()
        for task in self._tasks.values():
            if task.done():
                task.result()
