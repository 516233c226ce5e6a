"""Knows what one member sees in one channel, as entries that are written once and kept."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from sandbox.discord import permissions, serializers
from sandbox.discord.app_state import Rooms
from sandbox.discord.cdn import Cdn
from sandbox.discord.interactions import Interaction, Kind
from sandbox.discord.json_values import Json
from sandbox.discord.models import Attachment, Channel, Message, Permission, Used, User

_SHOWN: Final = 2000
_DAY: Final = 86_400
_LINK_DAYS: Final = 30


class Entry(NamedTuple):
    """One thing that is shown; the key changes with whatever is shown of it."""

    key: str
    shown: Message | Interaction


@dataclass(slots=True)
class _Written:
    key: str
    at: float
    text: str


class RoomView:
    """Shows rooms to members; what it writes of a message serves every page."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._written: WeakKeyDictionary[Message, _Written] = WeakKeyDictionary()

    def head(self, channel: Channel | None, user: User | None) -> Json:
        """Write what is to be known of a room besides its entries."""
        if channel is None or user is None or not permissions.sees(channel, user.id):
            return {"hidden": True, "may": {}, "forms": []}
        own = self._rooms.interactions.of(user, channel)
        return {
            "hidden": False,
            "may": self._may(channel, user),
            "forms": [_form(found) for found in own if found.form_is_open],
        }

    def entries(self, channel: Channel, user: User) -> dict[int, Entry]:
        """List the newest entries of a room by their ids, oldest first."""
        found = {message.id: _entry(message) for message in channel.messages[-_SHOWN:]}
        private = [one for one in channel.private if one.visible_to == user.id]
        found |= {message.id: _entry(message) for message in private if not message.dismissed}
        own = self._rooms.interactions.of(user, channel)
        found |= {failed.id: Entry(f"{failed.id}", failed) for failed in _failures(own)}
        return {number: found[number] for number in sorted(found)[-_SHOWN:]}

    def text(self, entry: Entry, user: User) -> str:
        """Write an entry as JSON."""
        if isinstance(entry.shown, Interaction):
            return json.dumps(_failure(entry.shown))
        pings = json.dumps(user.id in entry.shown.pinged)
        return f'{self._message(entry.key, entry.shown)[:-1]}, "pings_me": {pings}}}'

    def _may(self, channel: Channel, user: User) -> Json:
        granted = permissions.in_channel(channel, user.id)
        writes = permissions.may_write(channel, user.id)
        guild, bot = channel.guild, self._rooms.world.bot
        return {
            "write": writes,
            "command": bool(granted & Permission.USE_APPLICATION_COMMANDS)
            and (guild is None or bot.id in guild.members),
            "attach": writes and bool(granted & Permission.ATTACH_FILES),
        }

    def _message(self, key: str, message: Message) -> str:
        """Write a message, or give what was written of it, unless its links are getting old."""
        now = self._rooms.world.now()
        known = self._written.get(message)
        if known is None or known.key != key or now - known.at > _DAY:
            body = _message(message, key, self._rooms.cdn)
            known = self._written[message] = _Written(key, now, json.dumps(body))
        return known.text


def _entry(message: Message) -> Entry:
    """Make the key of what can change: the message, and the one that it answers."""
    key = f"{message.id}.{message.edits}"
    if message.reference is not None:
        target = message.channel.message(message.reference)
        key += ".gone" if target is None else f".{target.edits}"
    return Entry(key, message)


def _failures(own: Sequence[Interaction]) -> Iterator[Interaction]:
    """Find the failures to show; one of a component stands until a component is used again."""
    latest = {found.source: found for found in own if found.kind is Kind.COMPONENT}
    for found in own:
        standing = found.kind is Kind.COMMAND or latest.get(found.source) is found
        if found.failed and standing and not found.dismissed:
            yield found


def _form(interaction: Interaction) -> Json:
    sent = interaction.submission
    error = sent.text if sent is not None and sent.failed else None
    return {"id": str(interaction.id), "form": interaction.modal, "error": error}


def _message(message: Message, key: str, cdn: Cdn) -> Json:
    def link(attachment: Attachment) -> str:
        return cdn.path(attachment, _LINK_DAYS * _DAY)

    return {
        **serializers.message_json(message, link=link),
        "key": key,
        "private": message.ephemeral,
        "used": _used(message.used),
    }


def _failure(interaction: Interaction) -> Json:
    source = interaction.source
    return {
        "id": str(interaction.id),
        "key": str(interaction.id),
        "private": True,
        "failure": interaction.text,
        "about": None if source is None else str(source.id),
        "used": _used(interaction.used),
        "pings_me": False,
        "timestamp": serializers.timestamp(interaction.created_at),
    }


def _used(used: Used | None) -> Json | None:
    return used and {"user": used.user.name, "name": used.name, "kind": used.kind}
