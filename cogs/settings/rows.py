"""Knows how each thing that can be set looks on its page."""

from typing import Any

import discord
from discord import ui

from cogs.settings import controls
from cogs.settings.controls import Spot
from cogs.settings.faults import remaining
from cogs.settings.fields import KNOBS
from cogs.settings.knobs import Choice, Knob, Pick, Text, alone
from cogs.settings.lines import BRIEFLY, fitting, warnings
from cogs.settings.state import State
from domain.catalogue import t


def rows(state: State, spot: Spot) -> list[ui.Item[Any]]:
    """Lay out everything that can be set on a page, as it is set."""
    return [item for knob in KNOBS[spot.page] for item in _row(state, spot, knob)]


def _row(state: State, spot: Spot, knob: Knob) -> list[ui.Item[Any]]:
    text, value = _labelled(state, spot, knob), state.value(spot, knob.field)
    match knob:
        case Text():
            change = controls.button(spot, knob.field, t("Change"))
            return [ui.Section(text, accessory=change)]
        case Choice():
            return [text, _choice_menu(spot, knob, value)]
        case Pick():
            return [text, _pick_menu(state.guild, spot, knob, value)]


def _labelled(state: State, spot: Spot, knob: Knob) -> ui.TextDisplay[Any]:
    label, shown = f"**{t(knob.label)}**", knob.shown(state.value(spot, knob.field))
    first = f"{label}: {shown}" if isinstance(knob, Text) else label
    hint = [f"-# {t(knob.hint)}"] if knob.hint else []
    warned = warnings(state, spot, knob)
    listed = [fitting(warned, BRIEFLY)] if warned else []
    return ui.TextDisplay("\n".join([first, *hint, *listed]))


def _choice_menu(spot: Spot, knob: Choice, value: Any) -> ui.Item[Any]:
    options = [
        discord.SelectOption(
            label=knob.said(one), value=one.key, default=knob.is_chosen(one, value)
        )
        for one in knob.offered()
    ]
    if not knob.many:
        return controls.menu(spot, knob.field, options)
    most, open_ = len(options), alone(t(knob.unset))
    return controls.menu(
        spot, knob.field, options, min_values=0, max_values=most, placeholder=open_
    )


def _pick_menu(guild: discord.Guild, spot: Spot, knob: Pick, value: Any) -> ui.Item[Any]:
    ids = remaining(guild, knob, knob.ids(value))[: knob.most]
    things, default = [discord.Object(id_) for id_ in ids], discord.SelectDefaultValue
    unset = alone(t(knob.unset))
    looks: dict[str, Any] = {"min_values": 0, "max_values": knob.most, "placeholder": unset}
    if knob.roles:
        roles = [default.from_role(thing) for thing in things]
        return controls.role_menu(spot, knob.field, default_values=roles, **looks)
    channels = [default.from_channel(thing) for thing in things]
    looks["forums"] = knob.forums
    return controls.channel_menu(spot, knob.field, default_values=channels, **looks)
