"""Checks of selected channels and roles: deleted ones, and missing permissions of the bot."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import discord

from cogs.settings.field_types import ChannelOrRoleField
from cogs.ui.forms import as_object
from cogs.ui.i18n import N_, _, ngettext
from cogs.ui.routing import Interaction
from domain.snowflakes import parse_snowflake

_Channel = discord.abc.GuildChannel | discord.Thread


@dataclass(frozen=True, slots=True)
class ServerIds:
    """The channels and roles of an interaction's server; a forged one may name others.

    `threads` maps selected threads to their channels: the library has those in use alone.
    """

    guild: discord.Guild
    threads: Mapping[int, int]

    @classmethod
    def of(cls, guild: discord.Guild, interaction: Interaction) -> Self:
        """Return what an interaction's server has, by the library and by what Discord resolved."""
        resolved = as_object(as_object(interaction.data).get("resolved"))
        channels = as_object(resolved.get("channels")).items()
        found = {
            parse_snowflake(id_): parse_snowflake(str(as_object(channel).get("parent_id")))
            for id_, channel in channels
        }
        return cls(guild, {id_: parent for id_, parent in found.items() if id_ and parent})

    def has_channel(self, id_: int) -> bool:
        """Return whether a channel or thread is the server's."""
        parent = self.threads.get(id_, 0)
        return any(self.guild.get_channel_or_thread(one) is not None for one in (id_, parent))

    def has(self, field: ChannelOrRoleField, id_: int) -> bool:
        """Return whether a role or channel that was selected in a field is the server's."""
        if field.selects_roles:
            return self.guild.get_role(id_) is not None
        return self.has_channel(id_)


def existing_ids(guild: discord.Guild, field: ChannelOrRoleField, ids: Iterable[int]) -> list[int]:
    """List the selected channels or roles that still exist."""
    return [id_ for id_ in ids if _exists(guild, field, id_)]


def find_selection_problems(
    guild: discord.Guild, field: ChannelOrRoleField, ids: tuple[int, ...]
) -> list[str]:
    """Return the warnings about a selection, as sentences for a manager."""
    existing = existing_ids(guild, field, ids)
    problems = (
        [_format_deleted(field, len(ids) - len(existing))] if len(existing) < len(ids) else []
    )
    return problems if field.selects_roles else [*problems, *find_posting_problems(guild, existing)]


def find_posting_problems(guild: discord.Guild, channel_ids: Iterable[int]) -> list[str]:
    """Return a sentence for each existing channel in which the bot cannot post a video."""
    problems: list[str] = []
    for channel_id in channel_ids:
        channel = guild.get_channel_or_thread(channel_id)
        missing = None if channel is None else _missing_permission(channel)
        if missing is not None:
            problems.append(
                _(
                    "I can't post in <#{channel}>. I need *{permission}* there.",
                    channel=channel_id,
                    permission=_(missing),
                )
            )
    return problems


def _exists(guild: discord.Guild, field: ChannelOrRoleField, id_: int) -> bool:
    found = guild.get_role(id_) if field.selects_roles else guild.get_channel_or_thread(id_)
    return found is not None


def _format_deleted(field: ChannelOrRoleField, count: int) -> str:
    if field.selects_roles:
        return ngettext(
            "A role you picked was deleted. Pick again.",
            "{count} roles you picked were deleted. Pick again.",
            count,
        )
    return ngettext(
        "A channel you picked was deleted or is hidden from me. Pick again.",
        "{count} channels you picked were deleted or are hidden from me. Pick again.",
        count,
    )


def _missing_permission(channel: _Channel) -> str | None:
    """Return the first permission that the bot lacks to post a video, or None.

    The others are not listed: Discord denies some of them only because the first is missing.
    """
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
