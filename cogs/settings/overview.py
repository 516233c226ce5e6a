"""Knows how the first page of the panel looks: everything that is set, at a glance."""

from collections.abc import Iterable
from typing import Any, Final

from discord import ui

from cogs import words
from cogs.settings.controls import Page, Spot
from cogs.settings.fields import KNOBS, TITLES
from cogs.settings.lines import BRIEFLY, differing, fitting, line, warnings
from cogs.settings.state import State
from domain.catalogue import mark, t

_TITLES: Final = {Page.CHANNEL: mark("Channels with rules of their own")}
"""Those that differ from the pages' own."""


def overview(state: State, _spot: Spot) -> list[ui.Item[Any]]:
    """Lay out what is set on each page."""
    items: list[ui.Item[Any]] = []
    for page in Page:
        lines = list(_lines(state, page))
        if lines:
            title = f"**{t(_TITLES.get(page, TITLES[page]))}**"
            items += [ui.Separator(), ui.TextDisplay("\n".join([title, *lines]))]
    return items


def _lines(state: State, page: Page) -> Iterable[str]:
    match page:
        case Page.CHANNEL:
            yield _own_rules(state)
        case Page.PRESETS:
            yield _named_presets(state)
        case _:
            for knob in KNOBS[page]:
                yield line(state, Spot(page), knob)
                yield from warnings(state, Spot(page), knob)[:1]


def _own_rules(state: State) -> str:
    """List the channels that have rules of their own."""
    lines = [
        f"<#{one.channel_id}>: {differing(state, one.channel_id)}"
        for one in state.settings.overrides
    ]
    return fitting(lines, BRIEFLY) if lines else t("None differs from the rest of the server.")


def _named_presets(state: State) -> str:
    names = [f"**{words.harmless(one.name, 40)}**" for one in state.presets]
    return fitting(names, BRIEFLY, ", ") if names else t("There are none.")
