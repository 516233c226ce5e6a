"""Notices about limits and bonuses: to managers, the operator, and the members concerned.

A server's managers read of its limits in the channel that they chose, else one of them reads it
below the answer to their next command. The operator gets a direct message.
"""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from typing import Any, Final

import discord
import structlog
from discord.ext import commands

from cogs.operator.owners import DISCORD_ERRORS, Operators
from cogs.publishing.errors import call_discord
from cogs.publishing.languages import MessageLanguages
from cogs.quotas.limit_text import format_bonus_note, format_crossing
from cogs.ui import views
from cogs.ui.i18n import speaking
from cogs.ui.interactions import is_manager
from cogs.ui.routing import Interaction
from domain.errors import Outage
from workflow.billing import limit_warnings, private_notices
from workflow.billing.limit_warnings import EVERYTHING_ID, LimitWarning
from workflow.context import Context
from workflow.errors import PublishError, TemporaryPublishError
from workflow.guilds import settings

_log = structlog.get_logger(__name__)

_NO_MENTIONS: Final = discord.AllowedMentions.none()


class LimitNotices:
    """Announces shared limits that orders have brought near their end."""

    def __init__(
        self,
        client: discord.Client,
        context: Context,
        operators: Operators,
        languages: MessageLanguages,
    ) -> None:
        self._client = client
        self._context = context
        self._operators = operators
        self._languages = languages

    async def tell_all(self) -> None:
        """Notify the operator, and each server that has a channel for it."""
        if not self._client.is_ready():
            return
        for warning in await private_notices.read_warnings(self._context):
            tell = await self._teller(warning)
            if tell is not None:
                await limit_warnings.tell_once(self._context, warning, tell)

    async def _teller(
        self, warning: LimitWarning
    ) -> Callable[[LimitWarning], Awaitable[bool]] | None:
        if warning.guild_id == EVERYTHING_ID:
            return self._tell_operator
        channel_id = (await settings.read(self._context, warning.guild_id)).warning_channel
        return None if channel_id is None else lambda found: self._post(found, channel_id)

    async def _tell_operator(self, warning: LimitWarning) -> bool:
        return await self._operators.notify(
            format_crossing(warning.crossing, self._context.now_ms())
        )

    async def _post(self, warning: LimitWarning, channel_id: int) -> bool:
        """Post a warning; return False if Discord did not answer. A refusal is final."""
        guild_id = warning.guild_id
        try:
            with speaking(await self._languages.of_server(guild_id)):
                text = format_crossing(warning.crossing, self._context.now_ms())
            channel = await self._languages.places.find_messageable(guild_id, channel_id)
            send = channel.send(
                view=views.render_text(text), nonce=_nonce(warning), allowed_mentions=_NO_MENTIONS
            )
            await call_discord(send)
        except TemporaryPublishError as error:
            _log.warning("limit warning not posted", server=guild_id, error=error)
            return False
        except PublishError as error:
            _log.warning("limit warning refused", server=guild_id, error=error)
        return True


class PrivateNoticesCog(commands.Cog):
    """Notices below a command's answer, to the one who used it."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @commands.Cog.listener("on_app_command_completion")
    async def tell(self, interaction: Interaction, _command: Any) -> None:
        """Notify a member of bonuses, and a manager of the server's limits, once."""
        guild_id, user_id = interaction.guild_id, interaction.user.id
        if guild_id is None or not interaction.response.is_done():
            return
        try:
            found = await private_notices.read_notices(
                self._context, guild_id, user_id, manages=is_manager(interaction)
            )
            if found.notes:
                await _send(interaction, "\n".join(map(format_bonus_note, found.notes)))
                await private_notices.remove_bonus_notes(
                    self._context, guild_id, user_id, found.notes
                )
            for warning in found.warnings:
                await limit_warnings.tell_once(
                    self._context, warning, lambda told: self._tell(interaction, told)
                )
        except (Outage, *DISCORD_ERRORS) as error:  # below the next answer, then
            _log.warning("private notice not sent", server=guild_id, error=error)

    async def _tell(self, interaction: Interaction, warning: LimitWarning) -> bool:
        await _send(interaction, format_crossing(warning.crossing, self._context.now_ms()))
        return True


def periodic_tasks(notices: LimitNotices) -> Mapping[str, Callable[[], Awaitable[None]]]:
    """Return the periodic task by its name."""
    return {"limit warnings": notices.tell_all}


async def _send(interaction: Interaction, text: str) -> None:
    await interaction.followup.send(view=views.render_text(text), ephemeral=True)


def _nonce(warning: LimitWarning) -> str:
    """Return a nonce by which a repeated post is no second one."""
    return sha256(f"{warning.guild_id} {warning.key}".encode()).hexdigest()[:24]
