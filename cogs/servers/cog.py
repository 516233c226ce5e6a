"""Servers that the bot joins and leaves, and the operator's decisions about them."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import discord
import structlog
from discord.ext import commands

from cogs.operator.owners import DISCORD_ERRORS, Operators, check_operator
from cogs.servers.buttons import (
    LIMIT_CUSTOM_ID,
    ServerAction,
    ServerButton,
    ServerPageButton,
    limit_modal,
    read_amount,
)
from cogs.servers.registrar import ServerRegistrar
from cogs.servers.views import render_question, render_servers
from cogs.ui.forms import parse_typed
from cogs.ui.i18n import _, format_usd, ngettext
from cogs.ui.interactions import InteractionTracker, UserError, run_handler
from cogs.ui.routing import ComponentCog, ComponentRoute, FormRoute, Interaction
from domain.errors import Outage
from domain.money import MicroUSD
from domain.obstacles import Obstacle, ObstacleKind
from domain.polling import backoff_ms
from domain.quotas import parse_amount
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.servers import admission
from workflow.servers.release import release_waiting

_log = structlog.get_logger(__name__)

_FORM_CHECK_S: Final = 2
"""A form has to be the first response, and Discord waits three seconds for it."""


class ServersCog(ComponentCog):
    """Listens to what the gateway says of the bot's servers, and asks the operator about them."""

    def __init__(
        self,
        context: Context,
        interactions: InteractionTracker,
        registrar: ServerRegistrar,
        operators: Operators,
    ) -> None:
        self._context = context
        self._interactions = interactions
        self._registrar = registrar
        self._operators = operators
        self._failures = 0
        self._ask_at_ms = 0

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the routes of the operator's buttons about servers."""
        return (
            ComponentRoute(ServerButton, self.decide),
            ComponentRoute(ServerPageButton, self.turn_page),
        )

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the route of the form with a day limit."""
        return (FormRoute(LIMIT_CUSTOM_ID, self._submit_limit),)

    @property
    def periodic_tasks(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        """Return the periodic tasks by name."""
        return {"servers": self._registrar.register_all, "server questions": self.ask_next}

    @commands.Cog.listener("on_guild_join")
    async def register(self, guild: discord.Guild) -> None:
        """Register a server that the bot has just joined; its owner counts now."""
        try:
            await self._registrar.register(guild, wanted=True)
        except (Outage, *DISCORD_ERRORS) as error:  # with the first request, or periodically
            _log.warning("server not registered", server=guild.id, error=error)

    @commands.Cog.listener("on_guild_remove")
    async def release(self, guild: discord.Guild) -> None:
        """Release what waits on a server that the bot was removed from.

        Discord's own outages make a server unavailable, and it stays the bot's.
        """
        try:
            await release_waiting(self._context, guild.id, Obstacle(ObstacleKind.SERVER_LEFT))
            await self._registrar.record_leaving(guild.id)
        except Outage as error:  # a periodic task looks for it again
            _log.warning("server release delayed by outage", server=guild.id, reason=error)

    async def ask_next(self) -> None:
        """Ask the operator about the servers that wait, in one message; pause if it fails."""
        if self._context.now_ms() < self._ask_at_ms:
            return
        waiting = await admission.claim_question(self._context)
        if not waiting:
            return
        if await self._operators.notify(render_question(waiting)):
            await admission.record_question(self._context, waiting)
            self._failures = 0
            return
        self._failures += 1
        self._ask_at_ms = self._context.due_after(backoff_ms(self._failures, 1))

    async def show(
        self, interaction: Interaction, number: int = 0, message: str | None = None
    ) -> None:
        """Show a page of the servers in the response to the operator."""
        await self._registrar.register_all()
        page = await admission.read_server_page(self._context, number)
        await interaction.edit_original_response(view=render_servers(page, message))

    async def turn_page(self, interaction: Interaction, button: ServerPageButton) -> None:
        """Show another page."""
        await self._serve(interaction, lambda: self.show(interaction, button.page))

    async def decide(self, interaction: Interaction, button: ServerButton) -> None:
        """Apply a decision, or open the form for the day limit."""
        guild_id, page = button.guild_id, button.page
        match button.action:
            case ServerAction.ADMIT:
                await self._serve(interaction, lambda: self._admit(interaction, guild_id, page))
            case ServerAction.ADMIT_WITH_LIMIT:
                await run_handler(interaction, self._open_form(interaction, guild_id, page))
            case ServerAction.WITHDRAW:
                await self._serve(interaction, lambda: self._withdraw(interaction, guild_id, page))
            case ServerAction.LEAVE:
                await self._serve(interaction, lambda: self._leave(interaction, guild_id, page))

    async def _submit_limit(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._serve(interaction, lambda: self._admit_with_limit(interaction, match, data))

    async def _serve(
        self, interaction: Interaction, handler: Callable[[], Awaitable[None]]
    ) -> None:
        """Defer the response, check that the user is the operator, and run a handler."""

        async def serve() -> None:
            await self._interactions.defer_update_or_reply(interaction)
            await check_operator(interaction)
            await handler()

        await run_handler(interaction, serve())

    async def _open_form(self, interaction: Interaction, guild_id: int, page: int) -> None:
        try:
            async with asyncio.timeout(_FORM_CHECK_S):
                await check_operator(interaction)
        except TimeoutError:
            raise UserError(_("Discord is slow right now. Click again in a moment.")) from None
        await interaction.response.send_modal(limit_modal(guild_id, page))

    async def _admit_with_limit(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        amount = parse_typed(parse_amount, read_amount(data))
        await self._admit(interaction, int(match["server"]), int(match["page"]), amount)

    async def _admit(
        self, interaction: Interaction, guild_id: int, page: int, limit: MicroUSD | None = None
    ) -> None:
        operator = Actor(interaction.user.id, interaction.id)
        await admission.admit(self._context, guild_id, operator, limit)
        message = (
            _("Approved server {server}.", server=guild_id)
            if limit is None
            else _(
                "Approved server {server}, with {amount} a day.",
                server=guild_id,
                amount=format_usd(limit),
            )
        )
        await self.show(interaction, page, message)

    async def _withdraw(self, interaction: Interaction, guild_id: int, page: int) -> None:
        operator = Actor(interaction.user.id, interaction.id)
        released = await admission.withdraw(self._context, guild_id, operator)
        message = ngettext(
            "Server {server} can't make videos anymore. I cancelled {count} waiting video.",
            "Server {server} can't make videos anymore. I cancelled {count} waiting videos.",
            released,
            server=guild_id,
        )
        await self.show(interaction, page, message)

    async def _leave(self, interaction: Interaction, guild_id: int, page: int) -> None:
        await admission.withdraw(
            self._context, guild_id, Actor(interaction.user.id, interaction.id)
        )
        try:
            await self._registrar.leave(guild_id)
        except DISCORD_ERRORS as error:
            _log.warning("server not left", server=guild_id, error=error)
            raise UserError(
                _("Discord didn't let me leave server {server}. Try again.", server=guild_id)
            ) from None
        await self.show(interaction, page, _("I left server {server}.", server=guild_id))
