"""The application's commands: Discord's rules for them, and which are registered where."""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from sandbox.discord.command_shape import shown
from sandbox.discord.errors import ApiError, FieldErrors, unknown_resource
from sandbox.discord.json_values import Json, as_int, as_list, as_object, as_objects
from sandbox.discord.localizations import (
    check_localizations,
    check_localized_names_differ,
    count_characters,
)
from sandbox.discord.snowflakes import SnowflakeGenerator

CHAT, USER, MESSAGE = 1, 2, 3
_MOST: Final = {CHAT: 100, USER: 15, MESSAGE: 15}
_SUBCOMMAND, _GROUP = 1, 2
_TEXTUAL: Final = (3, 4, 10)
_NAME: Final = re.compile(r"[-_'\w]{1,32}")
_CHARACTERS: Final = 8000
_DAY: Final = 86_400.0


class CommandRegistry:
    """Keeps the commands of the application, and of each server (by its id; None is global)."""

    def __init__(
        self,
        ids: SnowflakeGenerator,
        now: Callable[[], float],
        application_id: int,
        creates_per_day: int,
    ) -> None:
        self._ids = ids
        self._now = now
        self._application_id = application_id
        self._creates_per_day = creates_per_day
        self._created: dict[int | None, list[float]] = {}
        self._scopes: dict[int | None, list[Json]] = {}
        self.syncs = 0

    def registered_in(self, scope: int | None) -> list[Json]:
        """List what is registered in one place."""
        return self._scopes.get(scope, [])

    def visible_in(self, guild_id: int) -> list[Json]:
        """List what members of a server see: its own commands, and the global ones."""
        return [*self.registered_in(guild_id), *self.registered_in(None)]

    def available_in(self, guild_id: int | None) -> list[Json]:
        """List what is offered in a server's channels; for None, in direct ones with the bot."""
        if guild_id is None:
            return [
                found for found in self.registered_in(None) if is_available(found, in_guild=False)
            ]
        return [found for found in self.visible_in(guild_id) if is_available(found, in_guild=True)]

    def find(self, guild_id: int | None, name: str, kind: int = CHAT) -> Json | None:
        """Find a command that members of a server see; for None, one that is global."""
        seen = self.registered_in(None) if guild_id is None else self.visible_in(guild_id)
        return _named(seen, name, kind)

    def get(self, scope: int | None, command_id: int) -> Json:
        """Find a command by id.

        Raises:
            Refused: there is none.
        """
        for command in self.registered_in(scope):
            if command["id"] == str(command_id):
                return command
        raise unknown_resource("application command", 10063)

    def overwrite(self, scope: int | None, value: object) -> list[Json]:
        """Replace all commands of one place; those of the same name keep their ids.

        Raises:
            Refused: a command breaks a rule, or there are too many.
        """
        given = as_list(value)
        if given is None:
            raise ApiError(400, 50035, "Invalid Form Body")
        check_commands([as_object(item) or {} for item in given])
        self._scopes[scope] = [self._registered(scope, as_object(item) or {}) for item in given]
        self.syncs += 1
        return self.registered_in(scope)

    def upsert(self, scope: int | None, command: Json) -> tuple[Json, bool]:
        """Register one command, or replace the one of its name; return whether it is new.

        Raises:
            Refused: it breaks a rule, or there are too many.
        """
        kind = as_int(command.get("type"), CHAT)
        old = _named(self.registered_in(scope), str(command.get("name")), kind)
        others = [found for found in self.registered_in(scope) if found is not old]
        check_commands([command], among=others)
        made = self._registered(scope, command)
        self._scopes[scope] = [*others, made]
        return made, old is None

    def update(self, scope: int | None, command_id: int, changes: Json) -> Json:
        """Change some fields of a command.

        Raises:
            Refused: there is none, or it would break a rule.
        """
        old = self.get(scope, command_id)
        others = [found for found in self.registered_in(scope) if found is not old]
        changed = {**old, **changes}
        check_commands([changed], among=others)
        made = {**changed, "version": str(self._ids.next())}
        self._scopes[scope] = [*others, made]
        return made

    def remove(self, scope: int | None, command_id: int) -> None:
        """Take a command away.

        Raises:
            Refused: there is none.
        """
        gone = self.get(scope, command_id)
        self._scopes[scope] = [found for found in self.registered_in(scope) if found is not gone]

    def _registered(self, scope: int | None, command: Json) -> Json:
        kind = as_int(command.get("type"), CHAT)
        old = _named(self.registered_in(scope), command["name"], kind)
        if old is None:
            self._count_create(scope)
        return {
            "id": old["id"] if old else str(self._ids.next()),
            "application_id": str(self._application_id),
            "version": str(self._ids.next()),
            **shown(command, kind),
            **({} if scope is None else {"guild_id": str(scope)}),
        }

    def _count_create(self, scope: int | None) -> None:
        since = self._now() - _DAY
        recent = [at for at in self._created.get(scope, []) if at > since]
        if len(recent) >= self._creates_per_day:
            said = f"Max number of daily application command creates reached ({len(recent)})"
            raise ApiError(400, 30034, said)
        self._created[scope] = [*recent, self._now()]


def check_commands(commands: list[Json], among: Iterable[Json] = ()) -> None:
    """Check commands by all of Discord's rules, together with what is already there.

    Raises:
        Refused: 50035 with every broken rule, or 30032 for too many.
    """
    form, seen = FieldErrors(), {(found["type"], found["name"]) for found in among}
    for index, command in enumerate(commands):
        key = (as_int(command.get("type"), CHAT), str(command.get("name")))
        if key in seen:
            said = "Application command names must be unique"
            form.add(str(index), "APPLICATION_COMMANDS_DUPLICATE_NAME", said)
        seen.add(key)
        _check_command(form, str(index), command)
    form.raise_if_any()
    for kind, most in _MOST.items():
        if sum(1 for found, _ in seen if found == kind) > most:
            said = f"Maximum number of application commands reached ({most})."
            raise ApiError(400, 30032, said)


