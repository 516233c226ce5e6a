"""Knows what a member does: type commands, click, choose, fill in forms, write messages."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sandbox.discord import command_validation, mentions, modal_submission, permissions
from sandbox.discord.app_state import Rooms
from sandbox.discord.cdn import Upload as Stored
from sandbox.discord.cdn import harmless
from sandbox.discord.command_validation import Reader, Resolved, Upload, UploadFile
from sandbox.discord.commands import CHAT, MESSAGE, USER
from sandbox.discord.component_types import SELECTS
from sandbox.discord.component_types import Kind as Component
from sandbox.discord.errors import ClientRefused, NotSeen
from sandbox.discord.interactions import Interaction, Kind
from sandbox.discord.json_values import Json, as_id, objects
from sandbox.discord.models import (
    MIB,
    Attachment,
    Channel,
    Guild,
    Message,
    Permission,
    Role,
    User,
    walk,
)
from sandbox.discord.serializers import message_json

_MOST_FILES: Final = 10
_MOST_CHARACTERS: Final = 2000
_NOT_CLICKED = (5, 6)
"""The styles of buttons that only open something: links, and what is for sale."""


class Person:
    """A user with Discord's own client in the hand.

    `guild` is the server that is open; in the direct channel with the bot, none has to be.
    """

    def __init__(self, rooms: Rooms, user: User, guild: Guild | None) -> None:
        self._rooms = rooms
        self.user = user
        self._guild = guild

    @property
    def id(self) -> int:
        """Give the user's id."""
        return self.user.id

    @property
    def name(self) -> str:
        """Give the user's name."""
        return self.user.name

    @property
    def guild(self) -> Guild:
        """Give the server that is open."""
        assert self._guild is not None, f"{self.name} has no server open"
        return self._guild

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
        command_validation.check_names(place, values, complete=True)
        resolved = Resolved(channel)
        async with self._uploading(channel) as upload:
            reader = Reader(self.user, resolved, upload)
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
        command_validation.check_names(place, {**options, focused[0]: focused[1]}, complete=False)
        resolved, given = Resolved(channel), list[Json]()
        for option in objects(place.get("options")):
            name, kind = option["name"], option["type"]
            if name == focused[0]:
                if not option.get("autocomplete"):
                    raise ClientRefused(f"{name} has no suggestions")
                given.append({"name": name, "type": kind, "value": focused[1], "focused": True})
            elif options.get(name) is not None:
                given.append(
                    command_validation.unfinished(option, options[name], resolved, self.user)
                )
        data = _data(found, steps, given, resolved)
        asked = await self._send(Kind.AUTOCOMPLETE, channel, data).until_answered(within)
        if asked.choices is None:
            raise NotSeen(asked.text)
        return asked.choices

    async def invoke_menu(
        self, target: Message | User, name: str, channel: Channel | None = None
    ) -> Interaction:
        """Choose an entry of a message's (or, in a channel, a user's) context menu.

        Raises:
            ClientRefused: the menu has no such entry for this member.
        """
        kind = MESSAGE if isinstance(target, Message) else USER
        place = target.channel if isinstance(target, Message) else channel
        if place is None:
            raise ClientRefused("a user's menu is opened in a channel")
        command = self._command(place, name, kind)
        if command is None:
            raise ClientRefused(f"no menu entry {name!r}")
        command_validation.check_use(command, place, self.user)
        resolved = Resolved(place)
        if isinstance(target, Message):
            if self._seen(target).ephemeral:
                raise ClientRefused("a message that only you see has no such menu")
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
                if component.get("disabled") or component.get("style") in _NOT_CLICKED:
                    raise ClientRefused(f"{button!r} can not be clicked")
                return self._use(message, component, {})
        raise ClientRefused(f"no button {button!r} on {message}")

    async def choose(
        self, where: Message | Interaction, custom_id: str, values: Sequence[Any]
    ) -> Interaction:
        """Choose from a select menu: its values, or users, roles or channels (or their ids).

        Raises:
            ClientRefused: there is no such menu, or it does not offer this.
        """
        message = self._seen(where)
        for component in walk(message.components):
            if component.get("type") in SELECTS and component.get("custom_id") == custom_id:
                if component.get("disabled"):
                    raise ClientRefused(f"{custom_id!r} is disabled")
                resolved = Resolved(message.channel)
                chosen = modal_submission.Chooser(self.user, resolved, self._rooms.world)
                more: Json = {"values": chosen.choose(component, values)}
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
        channel, resolved = interaction.channel, Resolved(interaction.channel)
        chooser = modal_submission.Chooser(self.user, resolved, self._rooms.world)
        async with self._uploading(channel) as upload:
            data = await modal_submission.Filler(chooser, upload).fill(
                interaction.modal, values or {}
            )
        sent = self._send(Kind.MODAL, channel, data, interaction.source)
        interaction.submission = sent
        return sent

    def close_modal(self, interaction: Interaction) -> None:
        """Put a form away without sending it off."""
        interaction.closed = True
        self._rooms.world.changes.tell()

    def dismiss(self, shown: Message | Interaction) -> None:
        """Put what only the member sees out of sight: a message, or the notice of a failure.

        Raises:
            ClientRefused: everybody sees it, or only somebody else.
        """
        if isinstance(shown, Message) and not self._seen(shown).ephemeral:
            raise ClientRefused("only a message that nobody else sees can be dismissed")
        shown.dismissed = True
        self._rooms.world.changes.tell()

    async def say(
        self,
        channel: Channel,
        content: str = "",
        files: Sequence[Path | Upload] = (),
        answered: Message | None = None,
    ) -> Message:
        """Write a message, in answer to another if one is given.

        Raises:
            ClientRefused: the member may not, or it says nothing, or too much.
        """
        self._check_saying(channel, content, len(files))
        if answered is not None and self._seen(answered).ephemeral:
            raise ClientRefused("a message that only you see can not be answered")
        async with self._uploading(channel, ephemeral=False) as upload:
            made = [await upload(file) for file in files]
        world = self._rooms.world
        message = Message(world.ids.next(), channel, self.user, content, attachments=made)
        message.reference = None if answered is None else answered.id
        mentions.apply(message, mentions.Allowed(), None if answered is None else answered.author)
        world.post(message)
        return message

    def thing(self, channel: Channel, value: object) -> User | Role | Channel:
        """Find what an id means where the channel is.

        Raises:
            ClientRefused: nothing.
        """
        found = self._rooms.world.thing(as_id(value) or 0, channel)
        if found is None:
            raise ClientRefused("there is no such user, role or channel")
        return found

    def _check_saying(self, channel: Channel, content: str, files: int) -> None:
        if not permissions.may_write(channel, self.user.id):
            raise ClientRefused(f"{self.name} may not write in #{channel.name}")
        attaches = permissions.in_channel(channel, self.user.id) & Permission.ATTACH_FILES
        if files and not attaches:
            raise ClientRefused(f"{self.name} may not attach files in #{channel.name}")
        if files > _MOST_FILES:
            raise ClientRefused(f"A message takes {_MOST_FILES} files")
        if len(content) > _MOST_CHARACTERS:
            raise ClientRefused(f"Your message is too long: {_MOST_CHARACTERS} characters at most")
        if not content.strip() and not files:
            raise ClientRefused("A message has to say something")

    def _command(self, channel: Channel, name: str, kind: int) -> Json | None:
        """Find a command where the channel is, unless the bot is not there."""
        guild, bot = channel.guild, self._rooms.world.bot
        if guild is not None and bot.id not in guild.members:
            return None
        return self._rooms.commands.find(None if guild is None else guild.id, name, kind)

    def _find(self, channel: Channel, text: str) -> tuple[Json, Json, list[Json]]:
        name, *path = text.removeprefix("/").split() or [""]
        if channel.guild not in (None, self._guild):
            raise ClientRefused(f"#{channel.name} is not in {self.guild.name}")
        command = self._command(channel, name, CHAT)
        if command is None:
            raise ClientRefused(f"there is no command /{name}")
        command_validation.check_use(command, channel, self.user)
        return command, *command_validation.descend(command, path)

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
        hidden = not permissions.sees(message.channel, self.user.id)
        if hidden or message.visible_to not in (None, self.user.id):
            raise ClientRefused(f"{self.name} does not see this message")
        listed = message.channel.private if message.ephemeral else message.channel.messages
        if message.dismissed or message not in listed:
            raise ClientRefused("the message is gone")
        return message

    @asynccontextmanager
    async def _uploading(
        self, channel: Channel, *, ephemeral: bool = True
    ) -> AsyncGenerator[UploadFile]:
        """Give what uploads files; all of them are gone again if something is refused."""
        made: list[Attachment] = []

        async def upload(file: Path | Upload) -> Attachment:
            made.append(await self._upload(channel, file, ephemeral=ephemeral))
            return made[-1]

        try:
            yield upload
        except ClientRefused:
            for attachment in made:
                await self._rooms.cdn.drop(attachment)
            raise

    async def _upload(
        self, channel: Channel, file: Path | Upload, *, ephemeral: bool
    ) -> Attachment:
        size = file.stat().st_size if isinstance(file, Path) else len(file.content)
        most = max(channel.upload_bytes, self.user.upload_bytes)
        if size > most:
            raise ClientRefused(f"{file.name} is too large: {most // MIB} MiB at most")
        path = self._rooms.cdn.path_for(harmless(file.name))
        if isinstance(file, Path):
            await asyncio.to_thread(shutil.copyfile, file, path)
        else:
            await asyncio.to_thread(path.write_bytes, file.content)
        return await self._rooms.cdn.keep(
            Stored(file.name, size, path),
            channel.id,
            content_type=file.content_type if isinstance(file, Upload) else None,
            ephemeral=ephemeral,
        )


def _data(command: Json, steps: list[Json], given: list[Json], resolved: Resolved) -> Json:
    body: Json = {
        "id": command["id"],
        "name": command["name"],
        "type": command["type"],
        "options": command_validation.nest(steps, given),
    }
    body |= {"guild_id": command["guild_id"]} if "guild_id" in command else {}
    return body | ({"resolved": resolved.found} if resolved.found else {})
