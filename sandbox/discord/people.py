"""Knows what a member does: type commands, click, choose, fill in forms, write messages."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox.discord import forms, mentions, permissions, typing_in
from sandbox.discord.cdn import Upload as Stored
from sandbox.discord.cdn import harmless
from sandbox.discord.commands import CHAT, MESSAGE, USER
from sandbox.discord.components import SELECTS
from sandbox.discord.components import Kind as Component
from sandbox.discord.errors import ClientRefused
from sandbox.discord.interactions import Interaction, Kind
from sandbox.discord.json_values import Json, objects
from sandbox.discord.models import Attachment, Channel, Guild, Membership, Message, User, walk
from sandbox.discord.payloads import message_json
from sandbox.discord.permissions import send_permission
from sandbox.discord.rooms import Rooms
from sandbox.discord.typing_in import Reader, Resolved, Upload

_LINK_STYLE = 5


class Person:
    """A member of a server, with Discord's own client in the hand."""

    def __init__(self, rooms: Rooms, user: User, guild: Guild) -> None:
        self._rooms = rooms
        self.user = user
        self.guild = guild

    @property
    def id(self) -> int:
        """Give the user's id."""
        return self.user.id

    @property
    def name(self) -> str:
        """Give the user's name."""
        return self.user.name

    @property
    def direct_channel(self) -> Channel:
        """Give the direct channel between the member and the bot."""
        return self._rooms.world.direct_channel(self.user)

    async def type(
        self, channel: Channel, command: str, options: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Type a command (`quota set` for a subcommand) with its options.

        Files are given as a `Path` or an `Upload`; users, roles and channels as themselves.

        Raises:
            ClientRefused: Discord's own client would not have sent it.
        """
        values = {k: v for k, v in (options or {}).items() if v is not None}
        found, place, steps = self._find(channel, command)
        typing_in.check_names(place, values, complete=True)
        resolved = Resolved(self.guild, channel)
        reader = Reader(self.user, resolved, lambda file: self._upload(channel, file))
        given = [
            await reader.read(option, values[option["name"]])
            for option in objects(place.get("options"))
            if option["name"] in values
        ]
        return self._send(Kind.COMMAND, channel, _data(found, steps, given, resolved))

    async def autocomplete(
        self,
        channel: Channel,
        command: str,
        options: Mapping[str, Any],
        focused: tuple[str, str],
        within: float = 3,
    ) -> list[Json]:
        """Let the bot suggest values for the option that is being typed; give its choices.

        `focused` is the option's name and what has been typed of it; `options` the others.

        Raises:
            ClientRefused: the option has no suggestions.
            NotSeen: the bot suggested nothing in time.
        """
        found, place, steps = self._find(channel, command)
        typing_in.check_names(place, {**options, focused[0]: focused[1]}, complete=False)
        resolved, given = Resolved(self.guild, channel), list[Json]()
        for option in objects(place.get("options")):
            name, kind = option["name"], option["type"]
            if name == focused[0]:
                if not option.get("autocomplete"):
                    raise ClientRefused(f"{name} has no suggestions")
                given.append({"name": name, "type": kind, "value": focused[1], "focused": True})
            elif options.get(name) is not None:
                given.append({"name": name, "type": kind, "value": options[name]})
        data = _data(found, steps, given, resolved)
        asked = await self._send(Kind.AUTOCOMPLETE, channel, data).until_answered(within)
        return asked.choices or []

    async def invoke_menu(
        self, target: Message | User, name: str, channel: Channel | None = None
    ) -> Interaction:
        """Choose an entry of a message's (or, in a channel, a user's) context menu.

        Raises:
            ClientRefused: the menu has no such entry for this member.
        """
        kind = MESSAGE if isinstance(target, Message) else USER
        place = target.channel if isinstance(target, Message) else channel
        command = self._rooms.commands.find(self.guild.id, name, kind)
        if command is None or place is None:
            raise ClientRefused(f"no menu entry {name!r}")
        typing_in.check_use(command, place, self._member)
        resolved = Resolved(self.guild, place)
        if isinstance(target, Message):
            resolved.add("messages", target.id, message_json(target))
        else:
            resolved.add_user(target)
        data = _data(command, [], [], resolved)
        del data["options"]
        return self._send(Kind.COMMAND, place, {**data, "target_id": str(target.id)})

    async def click(self, where: Message | Interaction, button: str) -> Interaction:
        """Click a button, named by its custom id or its label.

        Raises:
            ClientRefused: there is no such button that could be clicked.
        """
        message = self._seen(where)
        for component in walk(message.components):
            named = button in (component.get("custom_id"), component.get("label"))
            if component.get("type") == Component.BUTTON and named:
                if component.get("disabled") or component.get("style") == _LINK_STYLE:
                    raise ClientRefused(f"{button!r} can not be clicked")
                return self._use(message, component, {})
        raise ClientRefused(f"no button {button!r} on {message}")

    async def choose(
        self, where: Message | Interaction, custom_id: str, values: Sequence[Any]
    ) -> Interaction:
        """Choose from a select menu: its values, or users, roles or channels.

        Raises:
            ClientRefused: there is no such menu, or it does not offer this.
        """
        message = self._seen(where)
        for component in walk(message.components):
            if component.get("type") in SELECTS and component.get("custom_id") == custom_id:
                if component.get("disabled"):
                    raise ClientRefused(f"{custom_id!r} is disabled")
                resolved = Resolved(self.guild, message.channel)
                chosen = forms.chosen(component, values, resolved, self.user)
                more: Json = {"values": chosen}
                more |= {"resolved": resolved.found} if resolved.found else {}
                return self._use(message, component, more)
        raise ClientRefused(f"no select menu {custom_id!r} on {message}")

    async def submit_modal(
        self, interaction: Interaction, values: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Send off the form that an interaction opened; what is not given stays as it was.

        Raises:
            ClientRefused: there is no form, or it takes something else.
        """
        if interaction.modal is None:
            raise ClientRefused("no form is open")
        if interaction.user is not self.user:
            raise ClientRefused(f"{self.name} does not see the form")
        channel, resolved = interaction.channel, Resolved(self.guild, interaction.channel)
        filler = forms.Filler(self.user, resolved, lambda file: self._upload(channel, file))
        data = await filler.fill(interaction.modal, values or {})
        return self._send(Kind.MODAL, channel, data, interaction.source)

    async def say(
        self, channel: Channel, content: str = "", files: Sequence[Path | Upload] = ()
    ) -> Message:
        """Write a message.

        Raises:
            ClientRefused: the member may not.
        """
        granted = permissions.in_channel(channel, self.user.id)
        if not granted & send_permission(channel):
            raise ClientRefused(f"{self.name} may not write in #{channel.name}")
        made = [await self._upload(channel, file, ephemeral=False) for file in files]
        world = self._rooms.world
        message = Message(world.ids.next(), channel, self.user, content, attachments=made)
        mentions.apply(message, mentions.Allowed(), None)
        world.post(message)
        return message

    @property
    def _member(self) -> Membership:
        return self.guild.members[self.user.id]

    def _find(self, channel: Channel, text: str) -> tuple[Json, Json, list[Json]]:
        name, *path = text.removeprefix("/").split()
        command = self._rooms.commands.find(self.guild.id, name, CHAT)
        if channel.guild is not self.guild:
            raise ClientRefused(f"#{channel.name} is not in {self.guild.name}")
        if command is None or self._rooms.world.bot.id not in self.guild.members:
            raise ClientRefused(f"there is no command /{name}")
        typing_in.check_use(command, channel, self._member)
        return command, *typing_in.descend(command, path)

    def _send(
        self, kind: Kind, channel: Channel, data: Json, source: Message | None = None
    ) -> Interaction:
        return self._rooms.interactions.dispatch(kind, self.user, channel, data, source)

    def _use(self, message: Message, component: Json, more: Json) -> Interaction:
        data: Json = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component.get("id", 0),
            **more,
        }
        return self._send(Kind.COMPONENT, message.channel, data, message)

    def _seen(self, where: Message | Interaction) -> Message:
        message = where.message if isinstance(where, Interaction) else where
        if message is None:
            raise ClientRefused("there is no message yet")
        if message.visible_to not in (None, self.user.id):
            raise ClientRefused(f"{self.name} does not see this message")
        if not message.ephemeral and message not in message.channel.messages:
            raise ClientRefused("the message is gone")
        return message

    async def _upload(
        self, channel: Channel, file: Path | Upload, *, ephemeral: bool = True
    ) -> Attachment:
        name = file.name
        path = self._rooms.cdn.path_for(harmless(name))
        if isinstance(file, Path):
            await asyncio.to_thread(shutil.copyfile, file, path)
        else:
            await asyncio.to_thread(path.write_bytes, file.content)
        size, most = path.stat().st_size, max(channel.upload_bytes, self.user.upload_bytes)
        if size > most:
            raise ClientRefused(f"{name} is too large: {most} bytes at most")
        return await self._rooms.cdn.keep(
            Stored(name, size, path),
            channel.id,
            content_type=file.content_type if isinstance(file, Upload) else None,
            ephemeral=ephemeral,
        )


def _data(command: Json, steps: list[Json], given: list[Json], resolved: Resolved) -> Json:
    body: Json = {
        "id": command["id"],
        "name": command["name"],
        "type": command["type"],
        "options": typing_in.nest(steps, given),
    }
    body |= {"guild_id": command["guild_id"]} if "guild_id" in command else {}
    return body | ({"resolved": resolved.found} if resolved.found else {})
