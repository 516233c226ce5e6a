"""Remembers which members want to be written to when a video of theirs is done."""

from typing import Any

import discord
from discord.ext import commands

from cogs import words
from cogs.desk import Desk
from cogs.faults import TurnedAway, answering
from cogs.tell_buttons import TellButton, turned
from domain.catalogue import t
from workflow.context import Context
from workflow.servers import members

_Interaction = discord.Interaction[Any]


class Telling(commands.Cog):
    """Remembers who wants to be written to."""

    def __init__(self, context: Context, desk: Desk) -> None:
        self._context = context
        self._desk = desk

    async def choose(self, interaction: _Interaction, guild_id: int, *, wanted: bool) -> None:
        """Do what the click on the button asks for, and turn the button round."""
        await answering(interaction, self._choose(interaction, guild_id, wanted=wanted))

    async def _choose(self, interaction: _Interaction, guild_id: int, *, wanted: bool) -> None:
        if interaction.guild_id not in (guild_id, None):
            raise TurnedAway(t(words.NO_SUCH_VIDEO))
        await self._desk.open_to_change(interaction)
        user_id = interaction.user.id
        await members.set_told(self._context, guild_id, user_id, wanted=wanted)
        if interaction.message is not None:
            card = turned(interaction.message, TellButton(guild_id, wanted=not wanted))
            await interaction.edit_original_response(view=card)
