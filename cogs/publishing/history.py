"""A search of channel histories for a job's messages."""

from collections.abc import AsyncIterator
from typing import Final

import discord
from discord import ui

from cogs.publishing.errors import to_publish_error
from cogs.publishing.places import Places
from cogs.ui import views
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
        async for message_id, signature in self._own_signatures(channel, since_ms):
            if _kind(signature, job_id) is kind:
                return message_id
        return None

    async def find_carriers(
        self, channel: discord.abc.Messageable, job_id: str, since_ms: int
    ) -> dict[int, int]:
        """Return the ids of a job's carrier messages posted since then, by their parts."""
        found = dict[int, int]()
        async for message_id, signature in self._own_signatures(channel, since_ms):
            _line, is_carrier, part = signature.partition(views.carrier_signature(job_id))
            if is_carrier and part.isdecimal():
                found[int(part)] = message_id
        return found

    async def _own_signatures(
        self, channel: discord.abc.Messageable, since_ms: int
    ) -> AsyncIterator[tuple[int, str]]:
        """Yield the bot's messages since then: their ids and the last lines of their text."""
        since = discord.Object((since_ms - _HISTORY_MARGIN_MS - discord.utils.DISCORD_EPOCH) << 22)
        try:
            async for message in channel.history(limit=_HISTORY_DEPTH, after=since):
                if self._is_own(message):
                    yield message.id, _signature(message)
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


def _signature(message: discord.Message) -> str:
    """Return the last line, which says whose a message is, because a prompt may quote any job."""
    view = ui.LayoutView.from_message(message)
    texts = [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]
    return texts[-1].rpartition("\n")[2] if texts else ""


def _kind(signature: str, job_id: str) -> MessageKind | None:
    """Return the kind of a job's message by its signature."""
    if signature == f"-# {job_id}":
        return MessageKind.STATUS
    if signature.startswith(views.carrier_signature(job_id)):
        return None
    if signature.startswith(f"-# {job_id} · "):
        return MessageKind.FAILURE
    if signature.endswith(f" · {views.showcase_signature(job_id)}"):
        return MessageKind.SHARED
    return MessageKind.RESULT if signature.endswith(f" · {job_id}") else None
