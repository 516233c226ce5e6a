"""Attachments of messages: opening files to send, and the URLs that Discord assigns."""

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
    """Open files to be sent, and close them afterwards."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(discord.File(path, filename=path.name))) for path in paths
        ]


def with_attachments(status: StatusView, files: Sequence[Path]) -> StatusView:
    """Return a status view that shows these files as attachments, beside those it has anyway."""
    all_files = tuple(dict.fromkeys((*status.files, *files)))
    urls = (f"attachment://{file.name}" for file in all_files)
    return replace(status, preview_urls=tuple(urls), files=all_files)


def attachment_urls(message: discord.Message | None) -> dict[str, str]:
    """Return the URLs of a message's attachments, by file name.

    A message of components lists a file where it is shown, and nowhere else.

    Raises:
        ChannelUnavailable: there is no message.
    """
    if message is None:
        raise ChannelUnavailable("the message is gone")
    urls = [attachment.url for attachment in message.attachments]
    for item in ui.LayoutView.from_message(message).walk_children():
        if isinstance(item, ui.MediaGallery):
            urls += [entry.media.url for entry in item.items]
        elif isinstance(item, ui.File):
            urls.append(item.url)
    return {URL(url).name: url for url in urls}