def _check_command(form: FieldErrors, path: str, command: Json) -> None:
    kind = as_int(command.get("type"), CHAT)
    form.check_choice(f"{path}.type", kind, tuple(_MOST))
    if kind != CHAT:
        form.check_length(f"{path}.name", command.get("name"), 1, 32)
        check_localizations(form, path, command, "name", 32)
        if command.get("description"):
            said = "Context menu commands cannot have description"
            form.add(path, "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION", said)
        return
    _check_names(form, path, command)
    _check_options(form, f"{path}.options", command.get("options"), depth=0)
    if count_characters(command) > _CHARACTERS:
        said = f"Command exceeds maximum size ({_CHARACTERS})"
        form.add(path, "APPLICATION_COMMAND_TOO_LARGE", said)


def _check_names(form: FieldErrors, path: str, thing: Json) -> None:
    name = thing.get("name")
    form.check_length(f"{path}.name", name, 1, 32)
    if isinstance(name, str) and len(name) <= 32 and not _is_name(name):
        said = "Command name is invalid"
        form.add(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", said)
    form.check_length(f"{path}.description", thing.get("description"), 1, 100)
    check_localizations(form, path, thing, "name", 32, _is_name)
    check_localizations(form, path, thing, "description", 100)


def _is_name(name: str) -> bool:
    return _NAME.fullmatch(name) is not None and name == name.lower()


def _check_options(form: FieldErrors, path: str, value: object, depth: int) -> None:
    if value is None:
        return
    options = as_objects(value)
    form.check_count(path, len(options), 0, 25)
    names: set[str] = set()
    optional_seen = False
    for index, option in enumerate(options):
        place = f"{path}.{index}"
        name = str(option.get("name"))
        if name in names:
            said = "Option names must be unique"
            form.add(place, "APPLICATION_COMMAND_OPTIONS_NAME_INVALID", said)
        names.add(name)
        if option.get("required") and optional_seen:
            said = "Required options must be placed before non-required options"
            form.add(place, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", said)
        optional_seen = optional_seen or not option.get("required")
        _check_option(form, place, option, depth)
    check_localized_names_differ(form, path, options)
    _check_mixture(form, path, options)


def _check_mixture(form: FieldErrors, path: str, options: list[Json]) -> None:
    nested = [option for option in options if option.get("type") in (_SUBCOMMAND, _GROUP)]
    if nested and len(nested) != len(options):
        said = "Sub-command and sub-command group option types are mutually exclusive to others"
        form.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", said)


def _check_option(form: FieldErrors, path: str, option: Json, depth: int) -> None:
    kind = option.get("type")
    form.check_choice(f"{path}.type", kind, tuple(range(1, 12)))
    _check_names(form, path, option)
    if kind in (_SUBCOMMAND, _GROUP):
        if depth >= (2 if kind == _SUBCOMMAND else 1):
            said = "Sub-commands can not be nested so deeply"
            form.add(path, "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", said)
        else:
            _check_options(form, f"{path}.options", option.get("options"), depth + 1)
        return
    if option.get("autocomplete") and option.get("choices"):
        said = "Autocomplete can not be set if choices are present"
        form.add(path, "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", said)
    _check_choices(form, f"{path}.choices", option)
    _check_bounds(form, path, option)


def _check_choices(form: FieldErrors, path: str, option: Json) -> None:
    choices = as_objects(option.get("choices"))
    form.check_count(path, len(choices), 0, 25)
    if choices and option.get("type") not in _TEXTUAL:
        form.add(path, "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID", "Choices not allowed here")
    for index, choice in enumerate(choices):
        form.check_length(f"{path}.{index}.name", choice.get("name"), 1, 100)
        check_localizations(form, f"{path}.{index}", choice, "name", 100)
        check_choice_value(form, f"{path}.{index}.value", choice.get("value"), option.get("type"))
    names = [str(choice.get("name")) for choice in choices]
    if len(set(names)) != len(names):
        said = "Choice names must be unique"
        form.add(path, "APPLICATION_COMMAND_OPTIONS_CHOICE_NAMES_DUPLICATED", said)


def is_available(command: Json, *, in_guild: bool) -> bool:
    """Return by its contexts whether a command is for servers, or for direct channels."""
    contexts = as_list(command.get("contexts"))
    if contexts is not None:
        return (0 if in_guild else 1) in contexts
    return in_guild or command.get("dm_permission") is not False


def check_choice_value(form: FieldErrors, path: str, value: Any, kind: Any) -> None:
    """Demand a choice's value to be of its option's type."""
    if kind == 3:
        form.check_length(path, value, 0, 100)
        return
    numeric = isinstance(value, int if kind == 4 else int | float) and not isinstance(value, bool)
    if not numeric:
        form.add(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not a number.')


def _check_bounds(form: FieldErrors, path: str, option: Json) -> None:
    form.check_number(f"{path}.min_length", option.get("min_length"), 0, 6000)
    form.check_number(f"{path}.max_length", option.get("max_length"), 1, 6000)
    low, high = option.get("min_value"), option.get("max_value")
    for name, value in (("min_value", low), ("max_value", high)):
        if value is not None:
            check_choice_value(form, f"{path}.{name}", value, kind=10)
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        form.add(f"{path}.min_value", "NUMBER_TYPE_MAX", "Must not exceed max_value.")


def _named(commands: Iterable[Json], name: str, kind: int) -> Json | None:
    for command in commands:
        if command["name"] == name and command["type"] == kind:
            return command
    return None
