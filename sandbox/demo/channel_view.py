"""What one member sees in one channel, as entries that are written once and kept."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from sandbox.discord import permissions, serializers
from sandbox.discord.app_state import AppState
from sandbox.discord.cdn import Cdn
from sandbox.discord.interactions import Interaction, InteractionType
from sandbox.discord.json_values import Json
from sandbox.discord.models import Attachment, Channel, InvokedCommand, Message, Permission, User

_SHOWN: Final = 2000
_DAY: Final = 86_400
_LINK_DAYS: Final = 30


class ChannelEntry(NamedTuple):
    """One thing that is shown; the key changes with whatever is shown of it."""

    key: str
    shown: Message | Interaction


@dataclass(slots=True)
class _Written:
    key: str
    at: float
    text: str


class ChannelView:
    """Shows rooms to members; what it writes of a message serves every page."""

    def __init__(self, rooms: AppState) -> None:
        self._state = rooms
        self._written: WeakKeyDictionary[Message, _Written] = WeakKeyDictionary()

    def header(self, channel: Channel | None, user: User | None) -> Json:
        """Write what is to be known of a room besides its entries."""
        if channel is None or user is None or not permissions.can_view(channel, user.id):
            return {"hidden": True, "may": {}, "forms": []}
        own = self._state.interactions.for_user(user, channel)
        return {
            "hidden": False,
            "may": self._may(channel, user),
            "forms": [_form(found) for found in own if found.modal_is_open],
        }

    def entries(self, channel: Channel, user: User) -> dict[int, ChannelEntry]:
        """List the newest entries of a room by their ids, oldest first."""
        found = {message.id: _entry(message) for message in channel.messages[-_SHOWN:]}
        private = [one for one in channel.ephemeral_messages if one.visible_to == user.id]
        found |= {message.id: _entry(message) for message in private if not message.dismissed}
        own = self._state.interactions.for_user(user, channel)
        found |= {failed.id: ChannelEntry(f"{failed.id}", failed) for failed in _failures(own)}
        return {number: found[number] for number in sorted(found)[-_SHOWN:]}

    def entry_json(self, entry: ChannelEntry, user: User) -> str:
        """Write an entry as JSON."""
        if isinstance(entry.shown, Interaction):
            return json.dumps(_failure(entry.shown))
        pings = json.dumps(user.id in entry.shown.notified_user_ids)
        return f'{self._message(entry.key, entry.shown)[:-1]}, "pings_me": {pings}}}'

    def _may(self, channel: Channel, user: User) -> Json:
        granted = permissions.channel_permissions(channel, user.id)
        writes = permissions.can_send(channel, user.id)
        guild, bot = channel.guild, self._state.world.bot_user
        return {
            "write": writes,
            "command": bool(granted & Permission.USE_APPLICATION_COMMANDS)
            and (guild is None or bot.id in guild.members),
            "attach": writes and bool(granted & Permission.ATTACH_FILES),
        }

    def _message(self, key: str, message: Message) -> str:
        """Write a message, or give what was written of it, unless its links are getting old."""
        now = self._state.world.now()
        known = self._written.get(message)
        if known is None or known.key != key or now - known.at > _DAY:
            body = _message(message, key, self._state.cdn)
            known = self._written[message] = _Written(key, now, json.dumps(body))
        return known.text


def _entry(message: Message) -> ChannelEntry:
    """Make the key of what can change: the message, and the one that it answers."""
    key = f"{message.id}.{message.edit_count}"
    if message.reference is not None:
        target = message.channel.message(message.reference)
        key += ".gone" if target is None else f".{target.edit_count}"
    return ChannelEntry(key, message)


def _failures(own: Sequence[Interaction]) -> Iterator[Interaction]:
    """Find the failures to show; one of a component is shown until a component is used again."""
    latest = {
        found.source_message: found for found in own if found.kind is InteractionType.COMPONENT
    }
    for found in own:
        current = found.kind is InteractionType.COMMAND or latest.get(found.source_message) is found
        if found.failed and current and not found.dismissed:
            yield found


def _form(interaction: Interaction) -> Json:
    sent = interaction.modal_submission
    error = sent.text if sent is not None and sent.failed else None
    return {"id": str(interaction.id), "form": interaction.modal, "error": error}


def _message(message: Message, key: str, cdn: Cdn) -> Json:
    def link(attachment: Attachment) -> str:
        return cdn.signed_path(attachment, _LINK_DAYS * _DAY)

    return {
        **serializers.message_json(message, link=link),
        "key": key,
        "private": message.ephemeral,
        "used": _used(message.invoked_command),
    }


def _failure(interaction: Interaction) -> Json:
    source = interaction.source_message
    return {
        "id": str(interaction.id),
        "key": str(interaction.id),
        "private": True,
        "failure": interaction.text,
        "about": None if source is None else str(source.id),
        "used": _used(interaction.invoked_command),
        "pings_me": False,
        "timestamp": serializers.format_timestamp(interaction.created_at),
    }


def _used(used: InvokedCommand | None) -> Json | None:
    return used and {"user": used.user.name, "name": used.name, "kind": used.kind}
