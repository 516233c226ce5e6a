"""The Discord client: cogs, persistent buttons, the shards that this process holds."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from discord.webhook.async_ import async_context
from yarl import URL

from bot.command_registration import CommandRegistration
from bot.sharding.connection import INTENTS
from bot.sharding.identifies import IdentifyGate
from bot.sharding.leases import Sharding
from bot.sharding.state import ShardedState
from bot.sharding.supervisor import ShardSupervisor
from bot.translations import CommandTranslator
from cogs.operator.owners import Operators
from cogs.ui.acknowledgements import InteractionAdapter, SharedInteractions
from cogs.ui.command_tree import CheckedCommandTree
from cogs.ui.interactions import handle_error
from cogs.ui.routing import ComponentRouter, Interaction
from domain.shards import shard_of
from storage.key_value import KeyValueStore

_LONGEST_RATE_LIMIT_S = 60.0
"""A request that has to wait longer fails, or it would keep a place among those under way."""


class DailiesBot(commands.Bot):
    """The bot, which needs its cogs before it connects.

    `trace` observes each request; `count_dropped` is called with the reason why nothing is done
    for an interaction; `shared` is how several processes share interactions; `last_turn_ms` may be
    set to what returns when the worker last ran.
    """

    _connection: ShardedState  # pyright: ignore[reportIncompatibleVariableOverride] - see _get_state

    def __init__(
        self,
        key_values: KeyValueStore,
        sharding: Sharding,
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
        self._registration = CommandRegistration(
            self, self.tree, key_values, has_older=sharding.leases.has_older
        )
        self._registering: asyncio.Task[None] | None = None
        self._own_cogs: Sequence[commands.Cog] = ()
        self.component_router = ComponentRouter((), handle_error)
        self.last_turn_ms: Callable[[], int | None] = lambda: None
        self._takes_shards = sharding.takes_shards
        self._shards = ShardSupervisor(
            self,
            sharding.leases,
            IdentifyGate(self, sharding.slots).wait,
            self._on_shards_changed,
            self._read_last_turn_ms,
        )
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
        """Load the cogs, once logged in."""
        await self.load_cogs()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do nothing: a connection that is to identify was waited for before it was opened."""

    async def connect(self, *, reconnect: bool = True) -> None:
        """Hold shards, and keep them connected, until the bot is closed.

        Raises:
            GatewayRefused: Discord refuses a connection for a reason that only a person can repair.
        """
        await self._shards.run(takes_shards=self._takes_shards)

    async def close(self) -> None:
        """Hand the shards over, unload the cogs, and end every connection."""
        await self._shards.hand_over()
        if self._registering is not None:
            self._registering.cancel()
            await asyncio.gather(self._registering, return_exceptions=True)
        for name in tuple(self.cogs):
            with suppress(Exception):
                await self.remove_cog(name)
        await self._shards.close()
        await super().close()

    @property
    def is_connected(self) -> bool:
        """Return whether every shard that this process holds brings events."""
        return self._shards.has_begun and all(one.is_connected for one in self._shards.connections)

    @property
    def is_standby(self) -> bool:
        """Return whether other processes hold every shard, and this one waits for a place."""
        shards = self._shards
        return self._takes_shards and shards.has_begun and not shards.connections

    def is_ready(self) -> bool:
        """Return whether it is logged in, and each shard that it holds can be used."""
        is_logged_in = self.application_id is not None
        return (
            is_logged_in
            and self._shards.has_begun
            and all(one.is_usable for one in self._shards.connections)
        )

    def has_servers_of(self, guild_id: int) -> bool:
        """Return whether this process was told of all servers of a server's shard."""
        shards = self._shards
        shard = shards.find(shard_of(guild_id, shards.count)) if shards.count else None
        return shard is not None and shard.has_servers

    async def is_owner(self, user: discord.abc.User, /) -> bool:
        """Return whether a user operates the service, as Discord says now.

        The library caches the owners for as long as it runs, and accepts pending invitations to the
        team.
        """
        return user.id in await Operators(self).user_ids()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Route what the library does not: submitted forms, and what is unknown here."""
        await self.component_router.dispatch_other(interaction)

    async def on_shard_connect(self, shard_id: int) -> None:
        """Note that a shard has begun a session."""
        if (shard := self._shards.find(shard_id)) is not None:
            shard.on_connected()

    async def on_shard_ready(self, shard_id: int) -> None:
        """Note that Discord has told of a shard's servers."""
        if (shard := self._shards.find(shard_id)) is not None:
            shard.on_ready()

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Note that a shard's session is resumed."""
        if (shard := self._shards.find(shard_id)) is not None:
            shard.on_resumed()

    def _read_last_turn_ms(self) -> int | None:
        return self.last_turn_ms()

    def _get_state(self, **options: Any) -> ShardedState:
        """Make the library's state, which is to be that of several shards."""
        return ShardedState(
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self.http,
            **options,
        )

    def _on_shards_changed(self, count: int, held: Sequence[int]) -> None:
        """Learn which shards this process holds; who has the first one registers the commands."""
        self._connection.name_shards(count, held)
        if 0 in held and self._registering is None:
            self._registering = asyncio.create_task(self._registration.run(), name="commands")

    def _known_application_id(self) -> int:
        assert self.application_id is not None, "an interaction comes after the login"
        return self.application_id


def set_discord_urls(api_url: str | None, gateway_url: str | None) -> None:
    """Set the URLs of REST API (with its version) and gateway; None leaves Discord's own."""
    if api_url is not None:
        Route.BASE = api_url
    if gateway_url is not None:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)
