"""The Discord side of the process: logs in, brings the cogs, registers the commands when new."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.translations import CommandTranslator
from cogs.generation.context_menu import PictureSelect, animate_image
from cogs.jobs.list_views import LIST_BUTTONS
from cogs.operator.buttons import OPERATOR_ITEMS
from cogs.operator.owners import Operators
from cogs.quotas.views import RevokeButton
from cogs.reports.controls import REPORT_ITEMS
from cogs.settings.controls import SETTINGS_ITEMS
from cogs.ui.buttons import ActionButton
from cogs.ui.i18n import current_locale
from cogs.ui.interactions import handle_unexpected_error
from cogs.ui.notify_button import NotifyButton
from storage.key_value import KeyValueStore

_log = structlog.get_logger(__name__)

_SYNCED_COMMANDS = "synced commands"

_Command = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group
MakeCogs = Callable[[], Sequence[commands.Cog]]


class DailiesBot(commands.Bot):
    """The bot; `make_cogs` is called once, before it connects, `trace` hears of each request."""

    def __init__(
        self, make_cogs: MakeCogs, notes: KeyValueStore, trace: aiohttp.TraceConfig | None = None
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            max_messages=None,
            http_trace=trace or aiohttp.TraceConfig(),
        )
        self._make_cogs = make_cogs
        self._notes = notes
        self.is_connected = False
        self.tree.error(handle_unexpected_error)

    async def setup_hook(self) -> None:
        """Bring the cogs and the buttons of earlier processes, and register the commands."""
        for cog in self._make_cogs():
            await self.add_cog(cog)
        self.tree.add_command(animate_image)
        self.add_dynamic_items(
            ActionButton,
            RevokeButton,
            NotifyButton,
            PictureSelect,
            *REPORT_ITEMS,
            *LIST_BUTTONS,
            *SETTINGS_ITEMS,
            *OPERATOR_ITEMS,
        )
        if current_locale().language != "en":
            await self.tree.set_translator(CommandTranslator())
        await self._sync_commands()

    async def is_owner(self, user: discord.abc.User, /) -> bool:
        """Tell whether a user runs the service, as Discord says at this moment.

        The library would believe for as long as it runs what Discord said once, and a mere
        invitation to the team.
        """
        return user.id in await Operators(self).user_ids()

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
        definitions = [await self._definition(command) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, definitions], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if await self._notes.get(_SYNCED_COMMANDS) == digest:
            return
        await self.tree.sync()
        await self._notes.put(_SYNCED_COMMANDS, digest)
        _log.info("commands registered", count=len(definitions))

    async def _definition(self, command: _Command) -> dict[str, Any]:
        """Write a command as the library registers it."""
        translator = self.tree.translator
        if translator is None:
            return command.to_dict(self.tree)
        return await command.get_translated_payload(self.tree, translator)


def set_discord_urls(api_url: str | None, gateway_url: str | None) -> None:
    """Set the REST address (with its version) and the gateway's; None leaves Discord's own."""
    if api_url is not None:
        Route.BASE = api_url
    if gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
