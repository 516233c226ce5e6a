"""An entry in the menu of messages: its registration, and the modal that it opens."""

from typing import Any

import discord
from discord import app_commands

from cogs.generation.attachments import AttachmentLoader
from cogs.generation.service import GenerationService
from cogs.ui.interactions import InteractionTracker, run_handler
from cogs.ui.routing import ComponentCog, Interaction


class MessageMenuCog(ComponentCog):
    """A context menu entry whose modal asks for a video with files of the message.

    Discord shows the contents of members' messages only with the click on the menu, so they are
    kept for a while. Later the message is fetched, and Discord may hide its contents.
    """

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        name: str | app_commands.locale_str,
        interactions: InteractionTracker,
        service: GenerationService,
        attachments: AttachmentLoader,
    ) -> None:
        self._tree = tree
        self._menu = app_commands.ContextMenu(name=name, callback=self.open_modal)
        self._interactions = interactions
        self._service = service
        self._attachments = attachments

    async def cog_load(self) -> None:
        """Register the entry: of a cog, discord.py registers only slash commands by itself."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the entry."""
        self._tree.remove_command(self._menu.name, type=self._menu.type)

    async def open_modal(self, interaction: Interaction, message: discord.Message) -> None:
        """Open the modal for a message, or refuse it in words."""
        await run_handler(interaction, self._start(interaction, message))

    async def _start(self, interaction: Interaction, message: discord.Message) -> None:
        raise NotImplementedError
