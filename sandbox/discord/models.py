"""Discord's objects: users, servers, channels, messages and their files, as data."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Final, Literal

from sandbox.discord.conditions import ChangeNotifier
from sandbox.discord.json_values import Json, as_list, as_object
from sandbox.discord.snowflakes import snowflake_time

MIB: Final = 1024 * 1024
UPLOAD_BYTES: Final = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}
"""Bytes that one file may have, by the server's boost tier."""

DEFAULT_LOCALE: Final = "en-US"

NITRO_UPLOAD_BYTES: Final = 500 * MIB
"""Bytes that one file of a member with Nitro may have."""


class ChannelType(IntEnum):
    """The kinds of channels that exist here, by Discord's numbers."""

    TEXT = 0
    DM = 1
    VOICE = 2
    ANNOUNCEMENT = 5
    THREAD = 11
    STAGE = 13
    FORUM = 15
    MEDIA = 16

    @property
    def holds_threads_only(self) -> bool:
        """Return whether nothing can be posted but in its threads."""
        return self in (ChannelType.FORUM, ChannelType.MEDIA)


class MessageFlag(IntFlag):
    """What a message's flags say, as far as it matters here."""

    NONE = 0
    SUPPRESS_EMBEDS = 1 << 2
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    COMPONENTS_V2 = 1 << 15


class Permission(IntFlag):
    """Discord's permission bits, as far as they matter here; ALL has every bit there is."""

    NONE = 0
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    SEND_MESSAGES_IN_THREADS = 1 << 38
    ALL = (1 << 53) - 1


@dataclass(eq=False, slots=True)
class User:
    """An account.

    `dms_open` says whether the bot may write to it directly; `upload_bytes` is how large a file
    it may upload anywhere, which is more with Nitro; `locale` is the language of its client.
    """

    id: int
    name: str
    bot: bool = False
    accepts_dms: bool = True
    upload_bytes: int = UPLOAD_BYTES[0]
    locale: str = DEFAULT_LOCALE


@dataclass(eq=False, slots=True)
class Role:
    """A role of a server."""

    id: int
    name: str
    permissions: Permission
    mentionable: bool = False
    managed: bool = False


@dataclass(eq=False, slots=True)
class Membership:
    """A user's place in a server, with the ids of the roles besides everyone's."""

    user: User
    roles: set[int]
    joined_at: float


@dataclass(eq=False, slots=True)
class Guild:
    """A server; the role with the server's own id is everyone's.

    `has_commands` says whether the application's commands are offered here, with the bot as a
    member or without; an `unavailable` server is away by a fault of Discord's. Only a `community`
    chooses its `preferred_locale`.
    """

    id: int
    name: str
    owner_id: int
    premium_tier: int = 0
    has_commands: bool = True
    unavailable: bool = False
    community: bool = False
    preferred_locale: str = DEFAULT_LOCALE
    roles: dict[int, Role] = field(default_factory=dict[int, Role])
    members: dict[int, Membership] = field(default_factory=dict[int, Membership])

    @property
    def features(self) -> list[str]:
        """Return what Discord lists as the server's features."""
        return ["COMMUNITY"] if self.community else []

    @property
    def locale(self) -> str:
        """Return the language that Discord names for the server."""
        return self.preferred_locale if self.community else DEFAULT_LOCALE

    @property
    def upload_bytes(self) -> int:
        """Return how large a file may be here."""
        return UPLOAD_BYTES[self.premium_tier]


@dataclass(slots=True)
class Overwrite:
    """What a channel allows and denies to one role (`kind` 0) or member (`kind` 1)."""

    kind: int
    allow: Permission = Permission.NONE
    deny: Permission = Permission.NONE


@dataclass(eq=False, slots=True)
class Attachment:
    """A file on a message or in a command; `path` is where it lies on disk."""

    id: int
    filename: str
    size: int
    content_type: str | None
    path: Path
    channel_id: int
    sign: Callable[["Attachment"], str]
    ephemeral: bool = False
    width: int | None = None
    height: int | None = None
    description: str | None = None

    @property
    def url(self) -> str:
        """Make a link to the file that is valid from now on."""
        return self.sign(self)


