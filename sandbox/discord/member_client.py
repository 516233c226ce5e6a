"""A member's client: type commands, click, choose, fill in forms, write messages."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sandbox.discord import command_validation, mentions, modal_submission, permissions
from sandbox.discord.app_state import AppState
from sandbox.discord.cdn import UploadedFile as Stored
from sandbox.discord.cdn import sanitize_filename
from sandbox.discord.command_validation import OptionReader, ResolvedData, Upload, UploadFile
from sandbox.discord.commands import CHAT, MESSAGE, USER
from sandbox.discord.component_types import SELECTS
from sandbox.discord.component_types import ComponentType as Component
from sandbox.discord.errors import ClientActionRefused, WaitTimeoutError
from sandbox.discord.interactions import Interaction, InteractionType
from sandbox.discord.json_values import Json, as_id, as_objects
from sandbox.discord.models import (
    MIB,
    Attachment,
    Channel,
    Guild,
    Message,
    Permission,
    Role,
    User,
    walk_components,
)
from sandbox.discord.serializers import message_json

_MOST_FILES: Final = 10
_MOST_CHARACTERS: Final = 2000
_NOT_CLICKED = (5, 6)
"""The styles of buttons that only open something: links, and what is for sale."""


class MemberClient:
    """A user with Discord's own client in the hand.

    `guild` is the server that is open; in the direct channel with the bot, none has to be.
    """

    def __init__(self, rooms: AppState, user: User, guild: Guild | None) -> None:
        self._state = rooms
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
        return self._state.world.direct_channel(self.user)

    async def run_command(
        self, channel: Channel, command: str, options: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Type a command (`limits set` for a subcommand) with its options.

        Files are given as a `Path` or an `Upload`; users, roles and channels as themselves.

        Raises:
            ClientActionRefused: Discord's own client would not have sent it.
        """
        values = {k: v for k, v in (options or {}).items() if v is not None}
        found, place, steps = self._find(channel, command)
        command_validation.check_option_names(place, values, complete=True)
        resolved = ResolvedData(channel)
        async with self._uploading(channel) as upload:
            reader = OptionReader(self.user, resolved, upload)
            given = [
                await reader.read(option, values[option["name"]])
                for option in as_objects(place.get("options"))
                if option["name"] in values
            ]
        return self._send(InteractionType.COMMAND, channel, _data(found, steps, given, resolved))

    async def autocomplete(
        self,
        channel: Channel,
        command: str,
        options: Mapping[str, Any],
        focused: tuple[str, str],
        within: float = 120,
    ) -> list[Json]:
        """Let the bot suggest values for the option that is being typed; give its choices.

        `focused` is the option's name and what has been typed of it; `options` the others.

        Raises:
            ClientActionRefused: the option has no suggestions.
            WaitTimeoutError: the bot suggested nothing in time.
        """
        found, place, steps = self._find(channel, command)
        command_validation.check_option_names(
            place, {**options, focused[0]: focused[1]}, complete=False
        )
        resolved, given = ResolvedData(channel), list[Json]()
        for option in as_objects(place.get("options")):
            name, kind = option["name"], option["type"]
            if name == focused[0]:
                if not option.get("autocomplete"):
                    raise ClientActionRefused(f"{name} has no suggestions")
                given.append({"name": name, "type": kind, "value": focused[1], "focused": True})
            elif options.get(name) is not None:
                given.append(
                    command_validation.partial_option(option, options[name], resolved, self.user)
                )
        data = _data(found, steps, given, resolved)
        asked = await self._send(InteractionType.AUTOCOMPLETE, channel, data).until_answered(within)
        if asked.choices is None:
            raise WaitTimeoutError(asked.text)
        return asked.choices

    async def use_context_menu(
        self, target: Message | User, name: str, channel: Channel | None = None
    ) -> Interaction:
        """Choose an entry of a message's (or, in a channel, a user's) context menu.

        Raises:
            ClientActionRefused: the menu has no such entry for this member.
        """
        kind = MESSAGE if isinstance(target, Message) else USER
        place = target.channel if isinstance(target, Message) else channel
        if place is None:
            raise ClientActionRefused("a user's menu is opened in a channel")
        command = self._command(place, name, kind)
        if command is None:
            raise ClientActionRefused(f"no menu entry {name!r}")
        command_validation.check_may_use(command, place, self.user)
        resolved = ResolvedData(place)
        if isinstance(target, Message):
            if self._seen(target).ephemeral:
                raise ClientActionRefused("a message that only you see has no such menu")
            resolved.add("messages", target.id, message_json(target))
        else:
            resolved.add_user(target)
        data = _data(command, [], [], resolved)
        del data["options"]
        return self._send(InteractionType.COMMAND, place, {**data, "target_id": str(target.id)})

    async def click(self, where: Message | Interaction, button: str) -> Interaction:
        """Click a button, named by its custom id or its label.

        Raises:
            ClientActionRefused: there is no such button that could be clicked.
        """
        message = self._seen(where)
        for component in walk_components(message.components):
            named = button in (component.get("custom_id"), component.get("label"))
            if component.get("type") == Component.BUTTON and named:
                if component.get("disabled") or component.get("style") in _NOT_CLICKED:
                    raise ClientActionRefused(f"{button!r} can not be clicked")
                return self._use(message, component, {})
        raise ClientActionRefused(f"no button {button!r} on {message}")

    async def select(
        self, where: Message | Interaction, custom_id: str, values: Sequence[Any]
    ) -> Interaction:
        """Choose from a select menu: its values, or users, roles or channels (or their ids).

        Raises:
            ClientActionRefused: there is no such menu, or it does not offer this.
        """
        message = self._seen(where)
        for component in walk_components(message.components):
            if component.get("type") in SELECTS and component.get("custom_id") == custom_id:
                if component.get("disabled"):
                    raise ClientActionRefused(f"{custom_id!r} is disabled")
                resolved = ResolvedData(message.channel)
                chosen = modal_submission.MenuSelector(self.user, resolved, self._state.world)
                more: Json = {"values": chosen.select(component, values)}
                more |= {"resolved": resolved.data} if resolved.data else {}
                return self._use(message, component, more)
        raise ClientActionRefused(f"no select menu {custom_id!r} on {message}")

    async def submit_modal(
        self, interaction: Interaction, values: Mapping[str, Any] | None = None
    ) -> Interaction:
        """Send off the form that an interaction opened; what is not given stays as it was.

        Raises:
            ClientActionRefused: there is no form, or it takes something else.
        """
        if interaction.modal is None:
            raise ClientActionRefused("no form is open")
        if interaction.user is not self.user:
            raise ClientActionRefused(f"{self.name} does not see the form")
        channel, resolved = interaction.channel, ResolvedData(interaction.channel)
        chooser = modal_submission.MenuSelector(self.user, resolved, self._state.world)
        async with self._uploading(channel) as upload:
            data = await modal_submission.ModalFiller(chooser, upload).fill(
                interaction.modal, values or {}
            )
        sent = self._send(InteractionType.MODAL, channel, data, interaction.source_message)
        interaction.modal_submission = sent
        return sent

    def close_modal(self, interaction: Interaction) -> None:
        """Put a form away without sending it off."""
        interaction.closed = True
        self._state.world.changes.notify()

    def dismiss(self, shown: Message | Interaction) -> None:
        """Dismiss what only the member sees: a message, or the notice of a failure.

        Raises:
            ClientActionRefused: everybody sees it, or only somebody else.
        """
        if isinstance(shown, Message) and not self._seen(shown).ephemeral:
            raise ClientActionRefused("only a message that nobody else sees can be dismissed")
        shown.dismissed = True
        self._state.world.changes.notify()

    async def send_message(
        self,
        channel: Channel,
        content: str = "",
        files: Sequence[Path | Upload] = (),
        answered: Message | None = None,
    ) -> Message:
        """Write a message, in answer to another if one is given.

        Raises:
            ClientActionRefused: the member may not, or it says nothing, or too much.
        """
        self._check_saying(channel, content, len(files))
        if answered is not None and self._seen(answered).ephemeral:
            raise ClientActionRefused("a message that only you see can not be answered")
        async with self._uploading(channel, ephemeral=False) as upload:
            made = [await upload(file) for file in files]
        world = self._state.world
        message = Message(world.ids.next(), channel, self.user, content, attachments=made)
        message.reference = None if answered is None else answered.id
        mentions.resolve_mentions(
            message, mentions.AllowedMentions(), None if answered is None else answered.author
        )
        world.post(message)
        return message

    def find_entity(self, channel: Channel, value: object) -> User | Role | Channel:
        """Find what an id means where the channel is.

        Raises:
            ClientActionRefused: nothing.
        """
        found = self._state.world.find_entity(as_id(value) or 0, channel)
        if found is None:
            raise ClientActionRefused("there is no such user, role or channel")
        return found

    def _check_saying(self, channel: Channel, content: str, files: int) -> None:
        if not permissions.can_send(channel, self.user.id):
            raise ClientActionRefused(f"{self.name} may not write in #{channel.name}")
        attaches = permissions.channel_permissions(channel, self.user.id) & Permission.ATTACH_FILES
        if files and not attaches:
            raise ClientActionRefused(f"{self.name} may not attach files in #{channel.name}")
        if files > _MOST_FILES:
            raise ClientActionRefused(f"A message takes {_MOST_FILES} files")
        if len(content) > _MOST_CHARACTERS:
            raise ClientActionRefused(
                f"Your message is too long: {_MOST_CHARACTERS} characters at most"
            )
        if not content.strip() and not files:
            raise ClientActionRefused("A message has to say something")

    def _command(self, channel: Channel, name: str, kind: int) -> Json | None:
        """Find a command where the channel is, if they are offered there."""
        guild = channel.guild
        if guild is not None and not guild.has_commands:
            return None
        return self._state.commands.find(None if guild is None else guild.id, name, kind)

    def _find(self, channel: Channel, text: str) -> tuple[Json, Json, list[Json]]:
        name, *path = text.removeprefix("/").split() or [""]
        if channel.guild not in (None, self._guild):
            raise ClientActionRefused(f"#{channel.name} is not in {self.guild.name}")
        command = self._command(channel, name, CHAT)
        if command is None:
            raise ClientActionRefused(f"there is no command /{name}")
        command_validation.check_may_use(command, channel, self.user)
        return command, *command_validation.find_subcommand(command, path)

    def _send(
        self, kind: InteractionType, channel: Channel, data: Json, source: Message | None = None
    ) -> Interaction:
        return self._state.interactions.dispatch(kind, self.user, channel, data, source)

    def _use(self, message: Message, component: Json, more: Json) -> Interaction:
        data: Json = {
            "custom_id": component["custom_id"],
            "component_type": component["type"],
            "id": component.get("id", 0),
            **more,
        }
        return self._send(InteractionType.COMPONENT, message.channel, data, message)

    def _seen(self, where: Message | Interaction) -> Message:
        message = where.message if isinstance(where, Interaction) else where
        if message is None:
            raise ClientActionRefused("there is no message yet")
        hidden = not permissions.can_view(message.channel, self.user.id)
        if hidden or message.visible_to not in (None, self.user.id):
            raise ClientActionRefused(f"{self.name} does not see this message")
        listed = (
            message.channel.ephemeral_messages if message.ephemeral else message.channel.messages
        )
        if message.dismissed or message not in listed:
            raise ClientActionRefused("the message is gone")
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
        except ClientActionRefused:
            for attachment in made:
                await self._state.cdn.delete(attachment)
            raise

    async def _upload(
        self, channel: Channel, file: Path | Upload, *, ephemeral: bool
    ) -> Attachment:
        size = file.stat().st_size if isinstance(file, Path) else len(file.content)
        most = max(channel.upload_bytes, self.user.upload_bytes)
        if size > most:
            raise ClientActionRefused(f"{file.name} is too large: {most // MIB} MiB at most")
        path = self._state.cdn.new_file_path(sanitize_filename(file.name))
        if isinstance(file, Path):
            await asyncio.to_thread(shutil.copyfile, file, path)
        else:
            await asyncio.to_thread(path.write_bytes, file.content)
        return await self._state.cdn.attach(
            Stored(file.name, size, path),
            channel.id,
            content_type=file.content_type if isinstance(file, Upload) else None,
            ephemeral=ephemeral,
        )


def _data(command: Json, steps: list[Json], given: list[Json], resolved: ResolvedData) -> Json:
    body: Json = {
        "id": command["id"],
        "name": command["name"],
        "type": command["type"],
        "options": command_validation.nest_options(steps, given),
    }
    body |= {"guild_id": command["guild_id"]} if "guild_id" in command else {}
    return body | ({"resolved": resolved.data} if resolved.data else {})
