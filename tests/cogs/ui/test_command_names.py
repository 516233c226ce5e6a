"""Every name of a command or an option is in the catalogue, in its context."""

from collections.abc import Iterator
from typing import Any

from discord import app_commands

from cogs.ui.command_names import COMMAND_NAMES, OPTION_NAMES
from tests.harness.bot import BotHarness


def all_commands(harness: BotHarness) -> Iterator[Any]:
    """Yield every command, group and subcommand, but not the entries of menus."""
    for command in harness.bot.tree.walk_commands():
        if not isinstance(command, app_commands.ContextMenu):
            yield command


async def test_every_name_can_be_translated(harness: BotHarness) -> None:
    """No other name is listed."""
    commands = list(all_commands(harness))
    # image1 and image2 are one word.
    assert sorted({command.name for command in commands}) == sorted(COMMAND_NAMES)
    options = {
        option.display_name.rstrip("0123456789")
        for command in commands
        if not isinstance(command, app_commands.Group)
        for option in command.parameters
    }
    assert sorted(options) == sorted(OPTION_NAMES)
