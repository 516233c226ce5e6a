"""Serializers to Discord's JSON objects."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime

from sandbox.discord import permissions
from sandbox.discord.json_values import Json, as_object, as_objects
from sandbox.discord.models import (
    Attachment,
    Channel,
    ChannelType,
    Guild,
    Membership,
    Message,
    MessageFlag,
    Permission,
    Role,
    User,
    walk_components,
)
from sandbox.discord.snowflakes import snowflake_time

LinkBuilder = Callable[[Attachment], str]
"""Makes a link to a file."""


def signed_link(attachment: Attachment) -> str:
    """Make a link as the bot gets it: valid from now on, for Discord's usual time."""
    return attachment.url


def format_timestamp(seconds: float) -> str:
    """Write Unix seconds as Discord writes times."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def user_json(user: User) -> Json:
    """Write a user."""
    return {
        "id": str(user.id),
        "username": user.name if user.bot else user.name.lower(),
        "global_name": None if user.bot else user.name,
        "discriminator": "0",
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
    }


def team_json(members: list[tuple[User, str]]) -> Json:
    """Write the team that owns the application, with its members' roles; the first owns it."""
    owner_id = str(members[0][0].id)
    return {
        "id": owner_id,
        "name": "Team",
        "icon": None,
        "owner_user_id": owner_id,
        "members": [
            {
                "membership_state": 2,
                "team_id": owner_id,
                "user": user_json(user),
                "role": role,
                "permissions": ["*"],
            }
            for user, role in members
        ],
    }


def member_json(member: Membership) -> Json:
    """Write a member of a server."""
    return {
        "user": user_json(member.user),
        "nick": None,
        "avatar": None,
        "roles": [str(role) for role in sorted(member.roles)],
        "joined_at": format_timestamp(member.joined_at),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
        "communication_disabled_until": None,
    }


def role_json(role: Role, position: int) -> Json:
    """Write a role."""
    return {
        "id": str(role.id),
        "name": role.name,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": position,
        "permissions": str(int(role.permissions)),
        "managed": role.managed,
        "mentionable": role.mentionable,
        "flags": 0,
    }


def guild_json(guild: Guild) -> Json:
    """Write a server without its channels and members."""
    return {
        "id": str(guild.id),
        "name": guild.name,
        "icon": None,
        "splash": None,
        "discovery_splash": None,
        "owner_id": str(guild.owner_id),
        "afk_channel_id": None,
        "afk_timeout": 300,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role_json(found, index) for index, found in enumerate(guild.roles.values())],
        "emojis": [],
        "stickers": [],
        "features": guild.features,
        "mfa_level": 0,
        "application_id": None,
        "system_channel_id": None,
        "system_channel_flags": 0,
        "rules_channel_id": None,
        "vanity_url_code": None,
        "description": None,
        "banner": None,
        "premium_tier": guild.premium_tier,
        "premium_subscription_count": (0, 2, 7, 14)[guild.premium_tier],
        "preferred_locale": guild.locale,
        "public_updates_channel_id": None,
        "nsfw_level": 0,
        "premium_progress_bar_enabled": False,
        "safety_alerts_channel_id": None,
    }


def guild_create_json(guild: Guild, channels: list[Channel], bot_id: int) -> Json:
    """Write a server as the gateway brings it, with what the bot sees of it."""
    threads = [found for found in channels if found.type is ChannelType.THREAD]
    return {
        **guild_json(guild),
        "joined_at": format_timestamp(guild.members[bot_id].joined_at),
        "large": False,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [member_json(guild.members[bot_id])],
        "channels": [channel_json(found) for found in channels if found not in threads],
        "threads": [channel_json(found) for found in threads],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def channel_json(channel: Channel) -> Json:
    """Write a channel of any kind."""
    body: Json = {
        "id": str(channel.id),
        "type": int(channel.type),
        "flags": 0,
        "last_message_id": str(channel.messages[-1].id) if channel.messages else None,
    }
    if channel.recipient is not None:
        return {**body, "recipients": [user_json(channel.recipient)]}
    assert channel.guild is not None, "every other channel lies in a server"
    body |= {"guild_id": str(channel.guild.id), "name": channel.name, "rate_limit_per_user": 0}
    return body | (_thread(channel) if channel.type is ChannelType.THREAD else _text(channel))


def message_json(message: Message, *, event: bool = False, link: LinkBuilder = signed_link) -> Json:
    """Write a message; with `event`, as the gateway brings it, with its server.

    `link` makes the links to its files.
    """
    body: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "type": 19 if message.reference else (20 if message.interaction else 0),
        "author": user_json(message.author),
        "content": message.content,
        "timestamp": format_timestamp(message.created_at),
        "edited_timestamp": None
        if message.edited_at is None
        else format_timestamp(message.edited_at),
        "tts": False,
        "pinned": False,
        "mention_everyone": message.mention_everyone,
        "mentions": [user_json(found) for found in message.mentions],
        "mention_roles": [str(found) for found in message.mention_roles],
        "attachments": _listed_attachments(message, link),
        "embeds": _embeds(message, link),
        "components": _with_links(message, link),
        "flags": int(message.flags),
    }
    return body | _relations(message, link) | (_event_part(message) if event else {})


