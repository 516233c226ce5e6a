"""What decides about a request before its files: where it comes from, limits, and room."""

from typing import Final

import discord

from cogs.generation import refusals
from cogs.publishing.access import missing_permissions
from cogs.ui.interactions import channel_id_of, guild_id_of, role_ids
from cogs.ui.routing import Interaction
from domain.guild_rules import RequestOrigin
from domain.violations import Source, Violation, ViolationCode
from workflow.billing.quotas import Member
from workflow.context import Context
from workflow.order_limits import find_refusals
from workflow.results.rerun import IdempotencyKeys

_AGE_RESTRICTABLE: Final = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
)


def request_origin(interaction: Interaction) -> RequestOrigin:
    """Return where an interaction comes from, and its member's roles."""
    channel = interaction.channel
    return RequestOrigin(
        channel_id=channel_id_of(interaction),
        parent_id=channel.parent_id if isinstance(channel, discord.Thread) else None,
        age_restricted=_is_age_restricted(channel),
        role_ids=role_ids(interaction.user),
    )


def permission_violations(interaction: Interaction) -> list[Violation]:
    """Return a violation that names what the bot lacks to post a video here later, if anything."""
    in_thread = isinstance(interaction.channel, discord.Thread)
    missing = missing_permissions(interaction.app_permissions, in_thread=in_thread)
    if not missing:
        return []
    return [Violation.of(ViolationCode.PERMISSIONS_MISSING, Source.CHANNEL, permissions=missing)]


async def limit_violations(
    context: Context, interaction: Interaction, keys: IdempotencyKeys, coming: int = 1
) -> list[Violation]:
    """Return a violation for each limit that refuses the member's next order, whatever it costs.

    The order is of `coming` jobs.
    """
    member = Member(guild_id_of(interaction), interaction.user.id, role_ids(interaction.user))
    known = keys.own, *keys.duplicates
    found = await find_refusals(context, member, known, coming=coming)
    return [violation for refusal in found for violation in refusals.order_violations(refusal)]


def room_violations(context: Context) -> list[Violation]:
    """Return a violation where files would take the last room for results.

    The other blocks of submissions refuse no request: it waits in the queue, with its files.
    """
    if not context.disk_space().is_low:
        return []
    return [Violation.of(ViolationCode.FILES_WITHOUT_ROOM, Source.QUEUE)]


def _is_age_restricted(channel: object) -> bool:
    """Return whether a channel, or a thread's channel, is age-restricted; False if unknown."""
    guild_channel = channel.parent if isinstance(channel, discord.Thread) else channel
    return isinstance(guild_channel, _AGE_RESTRICTABLE) and guild_channel.is_nsfw()
