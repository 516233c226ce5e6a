"""Access to destinations: membership in a server, and permissions in a channel.

What the gateway has brought answers at once. What it has not brought (a server without the bot, an
archived thread, a deleted channel) is asked of Discord, and kept for a moment.
"""

import time
from typing import Final

import discord
from cachetools import TTLCache

from cogs.publishing.gateway import gateway_of
from cogs.publishing.places import GuildChannel, Place, Places
from domain.obstacles import Obstacle, ObstacleKind
from workflow.errors import (
    ChannelDeleted,
    ChannelUnavailable,
    PublishError,
    TemporaryPublishError,
)

_TTL_S: Final = 30
_MAX_KEPT: Final = 1_000

_SERVER_LEFT: Final = Obstacle(ObstacleKind.SERVER_LEFT)


class DestinationAccess:
    """What a client may do in the servers and channels that videos go to."""

    def __init__(self, client: discord.Client, places: Places) -> None:
        self._client = client
        self._places = places
        self._gateway = gateway_of(client)
        self._fetched = TTLCache[tuple[int, int | None], Obstacle | None](
            _MAX_KEPT, ttl=_TTL_S, timer=time.monotonic
        )

    def has_left(self, guild_id: int) -> bool:
        """Return whether the server's shard is this process's, and has no such server."""
        is_known = self._gateway.has_servers_of(guild_id)
        return is_known and self._client.get_guild(guild_id) is None

    def is_cached(self, guild_id: int, channel_id: int | None) -> bool:
        """Return whether `find_obstacle` answers without a request."""
        guild = self._client.get_guild(guild_id)
        if guild is None:
            return (guild_id, channel_id) in self._fetched
        return (
            guild.unavailable
            or channel_id is None
            or _cached_channel(guild, channel_id) is not None
        )

    async def find_obstacle(self, guild_id: int, channel_id: int | None) -> Obstacle | None:
        """Return what keeps a video from a channel, or (without one) from the server, if anything.

        Raises:
            TemporaryPublishError: the server is unavailable, or Discord does not answer.
        """
        guild = self._client.get_guild(guild_id)
        if guild is not None and guild.unavailable:
            raise TemporaryPublishError("the server is unavailable")
        if guild is not None:
            if channel_id is None:
                return None
            if (channel := _cached_channel(guild, channel_id)) is not None:
                return _find_missing_permissions(Place(channel), guild.me)
        key = guild_id, channel_id
        if key not in self._fetched:
            self._fetched[key] = await self._fetch_obstacle(guild_id, channel_id)
        return self._fetched[key]

    async def _fetch_obstacle(self, guild_id: int, channel_id: int | None) -> Obstacle | None:
        try:
            guild = await self._places.find_guild(guild_id)
            me = await self._places.find_own_member(guild)
        except TemporaryPublishError:
            raise
        except ChannelUnavailable:
            return _SERVER_LEFT
        except PublishError as error:
            raise TemporaryPublishError(str(error)) from error
        if channel_id is None:
            return None
        return await self._fetch_channel_obstacle(guild, me, channel_id)

    async def _fetch_channel_obstacle(
        self, guild: discord.Guild, me: discord.Member, channel_id: int
    ) -> Obstacle | None:
        try:
            place = await self._places.find_channel(guild.id, channel_id)
        except TemporaryPublishError as error:
            if isinstance(error.__cause__, discord.InvalidData):
                return None  # a type that the library does not know
            raise
        except ChannelDeleted:
            return Obstacle(ObstacleKind.CHANNEL_GONE)
        except ChannelUnavailable:
            return Obstacle(ObstacleKind.PERMISSIONS_MISSING, ("view_channel",))
        except PublishError as error:
            raise TemporaryPublishError(str(error)) from error
        return _find_missing_permissions(place, me)


def _cached_channel(guild: discord.Guild, channel_id: int) -> GuildChannel | None:
    """Return a channel whose permissions can be computed from what the gateway has brought."""
    channel = guild.get_channel_or_thread(channel_id)
    has_parent = not isinstance(channel, discord.Thread) or channel.parent is not None
    return channel if has_parent else None


def missing_permissions(allowed: discord.Permissions, *, in_thread: bool) -> tuple[str, ...]:
    """Return the names of the permissions that posting a video takes and the bot lacks."""
    send = "send_messages_in_threads" if in_thread else "send_messages"
    needed = ("view_channel", send, "attach_files")
    return tuple(name for name in needed if not getattr(allowed, name))


def _find_missing_permissions(place: Place, me: discord.Member) -> Obstacle | None:
    """Return the obstacle in a channel."""
    channel, allowed = place.channel, place.permissions_for(me)
    is_thread = isinstance(channel, discord.Thread)
    missing = missing_permissions(allowed, in_thread=is_thread)
    if is_thread and channel.locked and not allowed.manage_threads:
        missing = (*missing, "manage_threads")
    return Obstacle(ObstacleKind.PERMISSIONS_MISSING, missing) if missing else None
