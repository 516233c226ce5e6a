"""Building blocks of messages that are laid out with components."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any, Final, TypeAlias

import discord
from discord import ui

from cogs.ui.command_mentions import mention_commands
from cogs.ui.i18n import ngettext

LayoutItem: TypeAlias = ui.Item[Any]

BLUE: Final = discord.Colour(0x5865F2)


def text_block(content: str) -> LayoutItem:
    """Return a block of text, in Discord's Markdown; commands in backticks become mentions."""
    return ui.TextDisplay[Any](mention_commands(content))


def box(colour: discord.Colour, *items: LayoutItem) -> LayoutItem:
    """Return a box with a coloured edge around items."""
    return ui.Container[Any](*items, accent_colour=colour)


def lines_box(colour: discord.Colour, lines: Iterable[str]) -> LayoutItem:
    """Return a box around lines of text."""
    return box(colour, text_block("\n".join(lines)))


def row(*items: LayoutItem) -> LayoutItem:
    """Return a row of buttons, or of one menu."""
    return ui.ActionRow[Any](*items)


def optional_row(*items: LayoutItem | None) -> list[LayoutItem]:
    """Return a row of those items that there are, or no row where there are none."""
    given = [item for item in items if item is not None]
    return [row(*given)] if given else []


def gallery(items: Iterable[discord.MediaGalleryItem]) -> list[LayoutItem]:
    """Return a gallery of pictures and videos, or none where there are none."""
    given = list(items)
    return [ui.MediaGallery[Any](*given)] if given else []


def layout(*items: LayoutItem) -> ui.LayoutView:
    """Return a view of items, whose buttons work for ever."""
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return view


def fitting_lines(lines: Sequence[str], max_chars: int) -> list[str]:
    """Return as many lines as fit, and behind them how many others there are."""
    ends = accumulate(len(line) + 1 for line in lines)
    fitting = sum(end <= max_chars for end in ends)
    more = len(lines) - fitting
    rest = [f"- {ngettext('… and {count} more.', '… and {count} more.', more)}"] if more else []
    return [*lines[:fitting], *rest]
