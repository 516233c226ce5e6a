"""The life of an interaction: dispatched, answered in time or not, over after a while."""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Self

from sandbox.discord import permissions, serializers
from sandbox.discord.conditions import ChangeNotifier
from sandbox.discord.config import DiscordConfig
from sandbox.discord.errors import ApiError, unknown_resource
from sandbox.discord.events import GatewayEvent
from sandbox.discord.json_values import Json, as_objects
from sandbox.discord.models import Channel, InvokedCommand, Message, MessageFlag, User
from sandbox.discord.snowflakes import snowflake_time
from sandbox.discord.world import World


class InteractionType(IntEnum):
    """What a member did, by Discord's numbers."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL = 5


_SILENCE: Final = {
    InteractionType.COMMAND: "The application did not respond",
    InteractionType.COMPONENT: "This interaction failed",
    InteractionType.AUTOCOMPLETE: "Loading options failed",
    InteractionType.MODAL: "Something went wrong. Try again.",
}
"""What Discord shows in place of an answer that did not come in time."""


class InteractionResponseType(IntEnum):
    """How the bot answered at first, by Discord's numbers."""

    MESSAGE = 4
    DEFERRED_MESSAGE = 5
    DEFERRED_UPDATE = 6
    UPDATE = 7
    CHOICES = 8
    MODAL = 9


@dataclass(eq=False, slots=True)
class Interaction:
    """Something that a member did, and what the bot made of it.

    Attributes:
        source: the message whose component was used.
        reply: how the bot answered at first; None as long as it has not.
        deferred_after_s: seconds until that first answer.
        original: the message that `@original` means.
        message: the answer; the latest version of it.
        followups: further messages, oldest first.
        modal: the form that the bot opened.
        closed: whether the member has put that form away.
        submission: the last time the member sent that form off.
        choices: what the bot suggests.
        failed: whether the bot let the time for its first answer pass.
        dismissed: whether the member has dismissed the notice of that.
    """

    id: int
    kind: InteractionType
    user: User
    channel: Channel
    data: Json
    changes: ChangeNotifier
    source_message: Message | None = None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(64))
    response_type: InteractionResponseType | None = None
    deferred_after_s: float | None = None
    original: Message | None = None
    message: Message | None = None
    followups: list[Message] = field(default_factory=list[Message])
    modal: Json | None = None
    closed: bool = False
    modal_submission: "Interaction | None" = None
    choices: list[Json] | None = None
    failed: bool = False
    dismissed: bool = False

    @property
    def created_at(self) -> float:
        """Return when it was dispatched, in Unix seconds."""
        return snowflake_time(self.id)

    @property
    def upload_bytes(self) -> int:
        """Return the upload limit of an answer: the server's, or that of the member's Nitro."""
        return max(self.user.upload_bytes, self.channel.upload_bytes)

    @property
    def is_answered(self) -> bool:
        """Return whether the bot has said what it had to say, beyond `thinking …`."""
        return any(found is not None for found in (self.message, self.modal, self.choices))

    @property
    def modal_is_open(self) -> bool:
        """Return whether the member still has the form: until the bot takes what was sent off."""
        sent = self.modal_submission
        return (
            self.modal is not None
            and not self.closed
            and (sent is None or sent.response_type is None)
        )

    @property
    def invoked_command(self) -> InvokedCommand | None:
        """Name the command (with its subcommand), or the menu's entry, that was used."""
        if self.kind is not InteractionType.COMMAND:
            return None
        if self.data["type"] != 1:
            return InvokedCommand(self.user, self.data["name"], "menu")
        return InvokedCommand(self.user, " ".join(_steps(self.data)), "command")

    @property
    def ephemeral(self) -> bool:
        """Return whether only the member sees the answer."""
        shown = self.message or self.original
        return shown is not None and shown.ephemeral

    @property
    def text(self) -> str:
        """Give all text of the answer, or what Discord shows in place of one."""
        if self.failed:
            return _SILENCE[self.kind]
        return "" if self.message is None else self.message.text

    async def until_answered(self, within: float = 120) -> Self:
        """Return once the bot has answered for good, or has failed to.

        Raises:
            WaitTimeoutError: neither happened within so many seconds.
        """
        await self.changes.wait_until(
            lambda: self.is_answered or self.failed or None, within, "an answer", self.__str__
        )
        return self

    async def until_acknowledged(self, within: float = 120) -> Self:
        """Return once the bot has given its first answer, or has failed to.

        Raises:
            WaitTimeoutError: neither happened within so many seconds.
        """
        await self.changes.wait_until(
            lambda: self.response_type is not None or self.failed or None,
            within,
            "an ack",
            self.__str__,
        )
        return self

    async def until_text(self, wanted: Callable[[str], bool], within: float = 120) -> str:
        """Return the answer's text once it is as wanted, now or after any edit.

        Raises:
            WaitTimeoutError: it was not within so many seconds.
        """
        return await self.changes.wait_until(
            lambda: self.text if wanted(self.text) else None, within, "a text", self.__str__
        )

    def __str__(self) -> str:
        reply = "no answer yet" if self.response_type is None else self.response_type.name.lower()
        return f"{self.kind.name.lower()} {self.data.get('name', '')!r} with {reply}: {self.text!r}"


