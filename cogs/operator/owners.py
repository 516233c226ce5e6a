"""Operators of the service, from Discord's application info, and direct messages to them."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, cast

import aiohttp
import discord
import structlog
from cachetools import TTLCache
from discord import ui
from discord.ext import commands

from cogs.publishing.errors import call_discord
from cogs.ui import views
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import UserError
from cogs.ui.routing import Interaction
from workflow.errors import PublishError, TemporaryPublishError

_log = structlog.get_logger(__name__)

_LOOK_BACK: Final = timedelta(minutes=1)
"""More than Discord's clock and ours differ."""

_KEPT_S: Final = 86_400
_MAX_KEPT: Final = 100
_NO_MENTIONS: Final = discord.AllowedMentions.none()
_OPERATOR_ROLES: Final = (discord.TeamMemberRole.admin, discord.TeamMemberRole.developer)
DISCORD_ERRORS: Final = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)
"""Whatever a request to Discord may raise."""

_NOT_OPERATOR: Final = N_("Only the operator of this bot can do that.")


_Message = tuple[int, tuple[str, ...]]
"""A message: its addressee's user id, and its texts."""


class Operators:
    """The owner of the application, or the admins and developers of the team that owns it."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._unanswered = TTLCache[_Message, datetime](_MAX_KEPT, _KEPT_S)
        """Messages that may have been sent, and since when."""

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
            _log.error("operator lookup failed", error=error)
            return False
        return any([await self._send(user_id, message) for user_id in sorted(user_ids)])

    async def _send(self, user_id: int, message: str | ui.LayoutView) -> bool:
        view = views.render_text(message) if isinstance(message, str) else message
        key = user_id, tuple(_texts(view))
        try:
            channel = await call_discord(self._client.create_dm(discord.Object(user_id)))
            if key not in self._unanswered or not await self._is_there(channel, key):
                await self._post(channel, view, key)
        except PublishError as error:
            _log.error("operator alert not delivered", operator=user_id, error=error)
            return False
        self._unanswered.pop(key, None)
        return True

    async def _post(self, channel: discord.DMChannel, view: ui.LayoutView, key: _Message) -> None:
        """Send a message, and look for it if its answer is lost; the next attempt looks first.

        Raises:
            PublishError: it was not sent, or (TemporaryPublishError) perhaps.
        """
        since = discord.utils.utcnow() - _LOOK_BACK
        try:
            await call_discord(
                channel.send(view=view, nonce=_nonce(key), allowed_mentions=_NO_MENTIONS)
            )
        except TemporaryPublishError:
            self._unanswered.setdefault(key, since)
            if not await self._is_there(channel, key):
                raise

    async def _is_there(self, channel: discord.DMChannel, key: _Message) -> bool:
        """Return whether a message whose answer was lost is there; it would be sent once more.

        Raises:
            PublishError: the history cannot be read.
        """
        messages = channel.history(after=self._unanswered[key], limit=None)
        return await call_discord(_contains(messages, channel.me, key[1]))


def _nonce(key: _Message) -> str:
    """Return a nonce by which the same message of another process is no second one."""
    return f"o{sha256(repr(key).encode()).hexdigest()[:20]}"


async def _contains(
    messages: AsyncIterator[discord.Message], author: discord.ClientUser, texts: tuple[str, ...]
) -> bool:
    async for message in messages:
        found = ui.LayoutView.from_message(message)
        if message.author.id == author.id and tuple(_texts(found)) == texts:
            return True
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
