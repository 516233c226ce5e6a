"""Operators of the service, from Discord's application info, and direct messages to them."""

from datetime import timedelta
from typing import Final, cast

import aiohttp
import discord
import structlog
from discord import ui
from discord.ext import commands

from cogs.ui import views
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import UserError
from cogs.ui.routing import Interaction

_log = structlog.get_logger(__name__)

_LOOK_BACK: Final = timedelta(minutes=1)
"""More than Discord's clock and ours differ."""

_LOST_ANSWERS: Final = (discord.DiscordServerError, aiohttp.ClientError, OSError, TimeoutError)
_NO_MENTIONS: Final = discord.AllowedMentions.none()
_OPERATOR_ROLES: Final = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)
DISCORD_ERRORS: Final = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""Whatever a request to Discord may raise."""

_NOT_OPERATOR: Final = N_("Only the operator of this service can do that.")


class Operators:
    """The owner of the application, or the admins and developers of the team that owns it."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    async def user_ids(self) -> frozenset[int]:
        """Return the operators' user ids.

        Raises:
            discord.DiscordException, aiohttp.ClientError, OSError: Discord did not answer.
        """
        return _operator_ids(await self._client.application_info())

    async def notify(self, message: str | ui.LayoutView) -> bool:
        """Send a direct message to each operator; return False if it reached none, never raise."""
        if not self._client.is_ready():
            return False  # before the login there is no session to ask with
        try:
            user_ids = await self.user_ids()
        except DISCORD_ERRORS as error:
            _log.error("operator lookup failed", error=str(error))
            return False
        return any([await self._send(user_id, message) for user_id in sorted(user_ids)])

    async def _send(self, user_id: int, message: str | ui.LayoutView) -> bool:
        view = views.render_text(message) if isinstance(message, str) else message
        try:
            channel = await self._client.create_dm(discord.Object(user_id))
            await channel.send(view=view, allowed_mentions=_NO_MENTIONS)
        except DISCORD_ERRORS as error:
            if isinstance(error, _LOST_ANSWERS) and await self._is_sent(user_id, view):
                return True
            _log.error("operator alert not delivered", operator=user_id, error=str(error))
            return False
        return True

    async def _is_sent(self, user_id: int, view: ui.LayoutView) -> bool:
        """Return whether a message whose answer was lost is there; it would be sent once more."""
        me, since = self._client.user, discord.utils.utcnow() - _LOOK_BACK
        try:
            channel = await self._client.create_dm(discord.Object(user_id))
            return any(
                [
                    me is not None
                    and message.author.id == me.id
                    and _texts(ui.LayoutView.from_message(message)) == _texts(view)
                    async for message in channel.history(after=since)
                ]
            )
        except DISCORD_ERRORS:
            return False


def _texts(view: ui.LayoutView) -> list[str]:
    return [item.content for item in view.walk_children() if isinstance(item, ui.TextDisplay)]


async def check_operator(interaction: Interaction) -> None:
    """Check with Discord that a user operates the service.

    Raises:
        UserError: they do not.
    """
    bot = cast("commands.Bot", interaction.client)
    if not await bot.is_owner(cast("discord.User", interaction.user)):
        raise UserError(_(_NOT_OPERATOR))


def _operator_ids(application: discord.AppInfo) -> frozenset[int]:
    team = application.team
    if team is None:
        return frozenset({application.owner.id})
    accepted = discord.TeamMembershipState.accepted
    operators = (
        m for m in team.members if m.membership_state is accepted and m.role in _OPERATOR_ROLES
    )
    return frozenset(
        {member.id for member in operators} | ({team.owner_id} if team.owner_id else set())
    )