class InteractionRegistry:
    """Dispatches what members do, and finds each by its id and by its token."""

    def __init__(self, options: DiscordConfig, world: World) -> None:
        self._options = options
        self._world = world
        self._by_token: dict[str, Interaction] = {}
        self._by_place: dict[tuple[int, int], list[Interaction]] = {}

    def __iter__(self) -> Iterator[Interaction]:
        return iter(self._by_token.values())

    def for_user(self, user: User, channel: Channel) -> Sequence[Interaction]:
        """List what a user has done in a channel, oldest first."""
        return self._by_place.get((user.id, channel.id), ())

    def dispatch(
        self,
        kind: InteractionType,
        user: User,
        channel: Channel,
        data: Json,
        source: Message | None = None,
    ) -> Interaction:
        """Dispatch to the bot what a member did; the time for the answer runs from now on."""
        world = self._world
        interaction = Interaction(
            world.ids.next(), kind, user, channel, data, world.changes, source
        )
        self._by_token[interaction.token] = interaction
        self._by_place.setdefault((user.id, channel.id), []).append(interaction)
        guild_id = None if channel.guild is None else channel.guild.id
        world.emit(
            GatewayEvent("INTERACTION_CREATE", self._payload(interaction), guild_id=guild_id)
        )
        loop = asyncio.get_running_loop()
        loop.call_later(self._options.ack_seconds, self._give_up, interaction)
        return interaction

    def find_unacknowledged(self, interaction_id: int, token: str) -> Interaction:
        """Find an interaction that may still be answered for the first time.

        Raises:
            Refused: 10062, there is none, or it is too late; 40060, it has been answered.
        """
        interaction = self._by_token.get(token)
        if interaction is None or interaction.id != interaction_id:
            raise unknown_resource("interaction", 10062)
        if interaction.response_type is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        late = self._world.now() - interaction.created_at > self._options.ack_seconds
        if interaction.failed or late:
            raise unknown_resource("interaction", 10062)
        return interaction

    def find_by_token(self, application_id: int, token: str) -> Interaction:
        """Find the interaction that a token speaks for.

        Raises:
            Refused: 10015, there is no such webhook (yet); 50027, the token is dead.
        """
        if application_id != self._world.bot_user.id:
            raise unknown_resource("Webhook", 10015)
        interaction = self._by_token.get(token)
        if interaction is None:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        if interaction.response_type is None:
            raise unknown_resource("Webhook", 10015)
        if self._world.now() - interaction.created_at > self._options.token_seconds:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return interaction

    def acknowledge(self, interaction: Interaction, reply: InteractionResponseType) -> None:
        """Note the first answer."""
        interaction.response_type = reply
        interaction.deferred_after_s = self._world.now() - interaction.created_at

    def message_metadata(self, interaction: Interaction) -> Json | None:
        """Write what a message says about the interaction that it answers."""
        return {
            "id": str(interaction.id),
            "type": int(interaction.kind),
            "user": serializers.user_json(interaction.user),
            "authorizing_integration_owners": _owners(interaction.channel),
        }

    def _give_up(self, interaction: Interaction) -> None:
        if interaction.response_type is None:
            interaction.failed = True
            self._world.changes.notify()

    def _payload(self, interaction: Interaction) -> Json:
        channel, user = interaction.channel, interaction.user
        granted = permissions.channel_permissions(channel, user.id)
        bot_granted = permissions.app_permissions(channel, self._world.bot_user.id)
        body: Json = {
            "id": str(interaction.id),
            "application_id": str(self._world.bot_user.id),
            "type": int(interaction.kind),
            "token": interaction.token,
            "version": 1,
            "data": interaction.data,
            "channel_id": str(channel.id),
            "channel": {
                **serializers.channel_json(channel),
                "permissions": serializers.format_permissions(granted),
            },
            "app_permissions": serializers.format_permissions(bot_granted),
            "locale": user.locale,
            "entitlements": [],
            "entitlement_sku_ids": [],
            "authorizing_integration_owners": _owners(channel),
            "context": 1 if channel.guild is None else 0,
            "attachment_size_limit": interaction.upload_bytes,
        }
        if interaction.source_message is not None:
            body["message"] = _message(interaction.source_message)
        return body | _who(channel, user)


def _steps(step: Json) -> list[str]:
    """Name a command and the subcommand in it, if there is one."""
    inner = as_objects(step.get("options"))
    nested = inner[0] if inner and inner[0].get("type") in (1, 2) else None
    return [str(step["name"]), *(_steps(nested) if nested else [])]


def _who(channel: Channel, user: User) -> Json:
    guild = channel.guild
    if guild is None:
        return {"user": serializers.user_json(user)}
    return {
        "guild_id": str(guild.id),
        "guild_locale": guild.locale,
        "guild": {"id": str(guild.id), "locale": guild.locale, "features": guild.features},
        "member": serializers.interaction_member_json(channel, guild.members[user.id]),
    }


def _owners(channel: Channel) -> Json:
    return {"0": str(0 if channel.guild is None else channel.guild.id)}


def _message(message: Message) -> Json:
    body = serializers.message_json(message)
    return {**body, "flags": body["flags"] | (MessageFlag.EPHEMERAL if message.ephemeral else 0)}
