"""Knows what is wrong with channels and roles that were chosen: gone, or closed to the bot."""

from collections.abc import Iterable

import discord

from cogs.settings.field_types import Pick
from domain.catalogue import mark, n, t

_Place = discord.abc.GuildChannel | discord.Thread


def remaining(guild: discord.Guild, pick: Pick, ids: Iterable[int]) -> list[int]:
    """List those that are still there."""
    return [id_ for id_ in ids if _is_there(guild, pick, id_)]


def faults(guild: discord.Guild, pick: Pick, ids: tuple[int, ...]) -> list[str]:
    """Say what is wrong with what was picked, in words for a manager."""
    there = remaining(guild, pick, ids)
    said = [_gone(pick, len(ids) - len(there))] if len(there) < len(ids) else []
    return said if pick.roles else [*said, *closed(guild, there)]


def closed(guild: discord.Guild, channel_ids: Iterable[int]) -> list[str]:
    """Say in which of the channels that are there the bot can not post a video, and why."""
    said: list[str] = []
    for channel_id in channel_ids:
        channel = guild.get_channel_or_thread(channel_id)
        lacking = None if channel is None else _lacking(channel)
        if lacking is not None:
            said.append(
                t(
                    "I can not post in <#{channel}>: I lack *{permission}* there.",
                    channel=channel_id,
                    permission=t(lacking),
                )
            )
    return said


def _is_there(guild: discord.Guild, pick: Pick, id_: int) -> bool:
    found = guild.get_role(id_) if pick.roles else guild.get_channel_or_thread(id_)
    return found is not None


def _gone(pick: Pick, count: int) -> str:
    if pick.roles:
        return n(
            "A role that was chosen is deleted: choose again.",
            "{count} roles that were chosen are deleted: choose again.",
            count,
        )
    return n(
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
        mark("View Channel"): allowed.view_channel,
        mark("Send Messages in Threads"): allowed.send_messages_in_threads or not in_threads,
        mark("Send Messages"): allowed.send_messages or in_threads,
        mark("Attach Files"): allowed.attach_files,
    }
    return next((name for name, granted in needed.items() if not granted), None)
