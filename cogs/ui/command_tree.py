"""The tree of commands, which checks what it is sent before a command runs.

Discord checks options against the commands that are registered. Those may be another version's,
and while an option is typed nothing is checked.
"""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, cast

import discord
from discord import app_commands

from cogs.ui.command_names import RENAMED_COMMANDS
from cogs.ui.forms import as_list, as_object
from cogs.ui.i18n import _, speak
from cogs.ui.interactions import UserError, channel_id_of, guild_id_of, handle_error
from cogs.ui.routing import Interaction, UnknownInteraction
from domain.snowflakes import parse_snowflake

_MAX_TEXT_CHARS: Final = 6_000
_MAX_INTEGER: Final = 2**53

_Type = discord.AppCommandOptionType
_RESOLVED_AS: Final = {
    _Type.user: "users",
    _Type.role: "roles",
    _Type.channel: "channels",
    _Type.attachment: "attachments",
}


class CheckedCommandTree(app_commands.CommandTree[Any]):
    """A tree whose commands are used where they may be, with options as they are defined."""

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Return whether a command can run; if not, its member is told why.

        From here on the task speaks the member's language.
        """
        speak(str(interaction.locale))
        try:
            if not self._is_for_dms(interaction):
                guild_id_of(interaction)
            channel_id_of(interaction)
            self._check_data(interaction)
        except (UserError, UnknownInteraction) as error:
            await handle_error(interaction, error)
            return False
        return True

    def _is_for_dms(self, interaction: Interaction) -> bool:
        """Return whether a command may be used in direct messages, too."""
        command = self.get_command(str(as_object(interaction.data).get("name")))
        allowed = None if command is None else command.allowed_contexts
        return allowed is not None and bool(allowed.dm_channel)

    def _check_data(self, interaction: Interaction) -> None:
        """Check a command's name and options.

        Raises:
            UserError: the command has another name now.
            UnknownInteraction: they are not those of any command.
        """
        data = as_object(interaction.data)
        resolved = as_object(data.get("resolved"))
        if data.get("type", 1) != discord.AppCommandType.chat_input.value:
            self._check_menu(data, resolved)
            return
        _check_renamed(data)
        command, options = self._find(data)
        parameters = {parameter.display_name: parameter for parameter in command.parameters}
        given = {str(option.get("name")): option for option in options}
        if interaction.type is discord.InteractionType.autocomplete:
            typed = (parameters.get(name) for name in given if given[name].get("focused"))
            complete = any(parameter and parameter.autocomplete for parameter in typed)
            fits = _can_be_read
        else:
            required = (name for name, parameter in parameters.items() if parameter.required)
            complete, fits = all(name in given for name in required), partial(_fits, resolved)
        is_known = all(
            name in parameters
            and "value" in option
            and option.get("type") == parameters[name].type.value
            and fits(parameters[name], option)
            for name, option in given.items()
        )
        if not (complete and is_known):
            raise UnknownInteraction(command.qualified_name)

    def _check_menu(self, data: Mapping[str, Any], resolved: Mapping[str, Any]) -> None:
        name, target = str(data.get("name")), str(data.get("target_id"))
        kinds = {kind.value: kind for kind in discord.AppCommandType}
        kind = kinds.get(cast("int", data.get("type")))
        found = None if kind is None else self.get_command(name, type=kind)
        targets = (as_object(resolved.get(what)) for what in ("messages", "users"))
        if found is None or not any(target in items for items in targets):
            raise UnknownInteraction(name)

    def _find(
        self, data: Mapping[str, Any]
    ) -> tuple[app_commands.Command[Any, ..., Any], list[Mapping[str, Any]]]:
        """Return the command, of a group if it has any, and its options as they were sent."""
        name = str(data.get("name"))
        command = self.get_command(name)
        options = [as_object(option) for option in as_list(data.get("options"))]
        while isinstance(command, app_commands.Group):
            step = next(iter(options), as_object(None))
            command = command.get_command(str(step.get("name")))
            options = [as_object(option) for option in as_list(step.get("options"))]
        if not isinstance(command, app_commands.Command):
            raise UnknownInteraction(name)
        return command, options


def _check_renamed(data: Mapping[str, Any]) -> None:
    options = (as_object(option) for option in as_list(data.get("options")))
    nested = next(options, as_object(None))
    now = RENAMED_COMMANDS.get(f"{data.get('name')} {nested.get('name')}")
    if now is not None and nested.get("type") == _Type.subcommand.value:
        raise UserError(_("Use {command} for this now.", command=f"`/{now}`"))


def _fits(
    resolved: Mapping[str, Any], parameter: app_commands.Parameter, option: Mapping[str, Any]
) -> bool:
    """Return whether the value of an option is of its type."""
    value = option["value"]
    match parameter.type:
        case _Type.string:
            return isinstance(value, str) and len(value) <= _MAX_TEXT_CHARS
        case _Type.boolean:
            return isinstance(value, bool)
        case _Type.integer:
            return _is_number(value, int) and abs(cast("int", value)) <= _MAX_INTEGER
        case _Type.number:
            return _is_number(value, int | float)
        case _:
            what = _RESOLVED_AS.get(parameter.type)
            return what is not None and str(value) in as_object(resolved.get(what))


def _can_be_read(parameter: app_commands.Parameter, option: Mapping[str, Any]) -> bool:
    """Return whether the library reads an option while one is typed; nothing is resolved then."""
    if parameter.type in _RESOLVED_AS:
        return parse_snowflake(str(option["value"])) is not None
    is_free = parameter.type is not _Type.number or bool(option.get("focused"))
    return is_free or _is_number(option["value"], int | float)


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value)
