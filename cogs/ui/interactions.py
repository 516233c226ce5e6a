"""Sees to it that every interaction gets an answer, whatever comes in between."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

import aiohttp
import discord
import structlog

from cogs.ui import views
from cogs.ui.i18n import N_, _
from domain.errors import Outage, RulesViolated

_log = structlog.get_logger(__name__)


_FAULT: Final = N_("Something went wrong on our side. If your video was taken, it goes on.")
_DOWN: Final = N_(
    "The service can not get at its records just now, so this was not done; its operator can see "
    "why. Try again in a few minutes. Should a card for your video appear all the same, it was "
    "taken, and goes on."
)


_DRAIN_S: Final = 5
"""How long the end of the process waits for handlers that still have to answer."""


class InteractionTracker:
    """Acknowledges interactions, and keeps track of the handlers that still have to answer."""

    def __init__(self) -> None:
        self._handlers = set[asyncio.Task[Any]]()

    async def defer_reply(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge an interaction with a private answer to come."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        self._track_handler()

    async def defer_update(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge a click on a card that only its member sees, and that is going to change."""
        await interaction.response.defer()
        self._track_handler()

    async def defer_update_or_reply(self, interaction: discord.Interaction[Any]) -> None:
        """Acknowledge a click on a private card, which its answer is going to replace."""
        if interaction.message is None or not interaction.message.flags.ephemeral:
            await self.defer_reply(interaction)
        else:
            await self.defer_update(interaction)

    async def drain(self) -> None:
        """Wait a little for the handlers that still have to answer."""
        if self._handlers:
            await asyncio.wait(self._handlers, timeout=_DRAIN_S)

    def _track_handler(self) -> None:
        handler = asyncio.current_task()
        assert handler is not None, "an interaction is answered in a task"
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)


class UserError(Exception):
    """What a member wants leads nowhere; says why, in words for them."""


async def run_handler(
    interaction: discord.Interaction[Any], work: Coroutine[Any, Any, None]
) -> None:
    """Do the work of an interaction, which answers it; if it can not, say privately why."""
    try:
        await work
    except UserError as reason:
        await send_private_reply(interaction, views.render_text(str(reason)))
    except RulesViolated as error:
        await send_private_reply(interaction, views.render_refusal(error.violations))
    except Exception as error:  # noqa: BLE001 - whatever it is, the member hears of it
        await handle_unexpected_error(interaction, error)


async def send_private_reply(
    interaction: discord.Interaction[Any], view: discord.ui.LayoutView
) -> None:
    """Answer an interaction privately, whether or not it has been acknowledged."""
    if interaction.response.is_done():
        await interaction.edit_original_response(view=view)
    else:
        await interaction.response.send_message(view=view, ephemeral=True)


async def handle_unexpected_error(
    interaction: discord.Interaction[Any], error: BaseException
) -> None:
    """Tell the member of what nobody expected, then log it; both even if one of them fails.

    Writing a trace down takes a while, and whoever clicked is waiting.
    """
    cause = getattr(error, "original", error)
    try:
        if interaction.type is not discord.InteractionType.autocomplete:
            await _tell_fault(interaction, cause)
    finally:
        why = str(cause) if isinstance(cause, Outage) else None
        trace = None if isinstance(cause, Outage) else cause
        _log.error("interaction failed", about=_about(interaction), why=why, exc_info=trace)


async def _tell_fault(interaction: discord.Interaction[Any], cause: BaseException) -> None:
    said = _DOWN if isinstance(cause, Outage) else _FAULT
    try:
        await send_private_reply(interaction, views.render_text(_(said)))
    except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
        _log.warning("fault not told", error=str(failure))


def _about(interaction: discord.Interaction[Any]) -> str | None:
    """Name the command, or the button by its custom id."""
    if interaction.command is not None:
        return interaction.command.name
    data: dict[str, Any] = {**(interaction.data or {})}
    return data.get("custom_id")


def role_ids(user: discord.User | discord.Member) -> tuple[int, ...]:
    """List a member's roles, that of everyone among them; whoever has left has none."""
    return tuple(role.id for role in user.roles) if isinstance(user, discord.Member) else ()


def is_manager(interaction: discord.Interaction[Any]) -> bool:
    """Tell whether whoever is here may manage the server."""
    return interaction.permissions.manage_guild
