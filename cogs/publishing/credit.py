"""Removal of the credit from the posts of a remix, which stay as they are otherwise."""

from functools import partial
from typing import Any

import discord
from discord import ui
from yarl import URL

from cogs.publishing.threads import Channel, call_in_channel
from cogs.ui.views import CREDIT_ID
from workflow.errors import ChannelDeleted, MessageDeleted


async def remove_credit(client: discord.Client, channel: Channel, message_id: int) -> None:
    """Edit a message so that it credits nobody; one that is gone is left alone.

    Raises:
        PublishError: Discord did not show the message, or refused the edit.
    """
    try:
        fetch = partial(channel.fetch_message, message_id)
        view = _without_credit(await call_in_channel(client, channel, fetch))
        if view is not None:
            edit = partial(
                channel.get_partial_message(message_id).edit,
                view=view,
                allowed_mentions=discord.AllowedMentions.none(),
            )
            await call_in_channel(client, channel, edit)
    except (ChannelDeleted, MessageDeleted):
        return


def _without_credit(message: discord.Message) -> ui.LayoutView | None:
    """Lay out a message without its credit; None if it has none."""
    view = ui.LayoutView.from_message(message, timeout=None)
    view.stop()  # so discord.py keeps no reference to it
    credit = view.find_item(CREDIT_ID)
    if credit is None:
        return None
    view.remove_item(credit)
    for item in view.walk_children():
        if isinstance(item, ui.MediaGallery):
            _refer_to_attachments(item)
    return view


def _refer_to_attachments(shown: ui.MediaGallery[Any]) -> None:
    """Name the message's own files as such: their addresses expire."""
    for entry in shown.items:
        entry.media = f"attachment://{URL(entry.media.url).name}"
