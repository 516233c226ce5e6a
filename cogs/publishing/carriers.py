"""Carrier messages of jobs: files that the status message cannot carry."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import discord

from cogs.publishing.attachments import attachment_urls, open_files, with_attachments
from cogs.publishing.threads import Channel, call_in_channel
from cogs.ui import views
from workflow.errors import ChannelUnavailable, MessageDeleted, PublishError, TemporaryPublishError
from workflow.publisher import StatusView

_NO_MENTIONS: Final = discord.AllowedMentions.none()


async def attach_to_carrier(
    client: discord.Client,
    channel: Channel,
    status: StatusView,
    part: int,
    files: Sequence[Path],
    message_id: int | None,
) -> tuple[int, dict[str, str]]:
    """Return the id of a carrier, posted unless it is known, and fresh URLs of files on it."""
    if message_id is None:
        post = partial(_post, channel, status, part, files)
        message = await call_in_channel(client, channel, post)
        message_id, urls = message.id, attachment_urls(message)
    else:
        urls = await _known_urls(client, channel, status, part, files, message_id)
    if any(file.name not in urls for file in files):
        edit = partial(_edit, channel, status, part, files, message_id, uploads=True)
        urls = attachment_urls(await call_in_channel(client, channel, edit))
    return message_id, urls


async def _known_urls(
    client: discord.Client,
    channel: Channel,
    status: StatusView,
    part: int,
    files: Sequence[Path],
    message_id: int,
) -> dict[str, str]:
    edit = partial(_edit, channel, status, part, files, message_id, uploads=False)
    try:
        return attachment_urls(await call_in_channel(client, channel, edit))
    except (ChannelUnavailable, MessageDeleted, TemporaryPublishError):
        raise
    except PublishError:
        return {}  # the view names files that are not attached


async def _post(
    channel: Channel, status: StatusView, part: int, files: Sequence[Path]
) -> discord.Message:
    with open_files(files) as attachments:
        return await channel.send(
            view=_view(status, part, files),
            files=attachments,
            nonce=f"c{status.job.id}{part}",
            allowed_mentions=_NO_MENTIONS,
        )


async def _edit(
    channel: Channel,
    status: StatusView,
    part: int,
    files: Sequence[Path],
    message_id: int,
    *,
    uploads: bool,
) -> discord.Message:
    with open_files(files if uploads else ()) as attachments:
        return await channel.get_partial_message(message_id).edit(
            view=_view(status, part, files),
            attachments=attachments or discord.utils.MISSING,
            allowed_mentions=_NO_MENTIONS,
        )


def _view(status: StatusView, part: int, files: Sequence[Path]) -> discord.ui.LayoutView:
    bare = StatusView(status.job, is_spoiler=status.is_spoiler)
    return views.render_carrier(with_attachments(bare, files), part)
