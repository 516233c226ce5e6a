"""Knows who asks for a video where, as far as the rules of a server go by it."""

from typing import Any, Final

import discord

from cogs.members import role_ids
from domain.admission import Asker

_ROOMS: Final = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
)


def asker_of(interaction: discord.Interaction[Any]) -> Asker:
    """Tell where an interaction comes from, and which roles its member has."""
    assert interaction.channel_id is not None, "an interaction comes from a channel"
    channel = interaction.channel
    return Asker(
        channel_id=interaction.channel_id,
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        adults_only=is_adults_only(channel),
        role_ids=role_ids(interaction.user),
    )


def is_adults_only(channel: object) -> bool:
    """Tell whether a channel, or that of a thread, is age-restricted; no if it is not known."""
    room = channel.parent if isinstance(channel, discord.Thread) else channel
    return isinstance(room, _ROOMS) and room.is_nsfw()
