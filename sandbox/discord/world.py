"""Everything that exists, and the legal changes on it; each is sent to the gateway."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sandbox.discord import permissions, serializers
from sandbox.discord.conditions import ChangeNotifier
from sandbox.discord.events import GatewayEvent, Intent
from sandbox.discord.json_values import Json
from sandbox.discord.models import (
    NITRO_UPLOAD_BYTES,
    Channel,
    ChannelType,
    Guild,
    Membership,
    Message,
    Overwrite,
    Permission,
    Role,
    User,
)
from sandbox.discord.snowflakes import SnowflakeGenerator

T = TypeVar("T", User, Guild, Channel)

DEFAULT_PERMISSIONS = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
)
"""What everyone may do in a new server, as far as it matters here."""


class World:
    """Holds users, servers and channels.

    Attributes:
        bot: the bot's own account; its id is the application's too.
        users, guilds, channels: everything by its id, direct channels and threads included.
        changes: wakes those who wait for something in the world.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.ids = SnowflakeGenerator(now)
        self.changes = ChangeNotifier()
        self.bot_user = User(self.ids.next(), "Dailies", bot=True)
        self.users: dict[int, User] = {self.bot_user.id: self.bot_user}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.application_owner: User | None = None
        """Who owns the application; the owner of the first server, if nobody is named."""

        self.team: list[tuple[User, str]] = []
        """Who owns it instead, with their roles: admin, developer or read_only; the first owns."""

        self.is_bot_public = True
        """Whether anybody may invite the bot: *Public Bot* in the developer portal."""

        self.requires_code_grant = False
        """*Requires OAuth2 Code Grant* there: with it, no plain link brings the bot to a server."""

        self.nonces: dict[str, tuple[float, Message]] = {}
        """What the bot posted with a nonce, and when; Discord forgets it after some minutes."""
        self._listeners: list[Callable[[GatewayEvent], None]] = []

    def listen(self, listener: Callable[[GatewayEvent], None]) -> None:
        """Call `listener` with every event from now on."""
        self._listeners.append(listener)

    def emit(self, event: GatewayEvent) -> None:
        """Send an event to the gateway, and wake those who wait."""
        for listener in self._listeners:
            listener(event)
        self.changes.notify()

    def user(self, name: str) -> User:
        """Find a user by name."""
        return _only(self.users.values(), name, "user")

    def guild(self, name: str | None = None) -> Guild:
        """Find a server by name; without one, the first."""
        if name is None:
            return next(iter(self.guilds.values()))
        return _only(self.guilds.values(), name, "server")

    def channel(self, name: str, guild: str | None = None) -> Channel:
        """Find a channel or thread of a server by name."""
        return _only(self.channels_of(self.guild(guild)), name, "channel")

    def channels_of(self, guild: Guild) -> list[Channel]:
        """List the channels and threads of a server."""
        return [found for found in self.channels.values() if found.guild is guild]

    def find_entity(self, number: int, channel: Channel) -> User | Role | Channel | None:
        """Find the user, role or channel of an id among those that a channel's users know."""
        guild = channel.guild
        if guild is None:
            return (
                self.users.get(number)
                if number in (self.bot_user.id, _recipient(channel))
                else None
            )
        if number in guild.members:
            return guild.members[number].user
        place = self.channels.get(number)
        return place if place is not None and place.guild is guild else guild.roles.get(number)

    def messages(self) -> Iterator[Message]:
        """Go through every message that is not ephemeral."""
        for channel in self.channels.values():
            yield from channel.messages

    def add_user(self, name: str) -> User:
        """Make an account, and its direct channel with the bot."""
        user = User(self.ids.next(), name)
        self.users[user.id] = user
        self.direct_channel(user)
        return user

    def add_guild(
        self, name: str, owner: User, tier: int = 0, *, commands_only: bool = False
    ) -> Guild:
        """Make a server with its owner in it.

        The bot is in it too, unless it was invited with `applications.commands` alone.
        """
        guild = Guild(self.ids.next(), name, owner.id, tier)
        guild.roles[guild.id] = Role(guild.id, "@everyone", DEFAULT_PERMISSIONS)
        self.guilds[guild.id] = guild
        self.add_member(guild, owner)
        if not commands_only:
            self.add_bot(guild)
        return guild

    def add_role(
        self, guild: Guild, name: str, granted: Permission, *, mentionable: bool = False
    ) -> Role:
        """Make a role that grants something besides what everyone has."""
        role = Role(self.ids.next(), name, granted, mentionable)
        guild.roles[role.id] = role
        self._emit_of(guild, "GUILD_ROLE_CREATE", _role_event(guild, role))
        return role

    def add_member(self, guild: Guild, user: User, *roles: Role) -> Membership:
        """Let a user join a server."""
        member = Membership(user, {role.id for role in roles}, self.now())
        guild.members[user.id] = member
        data = {**serializers.member_json(member), "guild_id": str(guild.id)}
        self._emit_of(guild, "GUILD_MEMBER_ADD", data, Intent.GUILD_MEMBERS)
        return member

    def remove_member(self, guild: Guild, user: User) -> None:
        """Let a user leave a server."""
        del guild.members[user.id]
        data: Json = {"guild_id": str(guild.id), "user": serializers.user_json(user)}
        self._emit_of(guild, "GUILD_MEMBER_REMOVE", data, Intent.GUILD_MEMBERS)

    def shares_guild(self, user: User) -> bool:
        """Return whether a user and the bot are members of a server together."""
        return any(
            {user.id, self.bot_user.id} <= {*guild.members} for guild in self.guilds.values()
        )

    def add_bot(self, guild: Guild) -> None:
        """Let the bot join a server, with what its invitation grants it."""
        member = Membership(self.bot_user, set(), self.now())
        guild.members[self.bot_user.id] = member
        guild.has_commands = True
        role = Role(self.ids.next(), self.bot_user.name, DEFAULT_PERMISSIONS, managed=True)
        guild.roles[role.id] = role
        member.roles.add(role.id)
        data = serializers.guild_create_json(guild, self.visible_channels(guild), self.bot_user.id)
        del data["unavailable"]  # of a server that comes back, or was there at the start
        self._emit_of(guild, "GUILD_CREATE", data)

    def visible_channels(self, guild: Guild) -> list[Channel]:
        """List the channels as the gateway brings them: of threads the active, if visible."""
        return [
            found
            for found in self.channels_of(guild)
            if found.type is not ChannelType.THREAD
            or (not found.archived and permissions.can_view(found, self.bot_user.id))
        ]

    def remove_bot(self, guild: Guild) -> None:
        """Throw the bot out of a server; its commands and its own role go with it."""
        member = guild.members.pop(self.bot_user.id)
        for role_id in [one for one in member.roles if guild.roles[one].managed]:
            del guild.roles[role_id]
        guild.has_commands = False
        self._emit_of(guild, "GUILD_DELETE", {"id": str(guild.id)})

    def set_available(self, guild: Guild, *, available: bool) -> None:
        """Let a server be away by a fault of Discord's, or come back."""
        guild.unavailable = not available
        if available:
            channels = self.visible_channels(guild)
            data = serializers.guild_create_json(guild, channels, self.bot_user.id)
            self._emit_of(guild, "GUILD_CREATE", data)
        else:
            self._emit_of(guild, "GUILD_DELETE", {"id": str(guild.id), "unavailable": True})

    def set_owner(self, guild: Guild, owner: User) -> None:
        """Hand a server to another of its members."""
        guild.owner_id = owner.id
        self._emit_of(guild, "GUILD_UPDATE", serializers.guild_json(guild))

    def set_premium_tier(self, guild: Guild, tier: int) -> None:
        """Set how far a server is boosted, 0 to 3."""
        guild.premium_tier = tier
        self._emit_of(guild, "GUILD_UPDATE", serializers.guild_json(guild))

    def set_roles(self, guild: Guild, user: User, *roles: Role) -> None:
        """Give a member exactly these roles."""
        member = guild.members[user.id]
        member.roles = {role.id for role in roles}
        data = {**serializers.member_json(member), "guild_id": str(guild.id)}
        own = user is self.bot_user
        intent = Intent.NONE if own else Intent.GUILD_MEMBERS
        self._emit_of(guild, "GUILD_MEMBER_UPDATE", data, intent)

    def close_dms(self, user: User) -> None:
        """Close a user's direct messages."""
        user.accepts_dms = False

    def open_dms(self, user: User) -> None:
        """Let a user take direct messages again."""
        user.accepts_dms = True

    def give_nitro(self, user: User) -> None:
        """Let a user upload larger files; so may the bot, but only in answer to this user."""
        user.upload_bytes = NITRO_UPLOAD_BYTES

    def add_channel(
        self,
        guild: Guild,
        name: str,
        *,
        nsfw: bool = False,
        kind: ChannelType = ChannelType.TEXT,
    ) -> Channel:
        """Make a channel."""
        channel = Channel(self.ids.next(), kind, name, self.changes, guild=guild, nsfw=nsfw)
        self.channels[channel.id] = channel
        self._emit_of(guild, "CHANNEL_CREATE", serializers.channel_json(channel))
        return channel

    def add_thread(self, parent: Channel, name: str) -> Channel:
        """Make a public thread in a channel."""
        assert parent.guild is not None, "threads exist in servers only"
        channel = Channel(
            self.ids.next(),
            ChannelType.THREAD,
            name,
            self.changes,
            guild=parent.guild,
            parent=parent,
        )
        self.channels[channel.id] = channel
        self._emit_of(parent.guild, "THREAD_CREATE", serializers.channel_json(channel))
        return channel

    def lock_thread(self, thread: Channel, *, locked: bool = True) -> None:
        """Let only those who manage threads write in one."""
        thread.locked = locked
        assert thread.guild is not None, "threads exist in servers only"
        self._emit_of(thread.guild, "THREAD_UPDATE", serializers.channel_json(thread))

    def archive_thread(self, thread: Channel, *, archived: bool = True) -> None:
        """Put a thread away, or take it up again."""
        thread.archived = archived
        assert thread.guild is not None, "threads exist in servers only"
        self._emit_of(thread.guild, "THREAD_UPDATE", serializers.channel_json(thread))

    def direct_channel(self, user: User) -> Channel:
        """Find the direct channel between a user and the bot, or make it."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(
            self.ids.next(),
            ChannelType.DM,
            f"@{user.name}",
            self.changes,
            recipient=user,
            bot_id=self.bot_user.id,
        )
        self.channels[channel.id] = channel
        return channel

    def delete_channel(self, channel: Channel) -> None:
        """Delete a channel with its messages and threads."""
        for thread in [found for found in self.channels.values() if found.parent is channel]:
            del self.channels[thread.id]
        del self.channels[channel.id]
        assert channel.guild is not None, "direct channels stay"
        kind = "THREAD" if channel.type is ChannelType.THREAD else "CHANNEL"
        self._emit_of(channel.guild, f"{kind}_DELETE", serializers.channel_json(channel))

    def deny(self, channel: Channel, denied: Permission, to: User | Role | None = None) -> None:
        """Deny something in a channel to someone; to the bot, if nobody is named."""
        overwrite = self._overwrite(channel, to or self.bot_user)
        overwrite.deny |= denied
        overwrite.allow &= ~denied
        self._emit_channel(channel)

    def allow(self, channel: Channel, allowed: Permission, to: User | Role | None = None) -> None:
        """Allow something in a channel to someone; to the bot, if nobody is named."""
        overwrite = self._overwrite(channel, to or self.bot_user)
        overwrite.allow |= allowed
        overwrite.deny &= ~allowed
        self._emit_channel(channel)

    def post(self, message: Message) -> None:
        """Put a message where it belongs; an ephemeral one is nowhere but with its member.

        A message in an archived thread takes the thread up again.
        """
        if message.ephemeral:
            message.channel.ephemeral_messages.append(message)
            self.changes.notify()
            return
        if message.channel.archived:
            self.archive_thread(message.channel, archived=False)
        message.channel.messages.append(message)
        self._emit_message("MESSAGE_CREATE", message)

    def message_edited(self, message: Message) -> None:
        """Announce that a message was edited."""
        message.edit_count += 1
        message.edited_at = self.now()
        if not message.ephemeral:
            self._emit_message("MESSAGE_UPDATE", message)
        self.changes.notify()

    def delete_message(self, message: Message) -> None:
        """Take a message away."""
        if message in message.channel.ephemeral_messages:
            message.channel.ephemeral_messages.remove(message)
            self.changes.notify()
        if message in message.channel.messages:
            message.channel.messages.remove(message)
            data: Json = {"id": str(message.id), "channel_id": str(message.channel.id)}
            guild = message.channel.guild
            intent = Intent.DIRECT_MESSAGES if guild is None else Intent.GUILD_MESSAGES
            data |= {} if guild is None else {"guild_id": str(guild.id)}
            self.emit(GatewayEvent("MESSAGE_DELETE", data, intent, guild.id if guild else None))

    def _overwrite(self, channel: Channel, to: User | Role) -> Overwrite:
        place = channel.parent or channel
        return place.overwrites.setdefault(to.id, Overwrite(1 if isinstance(to, User) else 0))

    def _emit_channel(self, channel: Channel) -> None:
        place = channel.parent or channel
        assert place.guild is not None, "direct channels have no overwrites"
        self._emit_of(place.guild, "CHANNEL_UPDATE", serializers.channel_json(place))

    def _emit_of(self, guild: Guild, name: str, data: Json, intent: Intent = Intent.GUILDS) -> None:
        self.emit(GatewayEvent(name, data, intent, guild.id))

    def _emit_message(self, name: str, message: Message) -> None:
        guild = message.channel.guild
        intent = Intent.DIRECT_MESSAGES if guild is None else Intent.GUILD_MESSAGES
        data = serializers.message_json(message, event=True)
        readable = (
            message.author is self.bot_user or guild is None or self.bot_user in message.mentions
        )
        hidden: Json = {"content": "", "embeds": [], "components": [], "attachments": []}
        veiled = None if readable else {**data, **hidden}
        self.emit(GatewayEvent(name, data, intent, guild.id if guild else None, veiled))


def _recipient(channel: Channel) -> int:
    return 0 if channel.recipient is None else channel.recipient.id


def _role_event(guild: Guild, role: Role) -> Json:
    data = serializers.role_json(role, list(guild.roles).index(role.id))
    return {"guild_id": str(guild.id), "role": data}


def _only(things: Iterable[T], name: str, kind: str) -> T:
    """Find the one thing of this name.

    Raises:
        LookupError: there is none; the text names what there is.
    """
    listed = list(things)
    for thing in listed:
        if thing.name == name:
            return thing
    raise LookupError(f"no {kind} {name!r}; there is: {', '.join(found.name for found in listed)}")
