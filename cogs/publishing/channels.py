"""Channels to post in, which have to be of the server that they are for."""

import discord

from workflow.errors import ChannelUnavailable


def server_channel(
    client: discord.Client, guild_id: int, channel_id: int
) -> discord.PartialMessageable:
    """Return a channel of a server, to post in.

    Raises:
        ChannelUnavailable: it is another server's.
    """
    guild = getattr(client.get_channel(channel_id), "guild", None)
    if guild is not None and guild.id != guild_id:
        raise ChannelUnavailable("the channel is another server's")
    return client.get_partial_messageable(channel_id, guild_id=guild_id)
