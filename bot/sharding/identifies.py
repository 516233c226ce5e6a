"""Identifies, which Discord limits: in each bucket of shards one at a time, and so many a day."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import aiohttp
import discord
import structlog

from domain.errors import Outage
from storage import shards
from storage.database import Database

_log = structlog.get_logger(__name__)

IDENTIFY_INTERVAL_MS: Final = 5_250
"""What Discord wants between two identifies of a bucket, and a bit for the way."""

_LIMITS_TIMEOUT_S: Final = 5
_LONGEST_WAIT_S: Final = 60.0


class IdentifySlots(Protocol):
    """Slots in which shards identify, one at a time in each bucket."""

    async def take(self, bucket: int) -> float:
        """Take a bucket's slot and return 0, or the seconds after which to ask again."""
        ...


class ProcessSlots:
    """Slots of the only process that there is."""

    def __init__(self) -> None:
        self._next_s: dict[int, float] = {}

    async def take(self, bucket: int) -> float:
        """Take a bucket's slot and return 0, or the seconds after which to ask again."""
        await asyncio.sleep(0)
        now_s = time.monotonic()
        wait_s = self._next_s.get(bucket, now_s) - now_s
        if wait_s <= 0:
            self._next_s[bucket] = now_s + IDENTIFY_INTERVAL_MS / 1000
        return max(0.0, wait_s)


class SharedSlots:
    """Slots of all processes on a database; while it is away, this process goes by itself."""

    def __init__(
        self,
        database: Database,
        now_ms: Callable[[], int],
    ) -> None:
        self._database = database
        self._now_ms = now_ms
        self._own = ProcessSlots()

    async def take(self, bucket: int) -> float:
        """Take a bucket's slot and return 0, or the seconds after which to ask again."""
        now_ms = self._now_ms()
        try:
            wait_ms = await self._database.transact(
                lambda tx: shards.take_identify_slot(tx, bucket, now_ms, IDENTIFY_INTERVAL_MS)
            )
        except Outage:
            return await self._own.take(bucket)
        return wait_ms / 1000


class IdentifyGate:
    """Lets shards identify when Discord allows it."""

    def __init__(self, client: discord.Client, slots: IdentifySlots) -> None:
        self._client = client
        self._slots = slots

    async def wait(self, shard_id: int) -> None:
        """Return when a shard may identify."""
        limits = await self._read_limits()
        while limits.get("remaining", 1) <= 0:
            pause_s = min(limits["reset_after"] / 1000, _LONGEST_WAIT_S)
            _log.warning("no session may begin today", shard=shard_id, retry_in_s=round(pause_s))
            await asyncio.sleep(pause_s)
            limits = await self._read_limits()
        bucket = shard_id % limits.get("max_concurrency", 1)
        wait_s = await self._slots.take(bucket)
        while wait_s > 0:
            await asyncio.sleep(wait_s)
            wait_s = await self._slots.take(bucket)

    async def _read_limits(self) -> Mapping[str, Any]:
        """Return how many sessions may begin, as Discord says; nothing if it does not answer."""
        try:
            async with asyncio.timeout(_LIMITS_TIMEOUT_S):
                _, _, limits = await self._client.http.get_bot_gateway()
        except (discord.DiscordException, aiohttp.ClientError, OSError):
            return {}
        return limits
