"""Permissions, computed as Discord computes them."""

from sandbox.discord.models import Channel, ChannelType, Guild, Permission

_DIRECT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
)
_NEEDS_SENDING = Permission.MENTION_EVERYONE | Permission.ATTACH_FILES | Permission.EMBED_LINKS


def guild_permissions(guild: Guild, user_id: int) -> Permission:
    """Compute what a member may do in a server as a whole; nothing for a stranger."""
    member = guild.members.get(user_id)
    if member is None:
        return Permission.NONE
    if guild.owner_id == user_id:
        return Permission.ALL
    granted = guild.roles[guild.id].permissions
    for role_id in member.roles:
        granted |= guild.roles[role_id].permissions
    return Permission.ALL if granted & Permission.ADMINISTRATOR else granted


def channel_permissions(channel: Channel, user_id: int) -> Permission:
    """Compute what a user may do in a channel, a thread, or a direct channel."""
    if channel.guild is None:
        recipient = None if channel.recipient is None else channel.recipient.id
        return _DIRECT if user_id in (recipient, channel.bot_id) else Permission.NONE
    granted = guild_permissions(channel.guild, user_id)
    if granted in (Permission.ALL, Permission.NONE):
        return granted
    return _without_implied(channel, _overwritten(channel, channel.guild, user_id, granted))


def app_permissions(channel: Channel, bot_id: int) -> Permission:
    """Compute what an interaction says that its application may do in its channel.

    Where the bot is no member, that is what everyone may: it does not show that it is none.
    """
    guild = channel.guild
    if guild is None or bot_id in guild.members:
        return channel_permissions(channel, bot_id)
    everyone = guild.roles[guild.id].permissions
    overwrite = (channel.parent or channel).overwrites.get(guild.id)
    if overwrite is not None:
        everyone = (everyone & ~overwrite.deny) | overwrite.allow
    return _without_implied(channel, everyone)


def _overwritten(channel: Channel, guild: Guild, user_id: int, granted: Permission) -> Permission:
    """Lay over: everyone's overwrite, then the roles' together, then the member's own."""
    overwrites = (channel.parent or channel).overwrites
    everyone = overwrites.get(guild.id)
    if everyone is not None:
        granted = (granted & ~everyone.deny) | everyone.allow
    roles = [overwrites[role] for role in guild.members[user_id].roles if role in overwrites]
    for overwrite in roles:
        granted &= ~overwrite.deny
    for overwrite in roles:
        granted |= overwrite.allow
    own = overwrites.get(user_id)
    return granted if own is None else (granted & ~own.deny) | own.allow


def _without_implied(channel: Channel, granted: Permission) -> Permission:
    """Take away what means nothing without seeing the channel, or without sending there."""
    if not granted & Permission.VIEW_CHANNEL:
        return Permission.NONE
    if not granted & send_permission(channel):
        granted &= ~_NEEDS_SENDING
    return granted


def can_view(channel: Channel, user_id: int) -> bool:
    """Return whether a user sees a channel."""
    return bool(channel_permissions(channel, user_id) & Permission.VIEW_CHANNEL)


def can_send(channel: Channel, user_id: int) -> bool:
    """Return whether a user may write messages in a channel, which may be a locked thread."""
    if channel.type.holds_threads_only:
        return False
    may_write = bool(channel_permissions(channel, user_id) & send_permission(channel))
    return may_write and is_unlocked(channel, user_id)


def is_unlocked(channel: Channel, user_id: int) -> bool:
    """Return whether no lock keeps a user from a thread."""
    granted = channel_permissions(channel, user_id)
    return not channel.locked or bool(granted & Permission.MANAGE_THREADS)


def send_permission(channel: Channel) -> Permission:
    """Name the permission that sending here takes."""
    if channel.type is ChannelType.THREAD:
        return Permission.SEND_MESSAGES_IN_THREADS
    return Permission.SEND_MESSAGES
