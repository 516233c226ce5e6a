"""Mentions of commands: a click types the command, under its name in the reader's language."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from discord import AppCommandOptionType, AppCommandType

_COMMAND: Final = re.compile(r"`/([a-z_]+(?: [a-z_]+){0,2})`")
_NESTED: Final = (
    AppCommandOptionType.subcommand.value,
    AppCommandOptionType.subcommand_group.value,
)

_ids: dict[str, str] = {}


def remember_commands(registered: Iterable[Mapping[str, Any]]) -> None:
    """Remember the ids of commands, as Discord lists what is registered."""
    _ids.clear()
    for command in registered:
        if command.get("type", AppCommandType.chat_input.value) == AppCommandType.chat_input.value:
            _ids.update(dict.fromkeys(_paths(command), str(command["id"])))


def mention_commands(markdown: str) -> str:
    """Replace commands in backticks, such as `/help`, by mentions where their ids are known."""
    return _COMMAND.sub(_mention, markdown)


def _mention(found: re.Match[str]) -> str:
    command_id = _ids.get(found[1])
    return found[0] if command_id is None else f"</{found[1]}:{command_id}>"


def _paths(command: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names under which a command is typed: of a group only its commands."""
    nested = [one for one in command.get("options") or () if one.get("type") in _NESTED]
    if not nested:
        yield command["name"]
    for one in nested:
        yield from (f"{command['name']} {path}" for path in _paths(one))
