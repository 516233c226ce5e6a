"""Mentions: who is notified by a message, what it says, cut down to what it may."""

import re
from dataclasses import dataclass, field
from typing import Final

from sandbox.discord import permissions
from sandbox.discord.errors import FieldErrors
from sandbox.discord.json_values import Json, as_id, as_list, as_object
from sandbox.discord.models import (
    Channel,
    Message,
    MessageFlag,
    Permission,
    User,
    component_texts,
)

_USERS: Final = re.compile(r"<@!?(\d{1,20})>")
_ROLES: Final = re.compile(r"<@&(\d{1,20})>")
_EVERYONE: Final = re.compile(r"@(everyone|here)\b")
_KINDS: Final = ("users", "roles", "everyone")


@dataclass(slots=True)
class AllowedMentions:
    """What a message may mention: whole kinds, and single users and roles besides."""

    kinds: set[str] = field(default_factory=lambda: set(_KINDS))
    users: set[int] = field(default_factory=set[int])
    roles: set[int] = field(default_factory=set[int])
    replied_user: bool = True


def parse_allowed_mentions(form: FieldErrors, value: object) -> AllowedMentions:
    """Read `allowed_mentions`; without it, everything that is said counts."""
    given = as_object(value)
    if given is None:
        return AllowedMentions()
    kinds = {str(kind) for kind in as_list(given.get("parse")) or []}
    for kind in kinds - set(_KINDS):
        form.check_choice("allowed_mentions.parse", kind, _KINDS)
    users, roles = (_ids(form, given, name) for name in ("users", "roles"))
    return AllowedMentions(kinds, users, roles, bool(given.get("replied_user")))


def resolve_mentions(message: Message, allowed: AllowedMentions, answered: User | None) -> None:
    """Find out whom a new message mentions and notifies, and write it down on it."""
    said = "\n".join([message.content, *component_texts(message.components)])
    channel = message.channel
    granted = permissions.channel_permissions(channel, message.author.id)
    mentioned = [found for found in _users(said, channel) if _may_ping(found, allowed)]
    if answered is not None and allowed.replied_user and answered not in mentioned:
        mentioned.append(answered)
    message.mentions = mentioned
    message.mention_roles = _roles(said, channel, allowed, granted)
    message.mention_everyone = bool(
        _EVERYONE.search(said)
        and "everyone" in allowed.kinds
        and granted & Permission.MENTION_EVERYONE
    )
    message.notified_user_ids = _pinged(message)


def _ids(form: FieldErrors, given: Json, name: str) -> set[int]:
    listed = as_list(given.get(name)) or []
    form.check_count(f"allowed_mentions.{name}", len(listed), 0, 100)
    if listed and name in (as_list(given.get("parse")) or []):
        said = f"parse:[{name!r}] and {name}: [ids...] are mutually exclusive."
        form.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", said)
    return {number for item in listed if (number := as_id(item)) is not None}


def _users(said: str, channel: Channel) -> list[User]:
    known: dict[int, User] = {}
    if channel.guild is not None:
        known = {number: member.user for number, member in channel.guild.members.items()}
    elif channel.recipient is not None:
        known = {channel.recipient.id: channel.recipient}
    named = dict.fromkeys(int(number) for number in _USERS.findall(said))
    return [known[number] for number in named if number in known]


def _may_ping(user: User, allowed: AllowedMentions) -> bool:
    return "users" in allowed.kinds or user.id in allowed.users


def _roles(said: str, channel: Channel, allowed: AllowedMentions, granted: Permission) -> list[int]:
    if channel.guild is None:
        return []
    named = dict.fromkeys(int(number) for number in _ROLES.findall(said))
    return [
        number
        for number in named
        if (role := channel.guild.roles.get(number)) is not None
        and (role.mentionable or granted & Permission.MENTION_EVERYONE)
        and ("roles" in allowed.kinds or number in allowed.roles)
    ]


def _pinged(message: Message) -> set[int]:
    """Name those who are notified: mentioned, able to see the channel, not the author."""
    if message.ephemeral or message.flags & MessageFlag.SUPPRESS_NOTIFICATIONS:
        return set()
    channel, guild = message.channel, message.channel.guild
    named = {user.id for user in message.mentions}
    if guild is not None:
        roles = set(message.mention_roles)
        for number, member in guild.members.items():
            if message.mention_everyone or member.roles & roles:
                named.add(number)
    named.discard(message.author.id)
    sees = Permission.VIEW_CHANNEL
    return {number for number in named if permissions.channel_permissions(channel, number) & sees}
