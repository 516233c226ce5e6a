"""Knows what one member sees on the page: the servers, the commands, and one channel's messages."""

from sandbox.discord import payloads, permissions
from sandbox.discord.interactions import Interaction
from sandbox.discord.json_values import Json
from sandbox.discord.models import Channel, ChannelType, Guild, Message, Permission, User
from sandbox.discord.rooms import Rooms

_SHOWN = 100


def world_view(rooms: Rooms) -> Json:
    """Write the servers with their channels, members and commands."""
    guilds = [_guild(rooms, guild) for guild in rooms.world.guilds.values()]
    return {"connected": rooms.gateway.connected, "guilds": guilds}


def channel_view(rooms: Rooms, channel: Channel, user: User) -> Json:
    """Write a channel's last messages as a member sees them, private ones among them."""
    if not permissions.in_channel(channel, user.id) & Permission.VIEW_CHANNEL:
        return {"hidden": True, "messages": [], "forms": []}
    own = [found for found in rooms.interactions if found.user is user and found.channel is channel]
    by_message = {message.id: found for found in rooms.interactions for message in _messages(found)}
    private = [m for found in own for m in _messages(found) if m.ephemeral]
    shown = sorted([*channel.messages, *private], key=lambda message: message.id)[-_SHOWN:]
    messages = [_message(message, by_message.get(message.id)) for message in shown]
    failures = [_failure(found) for found in own if found.failed]
    forms = [{"id": str(f.id), "form": f.modal} for f in own if f.modal is not None]
    listed = sorted([*messages, *failures], key=lambda entry: int(entry["id"]))
    return {"hidden": False, "messages": listed, "forms": forms}


def _guild(rooms: Rooms, guild: Guild) -> Json:
    channels = rooms.world.channels_of(guild)
    tops = [found for found in channels if found.parent is None]
    ordered = [found for top in tops for found in (top, *_threads(channels, top))]
    return {
        "id": str(guild.id),
        "name": guild.name,
        "channels": [
            {
                "id": str(found.id),
                "name": found.name,
                "thread": found.type is ChannelType.THREAD,
                "nsfw": found.age_gated,
            }
            for found in ordered
        ],
        "members": [
            {"id": str(member.user.id), "name": member.user.name}
            for member in guild.members.values()
            if not member.user.bot
        ],
        "commands": rooms.commands.seen_in(guild.id) if rooms.world.bot.id in guild.members else [],
    }


def _threads(channels: list[Channel], parent: Channel) -> list[Channel]:
    return [found for found in channels if found.parent is parent]


def _messages(interaction: Interaction) -> list[Message]:
    """List the messages that answer an interaction, leaving out the one that it came from."""
    original = interaction.original
    own = [] if original is None or original is interaction.source else [original]
    return [*own, *interaction.followups]


def _message(message: Message, interaction: Interaction | None) -> Json:
    used = None
    if interaction is not None and "name" in interaction.data:
        used = f"{interaction.user.name} used {interaction.data['name']}"
    return {
        **payloads.message_json(message),
        "key": f"{message.id}.{message.edits}",
        "private": message.ephemeral,
        "used": used,
    }


def _failure(interaction: Interaction) -> Json:
    return {
        "id": str(interaction.id),
        "key": str(interaction.id),
        "private": True,
        "failure": interaction.text,
        "used": f"{interaction.user.name} used {interaction.data.get('name', 'a button')}",
        "timestamp": payloads.timestamp(interaction.created_at),
    }
