"""The Discord client: login, cogs, persistent buttons, command registration."""

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
from discord.webhook.async_ import async_context
from yarl import URL

from bot.translations import CommandTranslator
from cogs.operator.owners import Operators
from cogs.ui.acknowledgements import InteractionAdapter
from cogs.ui.i18n import current_locale
from cogs.ui.interactions import handle_error
from cogs.ui.routing import ComponentRouter
from storage.key_value import KeyValueStore

_log = structlog.get_logger(__name__)

_SYNCED_COMMANDS_KEY = "synced commands"

_Command = app_commands.Command[Any, ..., Any] | app_commands.ContextMenu | app_commands.Group


class DailiesBot(commands.Bot):
    """The bot, which needs its cogs before it connects.

    `trace` observes each request; `count_dropped` is called with the reason why nothing is done
    for an interaction.
    """

    def __init__(
        self,
        key_values: KeyValueStore,
        trace: aiohttp.TraceConfig | None = None,
        count_dropped: Callable[[str], None] = lambda _: None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            max_messages=None,  # no message cache
            http_trace=trace or aiohttp.TraceConfig(),
        )
        self._key_values = key_values
        self._count_dropped = count_dropped
        self._own_cogs: Sequence[commands.Cog] = ()
        self.component_router = ComponentRouter((), handle_error)
        self.is_connected = False
        self.tree.error(handle_error)

    def attach_cogs(self, cogs: Sequence[commands.Cog]) -> None:
        """Take the cogs, which are built around this client; they are loaded when it logs in."""
        self._own_cogs = cogs
        self.component_router = ComponentRouter(cogs, handle_error)

    async def setup_hook(self) -> None:
        """Load the cogs, route the components of earlier processes, and register the commands."""
        assert self.application_id is not None, "the client is logged in"
        # The library reads its adapter from the context, which every later task inherits.
        async_context.set(InteractionAdapter(self.application_id, self._count_dropped))
        for cog in self._own_cogs:
            await self.add_cog(cog)
        self.add_dynamic_items(*self.component_router.item_types)
        if current_locale().language != "en":
            await self.tree.set_translator(CommandTranslator())
        await self._sync_commands()

    async def is_owner(self, user: discord.abc.User, /) -> bool:
        """Return whether a user operates the service, as Discord says now.

        The library caches the owners for as long as it runs, and accepts pending invitations to the
        team.
        """
        return user.id in await Operators(self).user_ids()

    async def on_connect(self) -> None:
        """Record that the gateway is connected."""
        self.is_connected = True

    async def on_resumed(self) -> None:
        """Record that the gateway is connected again."""
        self.is_connected = True

    async def on_disconnect(self) -> None:
        """Record that the gateway is disconnected; the library reconnects by itself."""
        self.is_connected = False

    async def _sync_commands(self) -> None:
        """Register the commands if they differ from the last registration of this bot."""
        definitions = [await self._definition(command) for command in self.tree.get_commands()]
        text = json.dumps([self.application_id, definitions], sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        # Discord limits registrations per day, so unchanged commands are not sent again.
        if await self._key_values.get(_SYNCED_COMMANDS_KEY) == digest:
            return
        await self.tree.sync()
        await self._key_values.put(_SYNCED_COMMANDS_KEY, digest)
        _log.info("commands registered", count=len(definitions))

    async def _definition(self, command: _Command) -> dict[str, Any]:
        """Return the payload with which the library registers a command."""
        translator = self.tree.translator
        if translator is None:
            return command.to_dict(self.tree)
        return await command.get_translated_payload(self.tree, translator)


def set_discord_urls(api_url: str | None, gateway_url: str | None) -> None:
    """Set the URLs of REST API (with its version) and gateway; None leaves Discord's own."""
    if api_url is not None:
        Route.BASE = api_url
    if gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
