"""The Discord client: cogs, persistent buttons, the state of its connection."""

import asyncio
from collections.abc import Callable, Sequence

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.webhook.async_ import async_context
from yarl import URL

from bot.command_registration import CommandRegistration
from bot.gateway import INTENTS
from bot.translations import CommandTranslator
from cogs.operator.owners import Operators
from cogs.ui.acknowledgements import InteractionAdapter, SharedInteractions
from cogs.ui.command_tree import CheckedCommandTree
from cogs.ui.interactions import handle_error
from cogs.ui.routing import ComponentRouter, Interaction
from storage.key_value import KeyValueStore

_LONGEST_RATE_LIMIT_S = 60.0
"""A request that has to wait longer fails, or it would keep a place among those under way."""


class DailiesBot(commands.Bot):
    """The bot, which needs its cogs before it connects.

    `trace` observes each request; `count_dropped` is called with the reason why nothing is done
    for an interaction; `shared` is how several processes share interactions.
    """

    def __init__(
        self,
        key_values: KeyValueStore,
        trace: aiohttp.TraceConfig | None = None,
        count_dropped: Callable[[str], None] = lambda _: None,
        shared: SharedInteractions | None = None,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            tree_cls=CheckedCommandTree,
            help_command=None,
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(guild=True),
            max_messages=None,  # no message cache
            max_ratelimit_timeout=_LONGEST_RATE_LIMIT_S,
            http_trace=trace or aiohttp.TraceConfig(),
        )
        self._count_dropped = count_dropped
        self._shared = shared or SharedInteractions()
        self._registration = CommandRegistration(self, self.tree, key_values)
        self._registering: asyncio.Task[None] | None = None
        self._own_cogs: Sequence[commands.Cog] = ()
        self.component_router = ComponentRouter((), handle_error)
        self.is_connected = False
        self.tree.error(handle_error)

    def attach_cogs(self, cogs: Sequence[commands.Cog]) -> None:
        """Take the cogs, which are built around this client; see `load_cogs`."""
        self._own_cogs = cogs
        self.component_router = ComponentRouter(cogs, handle_error)

    async def load_cogs(self) -> None:
        """Load the cogs, once: the worker then runs, whether or not Discord can be reached."""
        if self.cogs:
            return
        # The library reads its adapter from the context, which every later task inherits.
        async_context.set(
            InteractionAdapter(self._known_application_id, self._count_dropped, self._shared)
        )
        await self.tree.set_translator(CommandTranslator())
        for cog in self._own_cogs:
            await self.add_cog(cog)
        self.add_dynamic_items(*self.component_router.item_types)

    async def setup_hook(self) -> None:
        """Begin to register the commands, once logged in; nothing waits for it."""
        await self.load_cogs()
        self._registering = asyncio.create_task(self._registration.run(), name="commands")

    async def close(self) -> None:
        """Stop the registration, unload the cogs, and close every connection."""
        if self._registering is not None:
            self._registering.cancel()
            await asyncio.gather(self._registering, return_exceptions=True)
        await super().close()

    async def is_owner(self, user: discord.abc.User, /) -> bool:
        """Return whether a user operates the service, as Discord says now.

        The library caches the owners for as long as it runs, and accepts pending invitations to the
        team.
        """
        return user.id in await Operators(self).user_ids()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Route what the library does not: submitted forms, and what is unknown here."""
        await self.component_router.dispatch_other(interaction)

    async def on_connect(self) -> None:
        """Record that the gateway is connected."""
        self.is_connected = True

    async def on_resumed(self) -> None:
        """Record that the gateway is connected again."""
        self.is_connected = True

    async def on_disconnect(self) -> None:
        """Record that the gateway is disconnected; the library reconnects by itself."""
        self.is_connected = False

    def _known_application_id(self) -> int:
        assert self.application_id is not None, "an interaction comes after the login"
        return self.application_id


def set_discord_urls(api_url: str | None, gateway_url: str | None) -> None:
    """Set the URLs of REST API (with its version) and gateway; None leaves Discord's own."""
    if api_url is not None:
        Route.BASE = api_url
    if gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
