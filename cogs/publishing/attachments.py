"""Knows the files that hang on messages: opening them, and the addresses that Discord gives."""

from collections.abc import Generator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import discord
from discord import ui
from yarl import URL

from workflow.errors import ChannelUnavailable
from workflow.publisher import StatusView


@contextmanager
def open_files(paths: Sequence[Path]) -> Generator[list[discord.File]]:
    """Open files to be sent."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(discord.File(path, filename=path.name))) for path in paths
        ]


def with_attachments(status: StatusView, files: Sequence[Path]) -> StatusView:
    """Let a card show these files as attachments, beside those that it carries anyway."""
    carried = tuple(dict.fromkeys((*status.files, *files)))
    attached = (f"attachment://{file.name}" for file in carried)
    return replace(status, preview_urls=tuple(attached), files=carried)


def attachment_urls(message: discord.Message | None) -> dict[str, str]:
    """List the addresses of what hangs on a message, by file name.

    A message of components lists a file where it is shown, and nowhere else.

    Raises:
        ChannelUnavailable: there is no message.
    """
    if message is None:
        raise ChannelUnavailable("the message is gone")
    addresses = [attachment.url for attachment in message.attachments]
    for item in ui.LayoutView.from_message(message).walk_children():
        if isinstance(item, ui.MediaGallery):
            addresses += [shown.media.url for shown in item.items]
        elif isinstance(item, ui.File):
            addresses.append(item.url)
    return {URL(address).name: address for address in addresses}
