"""The Discord side of the process: logs in, brings the cogs, registers the commands when new."""

import hashlib
import json
from collections.abc import Callable, Sequence

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from cogs.buttons import CardButton
from cogs.faults import answer_fault
from cogs.list_buttons import LIST_ITEMS
from cogs.menus import ITEMS
from cogs.revoking import RevokeButton
from workflow.notes import Notes

_log = structlog.get_logger(__name__)

_SYNCED_COMMANDS = "synced commands"

MakeCogs = Callable[[], Sequence[commands.Cog]]


class DailiesBot(commands.Bot):
    """The bot; `make_cogs` is called once, before it connects."""

    def __init__(self, make_cogs: MakeCogs, notes: Notes) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            max_messages=None,
        )
        self._make_cogs = make_cogs
        self._notes = notes
        self.is_connected = False
        self.tree.error(answer_fault)

    async def setup_hook(self) -> None:
        """Bring the cogs and the buttons of earlier processes, and register the commands."""
        for cog in self._make_cogs():
            await self.add_cog(cog)
        self.add_dynamic_items(CardButton, RevokeButton, *ITEMS, *LIST_ITEMS)
        await self._sync_commands()

    async def on_connect(self) -> None:
        """Note that the gateway is there."""
        self.is_connected = True

    async def on_resumed(self) -> None:
        """Note that the gateway is there again."""
        self.is_connected = True

    async def on_disconnect(self) -> None:
        """Note that the gateway is gone; the library goes on trying."""
        self.is_connected = False

    async def _sync_commands(self) -> None:
        """Register the commands if they differ from those registered last time for this bot."""
        definitions = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, definitions], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if await self._notes.get(_SYNCED_COMMANDS) == digest:
            return
        await self.tree.sync()
        await self._notes.put(_SYNCED_COMMANDS, digest)
        _log.info("commands registered", count=len(definitions))
