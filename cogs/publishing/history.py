"""A search of channel histories for a job's messages."""

import re
from collections.abc import AsyncIterator
from typing import Final

import discord
from discord import ui

from cogs.publishing.errors import to_publish_error
from cogs.publishing.places import Places
from cogs.ui import post_marks
from workflow.errors import HistoryDenied
from workflow.publisher import MessageKind

_HISTORY_MARGIN_MS: Final = 600_000
_HISTORY_DEPTH: Final = 2_000


class MessageHistory:
    """The histories of the channels that a client can read."""

    def __init__(self, client: discord.Client, places: Places) -> None:
        self._client = client
        self._places = places

    async def find_message(
        self, channel: discord.abc.Messageable, job_id: str, kind: MessageKind, since_ms: int
    ) -> int | None:
        """Return the id of a job's message of a kind posted since then; None if there is none."""
        async for message in self._own_messages(channel, since_ms):
            if _mark(message, job_id) == kind:
                return message.id
        return None

    async def find_button(
        self, channel: discord.abc.Messageable, custom_id: str, since_ms: int
    ) -> int | None:
        """Return the id of a message posted since then that has a button; None if none has it."""
        async for message in self._own_messages(channel, since_ms):
            items = ui.LayoutView.from_message(message).walk_children()
            if any(isinstance(one, ui.Button) and one.custom_id == custom_id for one in items):
                return message.id
        return None

    async def find_carriers(
        self, channel: discord.abc.Messageable, job_id: str, since_ms: int
    ) -> dict[int, int]:
        """Return the ids of a job's carrier messages posted since then, by their parts."""
        found = dict[int, int]()
        async for message in self._own_messages(channel, since_ms):
            part = post_marks.carrier_part(_mark(message, job_id) or "")
            if part is not None:
                found[part] = message.id
        return found

    async def _own_messages(
        self, channel: discord.abc.Messageable, since_ms: int
    ) -> AsyncIterator[discord.Message]:
        """Yield the bot's messages since then."""
        since = discord.Object((since_ms - _HISTORY_MARGIN_MS - discord.utils.DISCORD_EPOCH) << 22)
        try:
            async for message in channel.history(limit=_HISTORY_DEPTH, after=since):
                if self._is_own(message):
                    yield message
        except Exception as error:
            raise to_publish_error(error) from error

    async def require_readable(self, guild_id: int, channel_id: int) -> None:
        """Raise `HistoryDenied` where Discord would return an empty history instead of an error."""
        place = await self._places.ask_channel(guild_id, channel_id)
        me = await self._places.find_own_member(await self._places.find_guild(guild_id))
        allowed = place.permissions_for(me)
        if allowed.view_channel and not allowed.read_message_history:
            raise HistoryDenied("the bot may not read the channel's history")

    def _is_own(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id


def _mark(message: discord.Message, job_id: str) -> str | None:
    """Return what a message is of a job; a prompt may quote any job, so its text says nothing."""
    view = ui.LayoutView.from_message(message)
    items = list(view.walk_children())
    custom_ids = (item.custom_id for item in items if isinstance(item, ui.Button))
    if (mark := post_marks.find_mark(custom_ids, job_id)) is not None:
        return mark
    texts = [item.content for item in items if isinstance(item, ui.TextDisplay)]
    last_line = texts[-1].rpartition("\n")[2] if texts else ""
    if (mark := _mark_of_last_line(last_line, job_id)) is not None:
        return mark
    has_video = any(file.filename == f"{job_id}.mp4" for file in message.attachments)
    return MessageKind.RESULT if has_video else None


def _mark_of_last_line(line: str, job_id: str) -> str | None:
    """Return the mark of a post by the version before, whose last line names its job."""
    if line == f"-# {job_id}":
        return MessageKind.STATUS
    rest = line.removeprefix(f"-# {job_id} · ")
    if rest != line:
        return (
            post_marks.carrier_mark(int(rest[1:]))
            if re.fullmatch(r"\+[0-9]+", rest)
            else (MessageKind.FAILURE)
        )
    if line.endswith(f" · shared {job_id}"):
        return MessageKind.SHARED
    return MessageKind.RESULT if line.endswith(f" · {job_id}") else None
