"""Interactions: every one is answered, even when its handler fails."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, Final

import discord
import structlog
from discord import app_commands

from cogs.ui import views
from cogs.ui.acknowledgements import NotAcknowledged
from cogs.ui.i18n import N_, _
from cogs.ui.routing import Interaction, RoutingClient, UnknownInteraction
from domain.errors import Outage, RulesViolated

_log = structlog.get_logger(__name__)


_ERROR_TEXT: Final = N_(
    "Something went wrong on our side. If your video was already accepted, it's still on its way."
)
_OUTAGE_TEXT: Final = N_(
    "We can't reach our records right now. Try again in a few minutes, unless your video "
    "shows up by then."
)


_UNKNOWN_TEXT: Final = N_("That doesn't work anymore. Run the command again.")

_DRAIN_S: Final = 5
"""Seconds that a shutdown waits for handlers that still have to answer."""


class InteractionTracker:
    """Acknowledges interactions, and tracks the handlers that still have to answer."""

    def __init__(self) -> None:
        self._handlers = set[asyncio.Task[Any]]()

    async def defer_reply(self, interaction: Interaction) -> None:
        """Acknowledge an interaction; a private reply follows."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        self._track_handler()

    async def defer_update(self, interaction: Interaction) -> None:
        """Acknowledge a click on a private message; an edit of it follows."""
        await interaction.response.defer()
        self._track_handler()

    async def defer_update_or_reply(self, interaction: Interaction) -> None:
        """Acknowledge a click: an edit of a private message follows, or else a private reply."""
        if is_on_private_message(interaction):
            await self.defer_update(interaction)
        else:
            await self.defer_reply(interaction)

    async def drain(self) -> None:
        """Wait a few seconds for the handlers that still have to answer."""
        if self._handlers:
            await asyncio.wait(self._handlers, timeout=_DRAIN_S)

    def _track_handler(self) -> None:
        handler = asyncio.current_task()
        assert handler is not None, "an interaction is answered in a task"
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)


class UserError(Exception):
    """What a member asks for cannot be done; the text says why, in words for them."""


class Refusal(Exception):
    """A request is refused; the view is the private answer, with what the member can do."""

    def __init__(self, view: discord.ui.LayoutView) -> None:
        self.view = view
        super().__init__("a request is refused")


async def run_handler(interaction: Interaction, work: Coroutine[Any, Any, None]) -> None:
    """Run the handler of an interaction, which answers it; reply privately to any error."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - any error is reported to the member
        await handle_error(interaction, error)


async def handle_error(interaction: Interaction, error: BaseException) -> None:
    """Reply privately to an error of a handler; log it if it is unexpected, even without a reply.

    The log comes second: formatting a traceback takes a while, and the member is waiting.
    """
    cause = getattr(error, "original", error)
    match cause:
        case NotAcknowledged():
            return
        case UnknownInteraction() | app_commands.AppCommandError():
            await _report_error(interaction, views.render_text(_(_UNKNOWN_TEXT)))
            _log.info("unknown interaction", source=_source_name(interaction))
        case UserError():
            await _report_error(interaction, views.render_text(str(cause)))
        case Refusal():
            await _report_error(interaction, cause.view)
        case RulesViolated():
            await _report_error(interaction, views.render_refusal(cause.violations))
        case Outage():
            await _report_error(interaction, views.render_text(_(_OUTAGE_TEXT)))
            source = _source_name(interaction)
            _log.error("interaction failed", source=source, reason=cause)
        case _:
            await _report_error(interaction, views.render_text(_(_ERROR_TEXT)))
            _log.error("interaction failed", source=_source_name(interaction), exc_info=cause)


async def send_private_reply(interaction: Interaction, view: discord.ui.LayoutView) -> None:
    """Reply to an interaction privately, whether or not it has been acknowledged."""
    if interaction.response.is_done():
        await interaction.edit_original_response(view=view)
    else:
        await interaction.response.send_message(view=view, ephemeral=True)


def is_on_private_message(interaction: Interaction) -> bool:
    """Return whether an interaction is a click on a message that only its member sees."""
    return interaction.message is not None and interaction.message.flags.ephemeral


async def send_aside(interaction: Interaction, view: discord.ui.LayoutView) -> None:
    """Reply privately to a deferred click, and leave the private message it was made on as is."""
    if is_on_private_message(interaction):
        await interaction.followup.send(view=view, ephemeral=True)
    else:
        await interaction.edit_original_response(view=view)


async def _report_error(interaction: Interaction, view: discord.ui.LayoutView) -> None:
    try:
        if interaction.type is not discord.InteractionType.autocomplete:
            await send_private_reply(interaction, view)
        elif not interaction.response.is_done():
            await interaction.response.autocomplete([])
    except NotAcknowledged:
        return
    except Exception as failure:  # noqa: BLE001 - the error itself is still to be logged
        _log.warning("error reply not sent", error=failure)


def _source_name(interaction: Interaction) -> str | None:
    """Return the name of the command, or the first word of the component's or form's custom id.

    It is None for what somebody made up, which could be any text.
    """
    data: Mapping[str, Any] = {**(interaction.data or {})}
    custom_id, client = str(data.get("custom_id")), interaction.client
    if isinstance(client, RoutingClient):
        router = client.component_router
        patterns = (*router.component_ids, *router.form_ids)
        if any(pattern.fullmatch(custom_id) for pattern in patterns):
            return custom_id.partition(":")[0]
    tree: app_commands.CommandTree[Any] | None = getattr(client, "tree", None)
    name = str(data.get("name"))
    is_known = tree is not None and any(name == command.name for command in tree.get_commands())
    return name if is_known else None


def guild_id_of(interaction: Interaction) -> int:
    """Return the id of an interaction's server.

    Raises:
        UserError: it comes from direct messages.
    """
    if interaction.guild_id is None:
        raise UserError(_("This only works in servers."))
    return interaction.guild_id


def channel_id_of(interaction: Interaction) -> int:
    """Return the id of an interaction's channel.

    Raises:
        UserError: the library has no such kind of channel.
    """
    if interaction.channel_id is None:
        raise UserError(_("I can't post in this kind of channel. Try another one."))
    return interaction.channel_id


def role_ids(user: discord.User | discord.Member) -> tuple[int, ...]:
    """Return a member's role ids, @everyone among them; none for a user who has left."""
    return tuple(role.id for role in user.roles) if isinstance(user, discord.Member) else ()


def check_may_delete(interaction: Interaction, owner_id: int, channel_id: int) -> None:
    """Check that a member may delete what its owner had made, and what is posted in a channel.

    Raises:
        UserError: it is another member's, and they do not manage messages there.
    """
    manages = interaction.channel_id == channel_id and interaction.permissions.manage_messages
    if not (manages or owner_id == interaction.user.id):
        raise UserError(
            _("Only the person who made this, or someone with *Manage Messages*, can delete it.")
        )


def is_manager(interaction: Interaction) -> bool:
    """Return whether the user may manage the server."""
    return interaction.permissions.manage_guild
