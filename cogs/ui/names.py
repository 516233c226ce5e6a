"""Current names of members and channels; what is gone or unknown has none."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import aiohttp
import discord
from cachetools import TTLCache

_MAX_FETCHED: Final = 40
_MAX_CONCURRENT: Final = 5
_TIMEOUT_S: Final = 4
_MAX_CACHED: Final = 2_000
_TTL_MS: Final = 600_000


class NameResolver:
    """Fetches members' names from Discord, a few at a time, and caches them for ten minutes."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._names = TTLCache[tuple[int, int], str](_MAX_CACHED, ttl=_TTL_MS, timer=now_ms)

    async def member_names(self, guild: discord.Guild, ids: Iterable[int]) -> dict[int, str]:
        """Return names by id, of the first ids in any case; a member who has left is missing.

        At most forty members are fetched, for at most four seconds.
        """
        requested = list(ids)
        semaphore = asyncio.Semaphore(_MAX_CONCURRENT)
        unknown = [id_ for id_ in requested if self._cached(guild.id, id_) is None]
        with suppress(TimeoutError):
            async with asyncio.timeout(_TIMEOUT_S):
                fetches = (self._fetch(guild, id_, semaphore) for id_ in unknown[:_MAX_FETCHED])
                await asyncio.gather(*fetches)
        found = {id_: self._cached(guild.id, id_) for id_ in requested}
        return {id_: name for id_, name in found.items() if name is not None}

    def _cached(self, guild_id: int, user_id: int) -> str | None:
        return self._names.get((guild_id, user_id))

    async def _fetch(
        self, guild: discord.Guild, user_id: int, semaphore: asyncio.Semaphore
    ) -> None:
        member = guild.get_member(user_id)
        if member is None:
            # A member who cannot be fetched is shown by id.
            with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
                async with semaphore:
                    member = await guild.fetch_member(user_id)
        if member is not None:
            self._names[guild.id, user_id] = member.display_name


def channel_names(guild: discord.Guild, ids: Iterable[int]) -> dict[int, str]:
    """Return the names of channels and threads by id; a deleted one is missing."""
    found = {id_: guild.get_channel_or_thread(id_) for id_ in ids}
    return {id_: f"#{channel.name}" for id_, channel in found.items() if channel is not None}
