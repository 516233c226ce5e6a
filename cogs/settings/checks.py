"""Knows what is wrong with channels and roles that were chosen: gone, or closed to the bot."""

from collections.abc import Iterable

import discord

from cogs.settings.field_types import ChannelOrRoleField
from cogs.ui.i18n import N_, _, ngettext

_Place = discord.abc.GuildChannel | discord.Thread


def existing_ids(guild: discord.Guild, pick: ChannelOrRoleField, ids: Iterable[int]) -> list[int]:
    """List those that are still there."""
    return [id_ for id_ in ids if _is_there(guild, pick, id_)]


def find_selection_problems(
    guild: discord.Guild, pick: ChannelOrRoleField, ids: tuple[int, ...]
) -> list[str]:
    """Say what is wrong with what was picked, in words for a manager."""
    there = existing_ids(guild, pick, ids)
    said = [_gone(pick, len(ids) - len(there))] if len(there) < len(ids) else []
    return said if pick.selects_roles else [*said, *find_posting_problems(guild, there)]


def find_posting_problems(guild: discord.Guild, channel_ids: Iterable[int]) -> list[str]:
    """Say in which of the channels that are there the bot can not post a video, and why."""
    said: list[str] = []
    for channel_id in channel_ids:
        channel = guild.get_channel_or_thread(channel_id)
        lacking = None if channel is None else _lacking(channel)
        if lacking is not None:
            said.append(
                _(
                    "I can not post in <#{channel}>: I lack *{permission}* there.",
                    channel=channel_id,
                    permission=_(lacking),
                )
            )
    return said


def _is_there(guild: discord.Guild, pick: ChannelOrRoleField, id_: int) -> bool:
    found = guild.get_role(id_) if pick.selects_roles else guild.get_channel_or_thread(id_)
    return found is not None


def _gone(pick: ChannelOrRoleField, count: int) -> str:
    if pick.selects_roles:
        return ngettext(
            "A role that was chosen is deleted: choose again.",
            "{count} roles that were chosen are deleted: choose again.",
            count,
        )
    return ngettext(
        "A channel that was chosen is deleted, or hidden from me: choose again.",
        "{count} channels that were chosen are deleted, or hidden from me: choose again.",
        count,
    )


def _lacking(channel: _Place) -> str | None:
    """Name the first permission that the bot lacks to post a video: without it, others go too."""
    try:
        allowed = channel.permissions_for(channel.guild.me)
    except (AttributeError, discord.ClientException):
        return None  # the cache knows neither the bot's roles nor a thread's channel
    in_threads = isinstance(channel, discord.Thread | discord.ForumChannel)
    needed = {
        N_("View Channel"): allowed.view_channel,
        N_("Send Messages in Threads"): allowed.send_messages_in_threads or not in_threads,
        N_("Send Messages"): allowed.send_messages or in_threads,
        N_("Attach Files"): allowed.attach_files,
    }
    return next((name for name, granted in needed.items() if not granted), None)
