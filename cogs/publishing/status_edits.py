"""Edits of status messages."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import discord

from cogs.publishing.attachments import open_files
from cogs.publishing.refusals import BlockedByAutoMod
from cogs.publishing.threads import Channel, call_in_channel
from cogs.ui import views
from workflow.errors import ChannelDeleted, MessageDeleted
from workflow.publisher import StatusView


async def edit_status(
    client: discord.Client,
    channel: Channel,
    status: StatusView,
    message_id: int,
    files: Sequence[Path] = (),
) -> discord.Message | None:
    """Edit a status message, replacing its attachments with `files`; None if it is gone.

    Without files, attachments stay while APIXO may ask for them, and are removed then.
    """
    message = channel.get_partial_message(message_id)
    running = status.is_active

    async def edit(*, without_prompt: bool = False) -> discord.Message:
        with open_files(files) as attachments:
            # An edit without allowed_mentions would mark the member as mentioned.
            return await message.edit(
                view=views.render_status(status, without_prompt=without_prompt),
                attachments=attachments or (discord.utils.MISSING if running else []),
                allowed_mentions=discord.AllowedMentions.none(),
            )

    try:
        try:
            return await call_in_channel(client, channel, edit)
        except BlockedByAutoMod:
            bare = partial(edit, without_prompt=True)
            return await call_in_channel(client, channel, bare)
    except (ChannelDeleted, MessageDeleted):
        return None
