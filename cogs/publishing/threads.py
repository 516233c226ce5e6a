"""Requests in channels that may be archived threads.

A post unarchives a thread by itself, an edit does not, and Discord refuses it (50083).
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import discord

from cogs.publishing.errors import call_discord
from cogs.publishing.refusals import ThreadArchived
from workflow.errors import TemporaryPublishError

Channel = discord.PartialMessageable | discord.DMChannel

T = TypeVar("T")


async def call_in_channel(
    client: discord.Client, channel: Channel, request: Callable[[], Awaitable[T]]
) -> T:
    """Make a request in a channel, and again after unarchiving it if that is why it was refused.

    Raises:
        PublishError: Discord refused the request, or refused to unarchive the thread;
            TemporaryPublishError if somebody archived it again in between.
    """
    try:
        return await call_discord(request())
    except ThreadArchived:
        thread = await call_discord(client.fetch_channel(channel.id))
        if isinstance(thread, discord.Thread):
            await call_discord(thread.edit(archived=False))
    try:
        return await call_discord(request())
    except ThreadArchived as error:
        raise TemporaryPublishError("the thread was archived again") from error
