"""Comparison of the commands registered at Discord with those that a version defines.

Discord adds ids, versions and defaults to what it was given, spells permissions as text, and lists
the commands in any order; none of that is a difference.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, cast

Definition = Mapping[str, Any]
"""A command, as it is sent to Discord or as Discord returns it."""

_CHAT_INPUT: Final = 1
_PRIMARY_ENTRY_POINT: Final = 4
"""Made by Discord itself for applications with an activity."""

_FIELDS: Final = (
    "type",
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "choices",
    "required",
    "autocomplete",
    "min_value",
    "max_value",
    "min_length",
    "max_length",
    "channel_types",
    "value",
)
"""Fields of commands, options and choices that mean the same wherever they stand."""


@dataclass(frozen=True, slots=True)
class CommandDrift:
    """How the registered commands differ from the defined ones; names, sorted."""

    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Return whether there is any difference."""
        return bool(self.missing or self.unknown or self.changed)

    def __str__(self) -> str:
        """Return the difference in words for the operator."""
        parts = {"missing": self.missing, "unknown": self.unknown, "changed": self.changed}
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in parts.items() if names)

    @property
    def loggable(self) -> str:
        """Return the difference with the names of our own commands only."""
        unknown = (str(len(self.unknown)),) if self.unknown else ()
        return str(replace(self, unknown=unknown))


def compare_commands(
    defined: Iterable[Definition], registered: Iterable[Definition]
) -> CommandDrift:
    """Compare definitions with what Discord returns with full localizations."""
    wanted, found = _by_name(defined), _by_name(registered)
    changed = [key for key in wanted.keys() & found.keys() if wanted[key] != found[key]]
    return CommandDrift(
        missing=_names(wanted.keys() - found.keys()),
        unknown=_names(found.keys() - wanted.keys()),
        changed=_names(changed),
    )


def normalize(command: Definition) -> dict[str, Any]:
    """Return a command without what Discord adds, and without fields at their defaults."""
    body = _normalize_part(command)
    body["type"] = command.get("type") or _CHAT_INPUT
    permissions = command.get("default_member_permissions")
    if permissions is not None:
        body["default_member_permissions"] = str(permissions)
    if command.get("nsfw"):
        body["nsfw"] = True
    body["integration_types"] = sorted(command.get("integration_types") or [0])
    if command.get("contexts") is not None:
        body["contexts"] = sorted(command["contexts"])
    return body


def _by_name(commands: Iterable[Definition]) -> dict[tuple[int, str], dict[str, Any]]:
    bodies = [normalize(command) for command in commands]
    return {
        (body["type"], body["name"]): body
        for body in bodies
        if body["type"] != _PRIMARY_ENTRY_POINT
    }


def _names(keys: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"/{name}" if kind == _CHAT_INPUT else name for kind, name in keys))


def _normalize_part(part: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _normalize_value(part[name])
        for name in _FIELDS
        if name in part and not _is_default(part[name])
    }


def _normalize_value(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_normalize_value(item) for item in cast("Sequence[object]", value)]
    if not isinstance(value, Mapping):
        return value
    part = cast("Mapping[str, Any]", value)
    is_option = "name" in part and ("type" in part or "value" in part)
    return _normalize_part(part) if is_option else dict(part)


def _is_default(value: object) -> bool:
    return value is None or value is False or value in ("", [], {}, ())
