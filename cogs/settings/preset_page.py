"""Knows how the page of presets looks: all of them, or the one that is chosen."""

from collections.abc import Iterable
from typing import Any, Final

import discord
from discord import ui

from cogs import words
from cogs.settings import controls
from cogs.settings.controls import Deed, Page, Spot
from cogs.settings.lines import fitting
from cogs.settings.rows import rows
from cogs.settings.state import State
from domain.catalogue import t
from domain.models import MODELS
from domain.presets import Preset

_LIST_SHOWN: Final = 1_500
_SUFFIX_SHOWN: Final = 300
"""Characters; a message shows 4,000 in all."""


def preset_page(state: State, spot: Spot) -> list[ui.Item[Any]]:
    """Lay out the presets, or what can be done with the one that is chosen."""
    chosen = state.preset(spot.about)
    menu = [_menu(state.presets, chosen)] if state.presets else []
    add = controls.button(Spot(Page.PRESETS), Deed.ADD, t("Add"), discord.ButtonStyle.primary)
    if chosen is None:
        return [ui.TextDisplay(_listed(state.presets)), *menu, ui.ActionRow[Any](add)]
    edit = controls.button(spot, Deed.EDIT, t("Edit"))
    remove = controls.danger(spot, Deed.REMOVE, t("Delete"))
    return [
        ui.TextDisplay(_in_full(chosen)),
        *menu,
        *rows(state, spot),
        ui.ActionRow[Any](edit, remove, add),
    ]


def _listed(presets: Iterable[Preset]) -> str:
    lines = [f"- {_in_a_line(one)}" for one in presets]
    return fitting(lines, _LIST_SHOWN) if lines else t("There are none.")


def _menu(presets: Iterable[Preset], chosen: Preset | None) -> ui.Item[Any]:
    options = [
        discord.SelectOption(label=one.name, value=one.name, default=one == chosen)
        for one in presets
    ]
    spot = Spot(Page.PRESETS, "" if chosen is None else chosen.name)
    return controls.menu(spot, Deed.CHOOSE, options, placeholder=t("Choose a preset"))


def _in_full(preset: Preset) -> str:
    adds = words.harmless(preset.suffix, _SUFFIX_SHOWN)
    return f"{_in_a_line(preset)}\n> {adds}" if adds else _in_a_line(preset)


def _in_a_line(preset: Preset) -> str:
    return f"**{words.harmless(preset.name, 40)}**: {_in_words(preset)}"


def _in_words(preset: Preset) -> str:
    sounds = {True: t("with sound"), False: t("silent"), None: ""}
    parts = [
        MODELS[preset.model].label if preset.model else "",
        t("{seconds} s", seconds=preset.seconds) if preset.seconds else "",
        preset.resolution or "",
        preset.aspect_ratio or "",
        sounds[preset.sound],
        t("adds words") if preset.suffix else "",
    ]
    return " · ".join(part for part in parts if part)
