"""Commands about the service itself: /help and /privacy."""

from typing import Any, cast

from discord import app_commands
from discord.ext import commands

from cogs.help import privacy, views
from cogs.help.views import AnyCommand
from cogs.ui.i18n import N_
from cogs.ui.interactions import InteractionTracker, guild_id_of, is_manager, role_ids, run_handler
from cogs.ui.notify_button import NotifyButton
from cogs.ui.routing import Interaction
from workflow.billing import quotas
from workflow.billing.quotas import Member
from workflow.context import Context
from workflow.guilds import settings
from workflow.guilds.notifications import wants_done_notification


class HelpCog(commands.Cog):
    """Private answers about what the service does and what it stores."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._context = context
        self._interactions = interactions

    @app_commands.command(name="help", description=N_("See what I can do, prices and your limits"))
    async def help(self, interaction: Interaction) -> None:
        """Show the commands, prices and limits that apply to a member."""
        await run_handler(interaction, self._help(interaction))

    # Who has left the server still has the direct messages with the bot.
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.command(name="privacy", description=N_("See what we store about you"))
    async def privacy(self, interaction: Interaction) -> None:
        """Show what is stored, for how long and where."""
        await run_handler(interaction, self._privacy(interaction))

    async def _help(self, interaction: Interaction) -> None:
        await self._interactions.defer_reply(interaction)
        member = Member(guild_id_of(interaction), interaction.user.id, role_ids(interaction.user))
        quota_status = await quotas.read_quota_status(self._context, member)
        usable = _usable_commands(interaction)
        wanted = await wants_done_notification(self._context, member.guild_id, member.user_id)
        notify_button = NotifyButton(member.guild_id, enabled=not wanted)
        view = views.render_help(usable, quota_status, self._context.policy, notify_button)
        await interaction.edit_original_response(view=view)

    async def _privacy(self, interaction: Interaction) -> None:
        await self._interactions.defer_reply(interaction)
        guild_id = interaction.guild_id
        guild_settings = None if guild_id is None else await settings.read(self._context, guild_id)
        sections = privacy.privacy_sections(
            views.operator_id(interaction), guild_settings, self._context.policy.leaver_data_days
        )
        view = views.render_privacy(sections)
        await interaction.edit_original_response(view=view)


def _usable_commands(interaction: Interaction) -> list[AnyCommand]:
    """Return the commands for this member; those of the operator are for no member."""
    may_manage = is_manager(interaction)
    usable = [
        command
        for command in _tree(interaction).get_commands()
        if not views.is_for_operator(command)
    ]
    return [command for command in usable if may_manage or not views.is_for_managers(command)]


def _tree(interaction: Interaction) -> app_commands.CommandTree[Any]:
    return cast("commands.Bot", interaction.client).tree