@dataclass(eq=False, slots=True, weakref_slot=True)
class Message:
    """A message as Discord keeps it.

    `components` have their media resolved to `attachment_id`; `pinged` holds the ids of the users
    that were really notified; `edits` counts the edits; `reference` is the id of the message that
    this one answers; `visible_to` is the only user who sees an ephemeral one; `dismissed` says
    that this user has dismissed it; `used` is the command that it answers.
    """

    id: int
    channel: "Channel"
    author: User
    content: str = ""
    embeds: list[Json] = field(default_factory=list[Json])
    components: list[Json] = field(default_factory=list[Json])
    attachments: list[Attachment] = field(default_factory=list[Attachment])
    flags: MessageFlag = MessageFlag.NONE
    mentions: list[User] = field(default_factory=list[User])
    mention_roles: list[int] = field(default_factory=list[int])
    mention_everyone: bool = False
    notified_user_ids: set[int] = field(default_factory=set[int])
    edit_count: int = 0
    edited_at: float | None = None
    nonce: str | None = None
    reference: int | None = None
    interaction: Json | None = None
    visible_to: int | None = None
    dismissed: bool = False
    invoked_command: "InvokedCommand | None" = None

    @property
    def created_at(self) -> float:
        """Return when it was posted, in Unix seconds."""
        return snowflake_time(self.id)

    @property
    def custom_ids(self) -> list[str]:
        """List the custom ids of its buttons and menus."""
        found = (component.get("custom_id") for component in walk_components(self.components))
        return [str(custom_id) for custom_id in found if custom_id is not None]

    @property
    def ephemeral(self) -> bool:
        """Return whether only one member sees it."""
        return self.visible_to is not None

    @property
    def text(self) -> str:
        """Give all text that it shows: content, embeds and text displays, line by line."""
        parts = [self.content, *_embed_texts(self.embeds), *component_texts(self.components)]
        return "\n".join(part for part in parts if part)

    def __str__(self) -> str:
        files = "".join(f" [{attachment.filename}]" for attachment in self.attachments)
        return f"{self.author.name}: {self.text!r}{files}"


@dataclass(frozen=True, slots=True)
class InvokedCommand:
    """The command, or the entry of a context menu, that somebody used to get an answer."""

    user: User
    name: str
    kind: Literal["command", "menu"]


@dataclass(eq=False, slots=True)
class Channel:
    """A place for messages, or, as a forum is, for threads alone.

    `messages` and `private` are oldest first, the latter ephemeral; `bot_id` and `recipient` are
    who a direct channel is between.
    """

    id: int
    type: ChannelType
    name: str
    changes: ChangeNotifier
    guild: Guild | None = None
    parent: "Channel | None" = None
    recipient: User | None = None
    bot_id: int | None = None
    nsfw: bool = False
    locked: bool = False
    archived: bool = False
    overwrites: dict[int, Overwrite] = field(default_factory=dict[int, Overwrite])
    messages: list[Message] = field(default_factory=list[Message])
    ephemeral_messages: list[Message] = field(default_factory=list[Message])

    @property
    def is_age_restricted(self) -> bool:
        """Return whether it, or what it is a thread of, is for adults."""
        return self.nsfw or (self.parent is not None and self.parent.is_age_restricted)

    @property
    def upload_bytes(self) -> int:
        """Return how large a file may be here."""
        return UPLOAD_BYTES[0] if self.guild is None else self.guild.upload_bytes

    def message(self, message_id: int) -> Message | None:
        """Find a message that everybody sees."""
        return _by_id(self.messages, message_id)

    def ephemeral_message(self, message_id: int) -> Message | None:
        """Find an ephemeral message."""
        return _by_id(self.ephemeral_messages, message_id)

    async def wait_for(
        self, wanted: Callable[[Message], bool], within: float, awaited: str = "a message"
    ) -> Message:
        """Return the newest message that is as wanted, now or after any change.

        Raises:
            WaitTimeoutError: none came within so many seconds.
        """
        return await self.changes.wait_until(
            lambda: next((found for found in reversed(self.messages) if wanted(found)), None),
            within,
            f"{awaited} in #{self.name}",
            lambda: "; ".join(map(str, self.messages)) or "no message",
        )


def walk_components(components: list[Json]) -> list[Json]:
    """List all components, each before those within it."""
    found: list[Json] = []
    for component in components:
        found.append(component)
        inner = [item for item in as_list(component.get("components")) or [] if as_object(item)]
        single = [component.get(name) for name in ("accessory", "component")]
        found += walk_components([*inner, *(item for item in single if isinstance(item, dict))])
    return found


def component_texts(components: list[Json]) -> list[str]:
    """List what the text displays say."""
    return [
        str(found["content"]) for found in walk_components(components) if found.get("type") == 10
    ]


def _by_id(messages: list[Message], message_id: int) -> Message | None:
    """Search in the middle: ids rise, and there may be thousands."""
    index = bisect_left(messages, message_id, key=lambda message: message.id)
    found = messages[index] if index < len(messages) else None
    return found if found is not None and found.id == message_id else None


def _embed_texts(embeds: list[Json]) -> list[str]:
    texts: list[str] = []
    for embed in embeds:
        texts += [str(embed.get(name) or "") for name in ("title", "description")]
        for part in as_list(embed.get("fields")) or []:
            texts += [str(part.get("name", "")), str(part.get("value", ""))]
        texts.append(str((as_object(embed.get("footer")) or {}).get("text", "")))
    return texts
