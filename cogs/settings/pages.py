"""Knows how the pages of the panel look; says nothing by itself.

A message holds 40 components and 4,000 characters. The fullest page, that of one channel, has 37.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import discord
from discord import ui

from cogs.settings import controls
from cogs.settings.channel_page import channel_page
from cogs.settings.controls import Deed, Page, Spot
from cogs.settings.fields import ABOUT, TITLES
from cogs.settings.lines import fitting
from cogs.settings.overview import overview
from cogs.settings.preset_page import preset_page
from cogs.settings.rows import rows
from cogs.settings.state import State
from cogs.settings.trail import concerns, said
from domain.catalogue import t

_BLUE: Final = discord.Colour(0x5865F2)
_RED: Final = discord.Colour(0xDA373C)
_PROBLEMS_SHOWN: Final = 1_000
"""Characters."""

_Items = list[ui.Item[Any]]


@dataclass(frozen=True, slots=True)
class Notice:
    """Why a change was not made, and the button that brings what was typed back."""

    rules: Sequence[str]
    mend: ui.Item[Any] | None = None


def laid_out(state: State, spot: Spot, notice: Notice | None = None) -> ui.LayoutView:
    """Lay out a page, below a notice if there is one."""
    view = ui.LayoutView(timeout=None)
    if notice is not None:
        for item in _noticed(notice):
            view.add_item(item)
    head = ui.TextDisplay[Any](f"### {_title(spot)}\n-# {t(ABOUT[spot.page])}")
    body = [head, *_BODIES.get(spot.page, rows)(state, spot), *_last_change(state, spot)]
    view.add_item(ui.Container(*body, accent_colour=_BLUE))
    return view.add_item(_turning(spot))


def _noticed(notice: Notice) -> _Items:
    listed = fitting([f"- {rule}" for rule in notice.rules], _PROBLEMS_SHOWN)
    text = t("**Nothing was changed.**") + f"\n{listed}"
    box = ui.Container[Any](ui.TextDisplay(text), accent_colour=_RED)
    return [box, *([ui.ActionRow[Any](notice.mend)] if notice.mend else [])]


def _title(spot: Spot) -> str:
    if spot.page is Page.HOME:
        return t("Settings of this server")
    return t(TITLES[spot.page])


def _turning(spot: Spot) -> ui.Item[Any]:
    options = [
        discord.SelectOption(label=t(title), value=page, default=page is spot.page)
        for page, title in TITLES.items()
    ]
    return controls.menu(spot, Deed.TURN, options)


def _last_change(state: State, spot: Spot) -> _Items:
    change = next((one for one in state.changes if concerns(one, spot)), None)
    return [] if change is None else [ui.TextDisplay(f"-# {said(change)}")]


def _money(state: State, spot: Spot) -> _Items:
    """Lay out what is set, and where amounts are set, which may differ by member and role."""
    where = t("What may be spent in a day or a month: `/quota set`")
    return [*rows(state, spot), ui.TextDisplay(where)]


_BODIES: Final[Mapping[Page, Callable[[State, Spot], _Items]]] = MappingProxyType(
    {
        Page.HOME: overview,
        Page.MONEY: _money,
        Page.CHANNEL: channel_page,
        Page.PRESETS: preset_page,
    }
)
