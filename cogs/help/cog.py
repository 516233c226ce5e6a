"""The commands that tell what the service does, and what it knows of its members."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, cast

import aiohttp
import discord
import structlog
from discord import app_commands
from discord.ext import commands

from cogs.help import privacy, views
from cogs.help.views import AnyCommand
from cogs.ui.i18n import N_
from cogs.ui.interactions import InteractionTracker, is_manager, role_ids, run_handler
from cogs.ui.notify_button import NotifyButton
from workflow.billing import quotas
from workflow.billing.quotas import Member
from workflow.context import Context
from workflow.guilds import settings
from workflow.guilds.notifications import wants_done_notification

_log = structlog.get_logger(__name__)

_ANSWER_S: Final = 5

_Interaction = discord.Interaction[Any]


class HelpCog(commands.Cog):
    """Answers whoever asks for help, privately."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._context = context
        self._interactions = interactions
        self._ids: Mapping[str, int] = {}

    @app_commands.command(name="help", description=N_("See what I can do, prices and your limits"))
    async def help(self, interaction: _Interaction) -> None:
        """Tell what there is, and what of it this member may use."""
        await run_handler(interaction, self._help(interaction))

    @app_commands.command(name="privacy", description=N_("See what is kept of you, where and why"))
    async def privacy(self, interaction: _Interaction) -> None:
        """Tell what is kept."""
        await run_handler(interaction, self._privacy(interaction))

    async def _help(self, interaction: _Interaction) -> None:
        await self._interactions.defer_reply(interaction)
        assert interaction.guild_id is not None, "commands are for servers only"
        who = Member(interaction.guild_id, interaction.user.id, role_ids(interaction.user))
        standing = await quotas.read_quota_status(self._context, who)
        listed, ids = _usable(interaction), await self._known_ids(interaction)
        told = await wants_done_notification(self._context, who.guild_id, who.user_id)
        bell = NotifyButton(who.guild_id, enabled=not told)
        card = views.render_help(listed, ids, standing, self._context.policy, bell)
        await interaction.edit_original_response(view=card)

    async def _privacy(self, interaction: _Interaction) -> None:
        await self._interactions.defer_reply(interaction)
        assert interaction.guild_id is not None, "commands are for servers only"
        chosen = await settings.read(self._context, interaction.guild_id)
        card = views.render_privacy(privacy.privacy_sections(_operator(interaction), chosen))
        await interaction.edit_original_response(view=card)

    async def _known_ids(self, interaction: _Interaction) -> Mapping[str, int]:
        """Ask Discord once under which ids the commands are registered; it may not answer."""
        if not self._ids:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    found = await _tree(interaction).fetch_commands()
            except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
                _log.warning("ids of the commands not known", error=str(error))
            else:
                typed = discord.AppCommandType.chat_input
                self._ids = {one.name: one.id for one in found if one.type is typed}
        return self._ids


def _usable(interaction: _Interaction) -> list[AnyCommand]:
    """List the commands that are for this member; those of the operator are for no member."""
    manages = is_manager(interaction)
    listed = [one for one in _tree(interaction).get_commands() if not views.is_for_operator(one)]
    return [one for one in listed if manages or not views.is_for_managers(one)]


def _tree(interaction: _Interaction) -> app_commands.CommandTree[Any]:
    return cast("commands.Bot", interaction.client).tree


def _operator(interaction: _Interaction) -> int | None:
    """Tell whom the bot belongs to: its owner, or the owner of the team that has it."""
    about = cast("commands.Bot", interaction.client).application
    if about is None:
        return None
    return about.team.owner_id if about.team else about.owner.id
