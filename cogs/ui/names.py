"""Finds out what members and channels are called now; what is gone or unknown has no name."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

import aiohttp
import discord

_MOST_ASKED: Final = 40
_AT_ONCE: Final = 5
_LONGEST_S: Final = 4
_KEPT: Final = 2_000
_KEPT_MS: Final = 600_000


class NameResolver:
    """Asks Discord for a few members at a time, and remembers their names for ten minutes."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._known = OrderedDict[tuple[int, int], tuple[str, int]]()

    async def member_names(self, guild: discord.Guild, ids: Iterable[int]) -> dict[int, str]:
        """Name members, those who come first in any case; whoever has left is not among them.

        Forty are asked for, for four seconds at most, however many there are.
        """
        wanted = list(ids)
        places = asyncio.Semaphore(_AT_ONCE)
        unknown = [id_ for id_ in wanted if self._remembered(guild.id, id_) is None]
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_S):
                asking = (self._ask(guild, id_, places) for id_ in unknown[:_MOST_ASKED])
                await asyncio.gather(*asking)
        found = {id_: self._remembered(guild.id, id_) for id_ in wanted}
        return {id_: name for id_, name in found.items() if name is not None}

    def _remembered(self, guild_id: int, user_id: int) -> str | None:
        name, until_ms = self._known.get((guild_id, user_id), ("", 0))
        return name if until_ms > self._now_ms() else None

    async def _ask(self, guild: discord.Guild, user_id: int, places: asyncio.Semaphore) -> None:
        member = guild.get_member(user_id)
        if member is None:
            # Whoever is not told of is shown by the id.
            with suppress(discord.HTTPException, aiohttp.ClientError, OSError):
                async with places:
                    member = await guild.fetch_member(user_id)
        if member is not None:
            self._known[guild.id, user_id] = (member.display_name, self._now_ms() + _KEPT_MS)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)


def channel_names(guild: discord.Guild, ids: Iterable[int]) -> dict[int, str]:
    """Name channels and threads; a deleted one is not among them."""
    found = {id_: guild.get_channel_or_thread(id_) for id_ in ids}
    return {id_: f"#{channel.name}" for id_, channel in found.items() if channel is not None}
