"""Checks that Discord's own client makes before it sends a command."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sandbox.discord import permissions, serializers
from sandbox.discord.commands import is_available
from sandbox.discord.errors import ClientActionRefused
from sandbox.discord.json_values import Json, as_objects
from sandbox.discord.models import Attachment, Channel, Permission, Role, User

_SUBCOMMAND, _GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
_MOST_CHARACTERS: Final = 6000
_KINDS: Final = {INTEGER: int | str, NUMBER: int | float | str, BOOLEAN: bool}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a member attaches, made up in a test."""

    name: str
    content: bytes
    content_type: str | None = None


UploadFile = Callable[[Path | Upload], Awaitable[Attachment]]


@dataclass(slots=True)
class ResolvedData:
    """What an interaction says about the things that its options name by id."""

    channel: Channel
    data: dict[str, Json] = field(default_factory=dict[str, Json])

    def add(self, kind: str, number: int, body: Json) -> str:
        """Note a thing and give its id as Discord writes it."""
        self.data.setdefault(kind, {})[str(number)] = body
        return str(number)

    def add_user(self, user: User) -> str:
        """Note a user, and the member of the server that it is."""
        guild = self.channel.guild
        member = None if guild is None else guild.members.get(user.id)
        if member is not None:
            body = serializers.interaction_member_json(self.channel, member)
            del body["user"]
            self.add("members", user.id, body)
        return self.add("users", user.id, serializers.user_json(user))

    def add_role(self, role: Role) -> str:
        """Note a role of the server."""
        assert self.channel.guild is not None, "roles exist in servers only"
        position = list(self.channel.guild.roles).index(role.id)
        return self.add("roles", role.id, serializers.role_json(role, position))

    def add_channel(self, channel: Channel, user: User) -> str:
        """Note a channel, with what a user may do in it."""
        granted = serializers.format_permissions(permissions.channel_permissions(channel, user.id))
        return self.add(
            "channels", channel.id, {**serializers.channel_json(channel), "permissions": granted}
        )


def check_may_use(command: Json, channel: Channel, user: User) -> None:
    """Refuse a command that a user would not be offered in a channel.

    Raises:
        ClientActionRefused: says why.
    """
    in_guild = channel.guild is not None
    granted = permissions.channel_permissions(channel, user.id)
    if not granted & Permission.VIEW_CHANNEL:
        raise ClientActionRefused(f"{user.name} does not see #{channel.name}")
    if channel.archived:
        raise ClientActionRefused(f"#{channel.name} is archived")
    if channel.type.holds_threads_only:
        raise ClientActionRefused(f"#{channel.name} holds threads only")
    if not granted & Permission.USE_APPLICATION_COMMANDS:
        raise ClientActionRefused(f"{user.name} may not use commands in #{channel.name}")
    needed = command.get("default_member_permissions") if in_guild else None
    if needed is not None and not _has(granted, int(needed)):
        raise ClientActionRefused(f"/{command['name']} is not offered to {user.name}")
    if command.get("nsfw") and not channel.is_age_restricted:
        raise ClientActionRefused(f"/{command['name']} is for age-restricted channels")
    if not is_available(command, in_guild=in_guild):
        place = "servers" if in_guild else "direct messages"
        raise ClientActionRefused(f"/{command['name']} is not offered in {place}")


def find_subcommand(command: Json, path: list[str]) -> tuple[Json, list[Json]]:
    """Follow the names of subcommands; give the last, and all steps on the way to it.

    Raises:
        ClientActionRefused: there is no such subcommand, or one is missing.
    """
    place, steps = command, list[Json]()
    for name in path:
        offered = [
            o for o in as_objects(place.get("options")) if o["type"] in (_SUBCOMMAND, _GROUP)
        ]
        place = next((option for option in offered if option["name"] == name), Json())
        if not place:
            raise ClientActionRefused(f"/{command['name']} has no subcommand {name!r}")
        steps.append(place)
    if any(option["type"] in (_SUBCOMMAND, _GROUP) for option in as_objects(place.get("options"))):
        raise ClientActionRefused(f"/{command['name']} can not be used without a subcommand")
    return place, steps


def nest_options(steps: list[Json], options: list[Json]) -> list[Json]:
    """Put options below the subcommands that lead to them."""
    for step in reversed(steps):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    return options


