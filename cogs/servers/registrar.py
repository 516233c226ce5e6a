"""Registration of the servers that the bot is on, with who owned each when the bot joined."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import discord
import structlog

from cogs.operator.owners import DISCORD_ERRORS, Operators
from domain.polling import backoff_ms
from domain.servers import SeenServer, Server
from workflow.context import Context
from workflow.servers import admission

_log = structlog.get_logger(__name__)

_NAME_CHARS: Final = 100


class ServerRegistrar:
    """Registers servers as the gateway shows them."""

    def __init__(self, client: discord.Client, context: Context, operators: Operators) -> None:
        self._client = client
        self._context = context
        self._operators = operators
        self._known: dict[int, Server] | None = None
        self._failures = 0
        self._retry_at_s = 0.0

    async def register_all(self) -> None:
        """Register the servers that are not yet, or have changed; pause if Discord is silent."""
        if not self._client.is_ready() or time.monotonic() < self._retry_at_s:
            return
        if self._known is None:
            self._known = await admission.list_known(self._context)
        await self._record_left(self._known)
        try:
            for guild in self._client.guilds:
                await self._register_if_changed(guild)
        except DISCORD_ERRORS as error:
            self._failures += 1
            self._retry_at_s = time.monotonic() + backoff_ms(self._failures, 1) / 1000
            _log.warning("servers not registered", error=error)
        else:
            self._failures = 0

    async def register(self, guild: discord.Guild, *, wanted: bool = False) -> None:
        """Register a server; with `wanted` the operator is asked about it, if they have to be.

        Raises:
            discord.DiscordException, aiohttp.ClientError, OSError: Discord did not answer.
        """
        operators = await self._operators.user_ids()
        server = await admission.register(
            self._context,
            _seen(guild),
            owner_operates=guild.owner_id in operators,
            wanted=wanted,
        )
        if self._known is not None:
            self._known[guild.id] = server

    async def register_id(self, guild_id: int) -> None:
        """Register a server that somebody asks for a video on.

        Raises:
            discord.DiscordException, aiohttp.ClientError, OSError: Discord did not answer.
        """
        guild = self._client.get_guild(guild_id)
        await self.register(guild or await self._client.fetch_guild(guild_id), wanted=True)

    async def leave(self, guild_id: int) -> None:
        """Have the bot leave a server; it may have left it already.

        Raises:
            discord.DiscordException, aiohttp.ClientError, OSError: Discord did not answer.
        """
        with suppress(discord.NotFound):
            guild = self._client.get_guild(guild_id) or await self._client.fetch_guild(guild_id)
            await guild.leave()

    async def record_leaving(self, guild_id: int) -> None:
        """Record that the bot is on a server no more."""
        await admission.record_leaving(self._context, guild_id)
        if self._known is not None:
            self._known.pop(guild_id, None)

    async def _record_left(self, known: Mapping[int, Server]) -> None:
        """Record the servers that the bot has left while it was not running, or unnoticed."""
        present = [guild_id for guild_id, server in known.items() if server.left_at_ms is None]
        for guild_id in present:
            if self._context.publisher.has_left(guild_id):
                await self.record_leaving(guild_id)

    async def _register_if_changed(self, guild: discord.Guild) -> None:
        assert self._known is not None, "what is known was read before"
        known = self._known.get(guild.id)
        if not guild.unavailable and (known is None or not known.matches(_seen(guild))):
            await self.register(guild)


def _seen(guild: discord.Guild) -> SeenServer:
    joined_at = None if guild.me is None else guild.me.joined_at  # pyright: ignore[reportUnnecessaryComparison]
    return SeenServer(
        guild_id=guild.id,
        name=guild.name[:_NAME_CHARS],
        owner_id=guild.owner_id,
        joined_at_ms=None if joined_at is None else round(joined_at.timestamp() * 1000),
    )