def attachment_json(attachment: Attachment, link: LinkBuilder = signed_link) -> Json:
    """Write a file with a link to it; what is not known is left out, as Discord does."""
    url = link(attachment)
    known: Json = {
        "content_type": attachment.content_type,
        "width": attachment.width,
        "height": attachment.height,
        "description": attachment.description,
        "ephemeral": attachment.ephemeral or None,
    }
    return {
        "id": str(attachment.id),
        "filename": attachment.filename,
        "size": attachment.size,
        "url": url,
        "proxy_url": url,
        "flags": 0,
        **{name: value for name, value in known.items() if value is not None},
    }


def format_permissions(granted: Permission) -> str:
    """Write permissions as the decimal number that Discord sends."""
    return str(int(granted))


def interaction_member_json(channel: Channel, member: Membership) -> Json:
    """Write a member as an interaction brings it: with the permissions in the channel."""
    granted = permissions.channel_permissions(channel, member.user.id)
    return {**member_json(member), "permissions": format_permissions(granted)}


def _thread(channel: Channel) -> Json:
    assert channel.parent is not None, "a thread belongs to a channel"
    return {
        "parent_id": str(channel.parent.id),
        "owner_id": str(channel.parent.guild.owner_id if channel.parent.guild else 0),
        "message_count": len(channel.messages),
        "total_message_sent": len(channel.messages),
        "member_count": 1,
        "thread_metadata": {
            "archived": channel.archived,
            "auto_archive_duration": 1440,
            "archive_timestamp": format_timestamp(snowflake_time(channel.id)),
            "locked": channel.locked,
            "create_timestamp": format_timestamp(snowflake_time(channel.id)),
        },
    }


_SOUND: Json = {"bitrate": 64_000, "user_limit": 0, "rtc_region": None}
_THREADS_ONLY: Json = {"available_tags": [], "default_reaction_emoji": None}
_KIND_FIELDS = {
    ChannelType.VOICE: _SOUND,
    ChannelType.STAGE: _SOUND,
    ChannelType.FORUM: _THREADS_ONLY,
    ChannelType.MEDIA: _THREADS_ONLY,
}


def _text(channel: Channel) -> Json:
    return {
        "position": 0,
        "topic": None,
        "nsfw": channel.nsfw,
        "parent_id": None,
        **_KIND_FIELDS.get(channel.type, {}),
        "permission_overwrites": [
            {
                "id": str(target),
                "type": overwrite.kind,
                "allow": format_permissions(overwrite.allow),
                "deny": format_permissions(overwrite.deny),
            }
            for target, overwrite in channel.overwrites.items()
        ],
    }


def _listed_attachments(message: Message, link: LinkBuilder) -> list[Json]:
    """List the files but those that are shown elsewhere: in components, or in an embed."""
    if message.flags & MessageFlag.COMPONENTS_V2:
        return []
    used = {str(media["url"]) for embed in message.embeds for media in _embed_media(embed)}
    return [
        attachment_json(found, link)
        for found in message.attachments
        if f"attachment://{found.filename}" not in used
    ]


def _embeds(message: Message, link: LinkBuilder) -> list[Json]:
    """Copy the embeds, with links in place of what was uploaded with the message."""
    files = {f"attachment://{found.filename}": found for found in message.attachments}
    copies = deepcopy(message.embeds)
    for embed in copies:
        for media in _embed_media(embed):
            if (file := files.get(str(media["url"]))) is not None:
                media |= {"url": link(file), "width": file.width, "height": file.height}
    return copies


def _embed_media(embed: Json) -> list[Json]:
    found = [as_object(embed.get(name)) for name in ("image", "thumbnail", "video")]
    return [media for media in found if media is not None and "url" in media]


def _with_links(message: Message, link: LinkBuilder) -> list[Json]:
    """Copy the components, with fresh links in place of what was uploaded with the message."""
    files = {str(found.id): found for found in message.attachments}
    copies = deepcopy(message.components)
    for component in walk_components(copies):
        for media in _media_of(component):
            if (file := files.get(str(media.get("attachment_id")))) is not None:
                url = link(file)
                media |= {"url": url, "proxy_url": url}
    return copies


def _media_of(component: Json) -> list[Json]:
    found = [as_object(item.get("media")) for item in as_objects(component.get("items"))]
    found += [as_object(component.get(name)) for name in ("media", "file")]
    return [media for media in found if media is not None]


def _relations(message: Message, link: LinkBuilder) -> Json:
    body: Json = {}
    if message.nonce is not None:
        body["nonce"] = message.nonce
    if message.author.bot:
        body["application_id"] = str(message.author.id)
    if message.interaction is not None:
        body |= {"interaction_metadata": message.interaction, "webhook_id": str(message.author.id)}
    if message.reference is not None:
        target = message.channel.message(message.reference)
        place = {"channel_id": str(message.channel.id), "message_id": str(message.reference)}
        body["message_reference"] = {"type": 0, **place, **_guild_id(message.channel)}
        body["referenced_message"] = None if target is None else _referenced(target, link)
    return body


def _referenced(target: Message, link: LinkBuilder) -> Json:
    """Write the message that another answers, but not the one that it answers itself."""
    body = message_json(target, link=link)
    body.pop("referenced_message", None)
    return body


def _event_part(message: Message) -> Json:
    guild = message.channel.guild
    if guild is None or (author := guild.members.get(message.author.id)) is None:
        return _guild_id(message.channel)
    body = member_json(author)
    del body["user"]
    return {**_guild_id(message.channel), "member": body}


def _guild_id(channel: Channel) -> Json:
    return {} if channel.guild is None else {"guild_id": str(channel.guild.id)}
