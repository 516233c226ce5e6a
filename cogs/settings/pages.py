"""Knows how the pages of the panel look; says nothing by itself.

A message holds 40 components and 4,000 characters. The fullest page, that of one channel, has 37.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import Any, Final

import discord
from discord import ui

from cogs.settings import controls
from cogs.settings.audit_log import concerns, said
from cogs.settings.checks import closed, faults, remaining
from cogs.settings.controls import Deed, Page, Spot
from cogs.settings.field_types import Choice, Knob, Pick, Text, alone
from cogs.settings.fields import ABOUT, KNOBS, TITLES
from cogs.settings.service import State, gone_channels
from cogs.ui import text
from domain.catalogue import mark, n, t
from domain.models import MODELS
from domain.presets import Preset

BRIEFLY: Final = 500
"""Characters of a list that has others beside it; a message shows 4,000 in all."""


def line(state: State, spot: Spot, knob: Knob) -> str:
    """Say what is set under a name; in bold if managers set it."""
    shown = knob.shown(state.value(spot, knob.field))
    is_set = state.is_set(spot, knob.field)
    return f"{t(knob.label)}: **{shown}**" if is_set else f"{t(knob.label)}: {shown}"


def differing(state: State, channel_id: int) -> str:
    """Say in what a channel differs from the rest of its server, if in anything."""
    spot = Spot(Page.CHANNEL, str(channel_id))
    knobs = [knob for knob in KNOBS[Page.CHANNEL] if state.is_set(spot, knob.field)]
    return " · ".join(line(state, spot, knob) for knob in knobs)


def warnings(state: State, spot: Spot, knob: Knob) -> list[str]:
    """Say what is wrong with the channels or roles that are set under a name."""
    if not isinstance(knob, Pick):
        return []
    ids = knob.ids(state.value(spot, knob.field))
    return marked(faults(state.guild, knob, ids))


def marked(said: Iterable[str]) -> list[str]:
    """Mark warnings as such."""
    return [f"⚠️ {one}" for one in said]


def fitting(parts: Sequence[str], most: int, between: str = "\n") -> str:
    """Join as many parts as fit, and say how many more there are."""
    ends = accumulate(len(part) + len(between) for part in parts)
    shown = sum(end <= most for end in ends)
    more = len(parts) - shown
    rest = [n("… and {count} more.", "… and {count} more.", more)] if more else []
    return between.join([*parts[:shown], *rest])


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
    names = [f"**{text.harmless(one.name, 40)}**" for one in state.presets]
    return fitting(names, BRIEFLY, ", ") if names else t("There are none.")


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


def channel_page(state: State, spot: Spot) -> list[ui.Item[Any]]:
    """Lay out which channel it is, its rules, and what clears them."""
    channel_id = int(spot.about)
    there = [discord.SelectDefaultValue.from_channel(discord.Object(channel_id))]
    if state.guild.get_channel_or_thread(channel_id) is None:
        there = []
    own = differing(state, channel_id)
    text = [
        own or t("It is as on the rest of the server."),
        *marked(closed(state.guild, [channel_id])),
    ]
    about = t("**<#{channel}>**: {rules}", channel=channel_id, rules="\n".join(text))
    return [
        ui.TextDisplay(about),
        controls.channel_menu(spot, Deed.CHOOSE, forums=True, default_values=there),
        *rows(state, spot),
        *_clearing(state, spot, is_own=bool(own)),
    ]


def _clearing(state: State, spot: Spot, *, is_own: bool) -> list[ui.Item[Any]]:
    """Lay out the buttons that clear the rules of this channel, and of those that are gone."""
    buttons: list[ui.Item[Any]] = []
    if is_own:
        buttons.append(controls.danger(spot, Deed.CLEAR, t("Clear these rules")))
    gone = gone_channels(state)
    if gone:
        label = n("Clear {count} deleted channel", "Clear {count} deleted channels", len(gone))
        buttons.append(controls.danger(spot, Deed.SWEEP, label))
    return [ui.ActionRow[Any](*buttons)] if buttons else []


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
    adds = text.harmless(preset.suffix, _SUFFIX_SHOWN)
    return f"{_in_a_line(preset)}\n> {adds}" if adds else _in_a_line(preset)


def _in_a_line(preset: Preset) -> str:
    return f"**{text.harmless(preset.name, 40)}**: {_in_words(preset)}"


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
