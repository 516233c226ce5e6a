"""Servers and channels, as the gateway brings them, else as Discord answers; kept for a moment.

A process without a gateway, or whose gateway has brought other servers, posts all the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Final, TypeVar
from weakref import WeakValueDictionary

import discord
from cachetools import TTLCache

from cogs.publishing.errors import call_discord
from cogs.publishing.refusals import NotOnServer
from workflow.errors import ChannelDeleted, ChannelUnavailable, TemporaryPublishError

GuildChannel = discord.abc.GuildChannel | discord.Thread

_TTL_S: Final = 30
_MAX_GUILDS: Final = 500
_MAX_CHANNELS: Final = 2_000
_AGE_RESTRICTABLE: Final = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of a server; `parent` is that of a thread."""

    channel: GuildChannel
    parent: GuildChannel | None = None

    @property
    def is_age_restricted(self) -> bool:
        """Return whether the channel, or a thread's channel, is age-restricted."""
        place = self.parent or self.channel
        return isinstance(place, _AGE_RESTRICTABLE) and place.is_nsfw()

    def permissions_for(self, member: discord.Member) -> discord.Permissions:
        """Return what a member may do there: in a thread by its channel's permissions."""
        if self.parent is None or not isinstance(self.channel, discord.Thread):
            return self.channel.permissions_for(member)
        if self.channel.parent is not None:
            return self.channel.permissions_for(member)
        # Not the channel's own: whoever may not send there may send in its threads all the same.
        allowed = discord.abc.GuildChannel.permissions_for(self.parent, member)  # pyright: ignore[reportArgumentType] - a thread's channel is no thread
        if not allowed.send_messages_in_threads:
            allowed.update(attach_files=False, embed_links=False)
        return allowed


class Places:
    """The servers and channels that a client may post to."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._guilds = TTLCache[int, discord.Guild](_MAX_GUILDS, ttl=_TTL_S)
        self._members = TTLCache[int, discord.Member](_MAX_GUILDS, ttl=_TTL_S)
        self._channels = TTLCache[int, GuildChannel](_MAX_CHANNELS, ttl=_TTL_S)
        self._locks = WeakValueDictionary[tuple[int, int], asyncio.Lock]()

    async def find_guild(self, guild_id: int) -> discord.Guild:
        """Return a server.

        Raises:
            ChannelUnavailable: the bot is not on it.
            TemporaryPublishError: Discord does not answer.
        """
        guild = self._client.get_guild(guild_id)
        if guild is not None and not guild.unavailable:
            return guild
        # Discord has been seen to deny knowing a server of the bot's (10004, discord-api-docs
        # 8445), so this is relied upon only where the gateway does not have it either.
        return await self._fetch(
            self._guilds, guild_id, lambda: self._client.fetch_guild(guild_id, with_counts=False)
        )

    async def find_own_member(self, guild: discord.Guild) -> discord.Member:
        """Return the bot as a member of a server, with its roles; raises as `find_guild`."""
        assert self._client.user is not None, "a client that asks is logged in"
        own_id = self._client.user.id
        return guild.get_member(own_id) or await self._fetch(
            self._members, guild.id, lambda: guild.fetch_member(own_id)
        )

    async def is_member(self, guild_id: int, user_id: int) -> bool:
        """Return whether a user is on a server, as Discord answers now; raises as `find_guild`."""
        guild = await self.find_guild(guild_id)
        try:
            await call_discord(guild.fetch_member(user_id))
        except (NotOnServer, ChannelDeleted):  # the second where the account is gone
            return False
        return True

    async def find_channel(self, guild_id: int, channel_id: int) -> Place:
        """Return a channel or thread of a server.

        Raises:
            ChannelDeleted: it is gone.
            ChannelUnavailable: it is hidden, or another server's.
            TemporaryPublishError: Discord does not answer, or the library does not know its type.
        """
        guild = await self.find_guild(guild_id)
        channel = guild.get_channel_or_thread(channel_id) or await self._fetch_channel(
            guild, channel_id
        )
        if not isinstance(channel, discord.Thread):
            return Place(channel)
        return Place(channel, channel.parent or await self._fetch_channel(guild, channel.parent_id))

    async def ask_channel(self, guild_id: int, channel_id: int) -> Place:
        """Return a channel as it is now, not a moment ago; raises as `find_channel`."""
        for kept in (self._guilds, self._members):
            kept.pop(guild_id, None)
        if (known := self._channels.pop(channel_id, None)) is not None:
            self._channels.pop(getattr(known, "parent_id", 0), None)
        return await self.find_channel(guild_id, channel_id)

    async def find_messageable(self, guild_id: int, channel_id: int) -> discord.PartialMessageable:
        """Return a channel of a server to post in, which has to be of the server.

        Raises:
            ChannelUnavailable: it is hidden, or another server's.
            TemporaryPublishError: Discord does not answer.
        """
        guild = getattr(self._client.get_channel(channel_id), "guild", None)
        if guild is None:
            await self._check_server(guild_id, channel_id)
        elif guild.id != guild_id:
            raise ChannelUnavailable("the channel is another server's")
        return self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    async def _check_server(self, guild_id: int, channel_id: int) -> None:
        try:
            await self.find_channel(guild_id, channel_id)
        except TemporaryPublishError as error:
            if not isinstance(error.__cause__, discord.InvalidData):  # an unknown type of channel
                raise

    async def _fetch_channel(self, guild: discord.Guild, channel_id: int) -> GuildChannel:
        channel = await self._fetch(
            self._channels, channel_id, lambda: self._fetch_guild_channel(channel_id)
        )
        if channel.guild.id != guild.id:
            raise ChannelUnavailable("the channel is another server's")
        channel.guild = guild  # which has the roles, unlike the one that came with the channel
        return channel

    async def _fetch_guild_channel(self, channel_id: int) -> GuildChannel:
        channel = await self._client.fetch_channel(channel_id)
        if isinstance(channel, GuildChannel):
            return channel
        raise ChannelUnavailable("the channel is no server's")

    async def _fetch(
        self, kept: MutableMapping[int, T], key: int, fetch: Callable[[], Awaitable[T]]
    ) -> T:
        """Return what is kept, or fetch it; several at once are one request."""
        async with self._locks.setdefault((id(kept), key), asyncio.Lock()):
            if (found := kept.get(key)) is not None:
                return found
            found = kept[key] = await call_discord(fetch())
            return found
