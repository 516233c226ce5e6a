"""What the library keeps of all shards of a process."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, cast

import discord
from cachetools import TTLCache
from discord.state import AutoShardedConnectionState

if TYPE_CHECKING:
    import asyncio

_SEEN_S: Final = 60
_MAX_SEEN: Final = 10_000


class ShardedState(AutoShardedConnectionState[discord.Client]):
    """The library's state of several shards, each of which may have two sessions for a moment.

    Its own keeps servers that the bot left while a shard was away, and does not announce the
    removal from a server that it does not know.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._seen = TTLCache[str, None](_MAX_SEEN, ttl=_SEEN_S)
        super().__init__(*args, **kwargs)

    async def close(self) -> None:
        """Wait for no more servers: nobody will hear of them."""
        for task in self._ready_tasks.values():
            task.cancel()
        ready = cast("asyncio.Task[None] | None", self._ready_task)
        if ready is not None:
            ready.cancel()
        await super().close()

    def parse_ready(self, data: Any) -> None:
        """Forget the servers of a shard that it has no more."""
        shard_id: int = data["shard"][0]
        named = {int(guild["id"]) for guild in data["guilds"]}
        for guild in list(self.guilds):
            if guild.shard_id == shard_id and guild.id not in named:
                self._remove_guild(guild)
        super().parse_ready(data)

    def parse_interaction_create(self, data: Any) -> None:
        """Handle an interaction once, though two sessions bring it."""
        if data["id"] not in self._seen:
            self._seen[data["id"]] = None
            super().parse_interaction_create(data)

    def parse_guild_delete(self, data: Any) -> None:
        """Announce a removal from a server also where its shard was resumed."""
        guild_id = int(data["id"])
        if self._get_guild(guild_id) is None and not data.get("unavailable", False):
            self.dispatch("guild_remove", self._get_or_create_unavailable_guild(guild_id))
        super().parse_guild_delete(data)

    def name_shards(self, shard_count: int, held: Sequence[int]) -> None:
        """Learn how many shards there are, and which are this process's."""
        self.shard_count = shard_count
        self.shard_ids = list(held)
