"""Messages with videos: sent twice they are one, by their nonce; without the prompt if need be."""

from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import discord
from discord import ui

from cogs.publishing.refusals import BlockedByAutoMod
from cogs.publishing.threads import Channel, call_in_channel
from domain.job_view import JobView
from workflow.publisher import ResultPayload

NO_MENTIONS: Final = discord.AllowedMentions.none()


class BuildView(Protocol):
    """Lays out a message, with or without its prompt."""

    def __call__(self, *, without_prompt: bool) -> ui.LayoutView:
        """Lay it out."""
        ...


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message with videos, by the names under which they are sent; `build_view` lays it out."""

    videos: Mapping[str, Path]
    nonce: str
    allowed_mentions: discord.AllowedMentions
    build_view: BuildView


async def send_message(client: discord.Client, channel: Channel, message: OutgoingMessage) -> int:
    """Send a message with its videos, if there are any; sent twice, it is one message.

    Raises:
        MessageDeleted: it was sent before, and somebody has deleted it.
    """

    async def send(*, without_prompt: bool) -> int:
        post = partial(_send_once, channel, message, without_prompt=without_prompt)
        return (await call_in_channel(client, channel, post)).id

    try:
        return await send(without_prompt=False)
    except BlockedByAutoMod:
        return await send(without_prompt=True)


def mention_only(user_id: int) -> discord.AllowedMentions:
    """Allow a message to ping one member, and nobody else."""
    return discord.AllowedMentions(
        everyone=False, roles=False, replied_user=False, users=[discord.Object(user_id)]
    )


async def edit_message(
    client: discord.Client,
    channel: Channel,
    message_id: int,
    message: OutgoingMessage,
    *,
    replaces_files: bool,
) -> None:
    """Edit a message; its files are replaced by the videos, or stay as they are."""
    posted = channel.get_partial_message(message_id)

    async def edit(*, without_prompt: bool) -> None:
        request = partial(
            _edit_once, posted, message, without_prompt=without_prompt, replaces=replaces_files
        )
        await call_in_channel(client, channel, request)

    try:
        await edit(without_prompt=False)
    except BlockedByAutoMod:
        await edit(without_prompt=True)


def name_videos(results: Iterable[tuple[JobView, ResultPayload]]) -> dict[str, Path]:
    """Return the videos of results under the names of their jobs."""
    return {f"{job.id}.mp4": payload.video for job, payload in results if payload.video is not None}


@contextmanager
def open_videos(videos: Mapping[str, Path]) -> Generator[list[discord.File]]:
    """Open videos to be sent under these names, and close them afterwards."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(closing(discord.File(path, filename=name)))
            for name, path in videos.items()
        ]


async def _send_once(
    channel: Channel, message: OutgoingMessage, *, without_prompt: bool
) -> discord.Message:
    view = message.build_view(without_prompt=without_prompt)
    with open_videos(message.videos) as files:
        return await channel.send(
            view=view,
            files=files,
            nonce=message.nonce,
            allowed_mentions=message.allowed_mentions,
        )


async def _edit_once(
    posted: discord.PartialMessage,
    message: OutgoingMessage,
    *,
    without_prompt: bool,
    replaces: bool,
) -> discord.Message:
    view = message.build_view(without_prompt=without_prompt)
    with open_videos(message.videos) as files:
        return await posted.edit(
            view=view,
            attachments=files if replaces else discord.utils.MISSING,
            allowed_mentions=NO_MENTIONS,
        )
