"""What the page shows of everything outside its channel: servers, members, commands."""

from typing import Final

from sandbox.demo.page_content import Example, PageContent, Welcome
from sandbox.demo.page_files import file_url
from sandbox.discord import permissions, serializers
from sandbox.discord.app_state import AppState
from sandbox.discord.commands import CommandRegistry
from sandbox.discord.json_values import Json
from sandbox.discord.models import Channel, ChannelType, Guild, Membership, Permission

_LOOKED_AT: Final = 50
"""Messages of a channel, the newest ones."""


def world_json(rooms: AppState, stage: PageContent) -> Json:
    """Write all servers with their channels, members, roles and commands, and the welcome."""
    world = rooms.world
    return {
        "type": "world",
        "connected": rooms.gateway.has_client,
        "bot": serializers.user_json(world.bot_user),
        "welcome": None if stage.welcome is None else _welcome(stage.welcome),
        "backstage": stage.backstage is not None,
        "guilds": [_guild(rooms, guild) for guild in world.guilds.values()],
        "locales": {str(user.id): user.locale for user in world.users.values() if not user.bot},
        "directs": [
            {
                "channel": str(found.id),
                "member": str(found.recipient.id),
                "pings": _pings(found, found.recipient.id),
            }
            for found in world.channels.values()
            if found.recipient is not None
        ],
        "direct_commands": rooms.commands.available_in(None),
    }


def _welcome(welcome: Welcome) -> Json:
    examples = [_example(welcome, example) for example in welcome.examples]
    return {"line": welcome.headline, "examples": examples}


def _example(welcome: Welcome, example: Example) -> Json:
    return {
        "title": example.title,
        "text": example.text,
        "picture": None if example.picture is None else file_url(welcome, example.picture),
        "command": example.command,
        "options": dict(example.options),
        "files": {
            option: {"url": file_url(welcome, path), "name": path.name}
            for option, path in example.files.items()
        },
    }


def _guild(rooms: AppState, guild: Guild) -> Json:
    channels = _ordered(rooms.world.channels_of(guild))
    people = [found for found in guild.members.values() if not found.user.bot]
    return {
        "id": str(guild.id),
        "name": guild.name,
        "tier": guild.premium_tier,
        "upload_bytes": guild.upload_bytes,
        "channels": [_channel(found) for found in channels],
        "members": [_member(guild, found, channels) for found in people],
        "roles": [{"id": str(role.id), "name": role.name} for role in guild.roles.values()],
        "commands": _commands(rooms.commands, guild, rooms.world.bot_user.id),
    }


def _commands(book: CommandRegistry, guild: Guild, bot_id: int) -> list[Json]:
    return book.available_in(guild.id) if bot_id in guild.members else []


def _ordered(channels: list[Channel]) -> list[Channel]:
    """Put each thread below its channel."""
    tops = [found for found in channels if found.parent is None]
    return [
        found for top in tops for found in (top, *(one for one in channels if one.parent is top))
    ]


def _channel(channel: Channel) -> Json:
    return {
        "id": str(channel.id),
        "name": channel.name,
        "thread": channel.type is ChannelType.THREAD,
        "parent": None if channel.parent is None else str(channel.parent.id),
        "nsfw": channel.is_age_restricted,
        "pings": _pings(channel),
    }


def _pings(channel: Channel, recipient_id: int | None = None) -> Json:
    """Return the newest message that notifies each member; in direct messages each one does."""
    newest = dict[str, str]()
    for message in channel.messages[-_LOOKED_AT:]:
        heard = {recipient_id} if recipient_id and message.author.bot else message.notified_user_ids
        newest |= {str(user_id): str(message.id) for user_id in heard}
    return newest


def _member(guild: Guild, member: Membership, channels: list[Channel]) -> Json:
    user = member.user
    granted = permissions.guild_permissions(guild, user.id)
    sees_any = any(permissions.channel_permissions(found, user.id) for found in channels)
    return {
        "id": str(user.id),
        "name": user.name,
        "roles": [guild.roles[role].name for role in sorted(member.roles)],
        "owner": guild.owner_id == user.id,
        "permissions": serializers.format_permissions(granted),
        "note": _note(guild, member, granted) if sees_any else "No permissions",
    }


def _note(guild: Guild, member: Membership, granted: Permission) -> str:
    if guild.owner_id == member.user.id:
        return "Owner"
    return "Manager" if granted & Permission.MANAGE_GUILD else ""