def check_option_names(command: Json, values: Mapping[str, Any], *, complete: bool) -> None:
    """Refuse options that do not exist, and (if `complete`) required ones that are missing.

    Raises:
        ClientActionRefused: names them.
    """
    offered = as_objects(command.get("options"))
    strange = set(values) - {option["name"] for option in offered}
    if strange:
        raise ClientActionRefused(f"/{command['name']} has no option {', '.join(sorted(strange))}")
    missing = [o["name"] for o in offered if o.get("required") and o["name"] not in values]
    if complete and missing:
        raise ClientActionRefused(f"/{command['name']} needs the option {', '.join(missing)}")


def partial_option(option: Json, value: object, resolved: ResolvedData, user: User) -> Json:
    """Write an option that is given while another is being typed; no limit is checked yet.

    Raises:
        ClientActionRefused: it is of a kind that the client could not have put there.
    """
    kind = option["type"]
    if isinstance(value, User | Role | Channel):
        value = resolve_entity(option, value, resolved, user)
    if not isinstance(value, _KINDS.get(kind, str)) or (kind != BOOLEAN and value is True):
        raise ClientActionRefused(f"{option['name']} can not be {value!r}")
    return {"name": option["name"], "type": kind, "value": value}


def resolve_entity(option: Json, value: object, resolved: ResolvedData, user: User) -> str:
    """Check a user, role or channel by the option that takes it, and note it.

    Raises:
        ClientActionRefused: the option takes something else.
    """
    kind = option["type"]
    person = value if isinstance(value, User) else getattr(value, "user", None)
    if isinstance(person, User) and kind in (USER, MENTIONABLE):
        return resolved.add_user(person)
    if isinstance(value, Role) and kind in (ROLE, MENTIONABLE):
        return resolved.add_role(value)
    if isinstance(value, Channel) and kind == CHANNEL:
        offered = option.get("channel_types")
        if not offered or value.type in offered:
            return resolved.add_channel(value, user)
    raise ClientActionRefused(f"{option['name']} can not be {value!s}")


class OptionReader:
    """Turns what a member gave for each option into what the client sends."""

    def __init__(self, user: User, resolved: ResolvedData, upload: UploadFile) -> None:
        self._user = user
        self._resolved = resolved
        self._upload = upload

    async def read(self, option: Json, value: Any) -> Json:
        """Check a value by its option, and write it as the client does.

        Raises:
            ClientActionRefused: says what is wrong with it.
        """
        match option["type"]:
            case 3:
                sent: Any = _text(option, value)
            case 4 | 10:
                sent = _number(option, value)
            case 5:
                if not isinstance(value, bool):
                    raise ClientActionRefused(f"{option['name']} is True or False")
                sent = value
            case 11:
                sent = await self._attachment(option, value)
            case _:
                sent = resolve_entity(option, value, self._resolved, self._user)
        return {"name": option["name"], "type": option["type"], "value": sent}

    async def _attachment(self, option: Json, value: Any) -> str:
        if not isinstance(value, Path | Upload):
            raise ClientActionRefused(f"{option['name']} is a file")
        made = await self._upload(value)
        return self._resolved.add("attachments", made.id, serializers.attachment_json(made))


def _has(granted: Permission, needed: int) -> bool:
    return (int(granted) & needed == needed and needed != 0) or granted == Permission.ALL


def _text(option: Json, value: Any) -> str:
    if not isinstance(value, str):
        raise ClientActionRefused(f"{option['name']} is text")
    if option.get("choices"):
        return _chosen(option, value)
    least = max(option.get("min_length") or 0, 1 if option.get("required") else 0)
    most = min(option.get("max_length") or _MOST_CHARACTERS, _MOST_CHARACTERS)
    if not least <= len(value) <= most:
        raise ClientActionRefused(f"{option['name']} has {least} to {most} characters")
    return value


def _number(option: Json, value: Any) -> int | float:
    kind = int if option["type"] == INTEGER else (int | float)
    if isinstance(value, bool) or not isinstance(value, kind):
        raise ClientActionRefused(f"{option['name']} is a number")
    if option.get("choices"):
        return _chosen(option, value)
    least, most = option.get("min_value"), option.get("max_value")
    if (least is not None and value < least) or (most is not None and value > most):
        raise ClientActionRefused(f"{option['name']} is {least} to {most}")
    return value


def _chosen(option: Json, value: Any) -> Any:
    for choice in as_objects(option.get("choices")):
        if value in (choice["value"], choice["name"]):
            return choice["value"]
    names = ", ".join(str(choice["value"]) for choice in as_objects(option["choices"]))
    raise ClientActionRefused(f"{option['name']} is one of {names}")
