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
from cogs.settings.audit_log import affects_page, format_setting_change
from cogs.settings.checks import existing_ids, find_posting_problems, find_selection_problems
from cogs.settings.controls import ControlAction, SettingsLocation, SettingsPage
from cogs.settings.field_types import (
    ChannelOrRoleField,
    SelectField,
    SettingField,
    TextField,
    capitalize_first,
)
from cogs.settings.fields import FIELDS_BY_PAGE, PAGE_DESCRIPTIONS, PAGE_TITLES
from cogs.settings.service import SettingsState, deleted_channel_ids
from cogs.ui import text
from cogs.ui.i18n import N_, _, ngettext
from cogs.ui.layout import BLUE
from cogs.ui.violations import format_violation
from domain.models import MODELS
from domain.presets import Preset
from domain.violations import Violation

SHORT_LIST_LENGTH: Final = 500
"""Characters of a list that has others beside it; a message shows 4,000 in all."""


def format_field(state: SettingsState, spot: SettingsLocation, knob: SettingField) -> str:
    """Say what is set under a name; in bold if managers set it."""
    shown = knob.format_value(state.value(spot, knob.name))
    is_set = state.is_set(spot, knob.name)
    return f"{_(knob.label)}: **{shown}**" if is_set else f"{_(knob.label)}: {shown}"


def format_channel_overrides(state: SettingsState, channel_id: int) -> str:
    """Say in what a channel differs from the rest of its server, if in anything."""
    spot = SettingsLocation(SettingsPage.CHANNEL, str(channel_id))
    knobs = [knob for knob in FIELDS_BY_PAGE[SettingsPage.CHANNEL] if state.is_set(spot, knob.name)]
    return " · ".join(format_field(state, spot, knob) for knob in knobs)


def field_warnings(state: SettingsState, spot: SettingsLocation, knob: SettingField) -> list[str]:
    """Say what is wrong with the channels or roles that are set under a name."""
    if not isinstance(knob, ChannelOrRoleField):
        return []
    ids = knob.selected_ids(state.value(spot, knob.name))
    return format_warnings(find_selection_problems(state.guild, knob, ids))


def format_warnings(said: Iterable[str]) -> list[str]:
    """Mark warnings as such."""
    return [f"⚠️ {one}" for one in said]


def join_truncated(parts: Sequence[str], most: int, between: str = "\n") -> str:
    """Join as many parts as fit, and say how many more there are."""
    ends = accumulate(len(part) + len(between) for part in parts)
    shown = sum(end <= most for end in ends)
    more = len(parts) - shown
    rest = [ngettext("… and {count} more.", "… and {count} more.", more)] if more else []
    return between.join([*parts[:shown], *rest])


_TITLES: Final = {SettingsPage.CHANNEL: N_("Channels with rules of their own")}
"""Those that differ from the pages' own."""


def render_overview_page(state: SettingsState, _spot: SettingsLocation) -> list[ui.Item[Any]]:
    """Lay out what is set on each page."""
    items: list[ui.Item[Any]] = []
    for page in SettingsPage:
        lines = list(_lines(state, page))
        if lines:
            title = f"**{_(_TITLES.get(page, PAGE_TITLES[page]))}**"
            items += [ui.Separator(), ui.TextDisplay("\n".join([title, *lines]))]
    return items


def _lines(state: SettingsState, page: SettingsPage) -> Iterable[str]:
    match page:
        case SettingsPage.CHANNEL:
            yield _own_rules(state)
        case SettingsPage.PRESETS:
            yield _named_presets(state)
        case _:
            for knob in FIELDS_BY_PAGE[page]:
                yield format_field(state, SettingsLocation(page), knob)
                yield from field_warnings(state, SettingsLocation(page), knob)[:1]


def _own_rules(state: SettingsState) -> str:
    """List the channels that have rules of their own."""
    lines = [
        f"<#{one.channel_id}>: {format_channel_overrides(state, one.channel_id)}"
        for one in state.settings.overrides
    ]
    return (
        join_truncated(lines, SHORT_LIST_LENGTH)
        if lines
        else _("None differs from the rest of the server.")
    )


def _named_presets(state: SettingsState) -> str:
    names = [f"**{text.sanitize(one.name, 40)}**" for one in state.presets]
    return join_truncated(names, SHORT_LIST_LENGTH, ", ") if names else _("There are none.")


def render_fields(state: SettingsState, spot: SettingsLocation) -> list[ui.Item[Any]]:
    """Lay out everything that can be set on a page, as it is set."""
    return [item for knob in FIELDS_BY_PAGE[spot.page] for item in _row(state, spot, knob)]


def _row(state: SettingsState, spot: SettingsLocation, knob: SettingField) -> list[ui.Item[Any]]:
    text, value = _labelled(state, spot, knob), state.value(spot, knob.name)
    match knob:
        case TextField():
            change = controls.settings_button(spot, knob.name, _("Change"))
            return [ui.Section(text, accessory=change)]
        case SelectField():
            return [text, _choice_menu(spot, knob, value)]
        case ChannelOrRoleField():
            return [text, _pick_menu(state.guild, spot, knob, value)]


def _labelled(
    state: SettingsState, spot: SettingsLocation, knob: SettingField
) -> ui.TextDisplay[Any]:
    label, shown = f"**{_(knob.label)}**", knob.format_value(state.value(spot, knob.name))
    first = f"{label}: {shown}" if isinstance(knob, TextField) else label
    hint = [f"-# {_(knob.hint)}"] if knob.hint else []
    warned = field_warnings(state, spot, knob)
    listed = [join_truncated(warned, SHORT_LIST_LENGTH)] if warned else []
    return ui.TextDisplay("\n".join([first, *hint, *listed]))


def _choice_menu(spot: SettingsLocation, knob: SelectField, value: Any) -> ui.Item[Any]:
    options = [
        discord.SelectOption(
            label=knob.option_label(one), value=one.key, default=knob.is_selected(one, value)
        )
        for one in knob.menu_options()
    ]
    if not knob.multiple:
        return controls.select_row(spot, knob.name, options)
    most, open_ = len(options), capitalize_first(_(knob.unset_label))
    return controls.select_row(
        spot, knob.name, options, min_values=0, max_values=most, placeholder=open_
    )


def _pick_menu(
    guild: discord.Guild, spot: SettingsLocation, knob: ChannelOrRoleField, value: Any
) -> ui.Item[Any]:
    ids = existing_ids(guild, knob, knob.selected_ids(value))[: knob.max_values]
    things, default = [discord.Object(id_) for id_ in ids], discord.SelectDefaultValue
    unset_label = capitalize_first(_(knob.unset_label))
    looks: dict[str, Any] = {
        "min_values": 0,
        "max_values": knob.max_values,
        "placeholder": unset_label,
    }
    if knob.selects_roles:
        roles = [default.from_role(thing) for thing in things]
        return controls.role_select_row(spot, knob.name, default_values=roles, **looks)
    channels = [default.from_channel(thing) for thing in things]
    looks["allow_forums"] = knob.allow_forums
    return controls.channel_select_row(spot, knob.name, default_values=channels, **looks)


def render_channel_page(state: SettingsState, spot: SettingsLocation) -> list[ui.Item[Any]]:
    """Lay out which channel it is, its rules, and what clears them."""
    channel_id = int(spot.subject)
    there = [discord.SelectDefaultValue.from_channel(discord.Object(channel_id))]
    if state.guild.get_channel_or_thread(channel_id) is None:
        there = []
    own = format_channel_overrides(state, channel_id)
    text = [
        own or _("It is as on the rest of the server."),
        *format_warnings(find_posting_problems(state.guild, [channel_id])),
    ]
    about = _("**<#{channel}>**: {rules}", channel=channel_id, rules="\n".join(text))
    return [
        ui.TextDisplay(about),
        controls.channel_select_row(
            spot, ControlAction.SELECT_SUBJECT, allow_forums=True, default_values=there
        ),
        *render_fields(state, spot),
        *_clearing(state, spot, is_own=bool(own)),
    ]


def _clearing(state: SettingsState, spot: SettingsLocation, *, is_own: bool) -> list[ui.Item[Any]]:
    """Lay out the buttons that clear the rules of this channel, and of those that are gone."""
    buttons: list[ui.Item[Any]] = []
    if is_own:
        buttons.append(controls.danger_button(spot, ControlAction.CLEAR, _("Clear these rules")))
    gone = deleted_channel_ids(state)
    if gone:
        label = ngettext(
            "Clear {count} deleted channel", "Clear {count} deleted channels", len(gone)
        )
        buttons.append(controls.danger_button(spot, ControlAction.CLEAR_DELETED, label))
    return [ui.ActionRow[Any](*buttons)] if buttons else []


_LIST_SHOWN: Final = 1_500
_SUFFIX_SHOWN: Final = 300
"""Characters; a message shows 4,000 in all."""


def render_preset_page(state: SettingsState, spot: SettingsLocation) -> list[ui.Item[Any]]:
    """Lay out the presets, or what can be done with the one that is chosen."""
    chosen = state.find_preset(spot.subject)
    menu = [_menu(state.presets, chosen)] if state.presets else []
    add = controls.settings_button(
        SettingsLocation(SettingsPage.PRESETS),
        ControlAction.ADD,
        _("Add"),
        discord.ButtonStyle.primary,
    )
    if chosen is None:
        return [ui.TextDisplay(_listed(state.presets)), *menu, ui.ActionRow[Any](add)]
    edit = controls.settings_button(spot, ControlAction.EDIT, _("Edit"))
    remove = controls.danger_button(spot, ControlAction.REMOVE, _("Delete"))
    return [
        ui.TextDisplay(_in_full(chosen)),
        *menu,
        *render_fields(state, spot),
        ui.ActionRow[Any](edit, remove, add),
    ]


def _listed(presets: Iterable[Preset]) -> str:
    lines = [f"- {_in_a_line(one)}" for one in presets]
    return join_truncated(lines, _LIST_SHOWN) if lines else _("There are none.")


def _menu(presets: Iterable[Preset], chosen: Preset | None) -> ui.Item[Any]:
    options = [
        discord.SelectOption(label=one.name, value=one.name, default=one == chosen)
        for one in presets
    ]
    spot = SettingsLocation(SettingsPage.PRESETS, "" if chosen is None else chosen.name)
    return controls.select_row(
        spot, ControlAction.SELECT_SUBJECT, options, placeholder=_("Choose a preset")
    )


def _in_full(preset: Preset) -> str:
    adds = text.sanitize(preset.suffix, _SUFFIX_SHOWN)
    return f"{_in_a_line(preset)}\n> {adds}" if adds else _in_a_line(preset)


def _in_a_line(preset: Preset) -> str:
    return f"**{text.sanitize(preset.name, 40)}**: {_in_words(preset)}"


def _in_words(preset: Preset) -> str:
    sounds = {True: _("with sound"), False: _("silent"), None: ""}
    parts = [
        MODELS[preset.model].label if preset.model else "",
        _("{seconds} s", seconds=preset.seconds) if preset.seconds else "",
        preset.resolution or "",
        preset.aspect_ratio or "",
        sounds[preset.sound],
        _("adds words") if preset.suffix else "",
    ]
    return " · ".join(part for part in parts if part)


_RED: Final = discord.Colour(0xDA373C)
_PROBLEMS_SHOWN: Final = 1_000
"""Characters."""

_Items = list[ui.Item[Any]]


@dataclass(frozen=True, slots=True)
class RejectionNotice:
    """Why a change was not made, and the button that brings what was typed back."""

    violations: Sequence[Violation]
    retry_button: ui.Item[Any] | None = None


def render_page(
    state: SettingsState, spot: SettingsLocation, notice: RejectionNotice | None = None
) -> ui.LayoutView:
    """Lay out a page, below a notice if there is one."""
    view = ui.LayoutView(timeout=None)
    if notice is not None:
        for item in _noticed(notice):
            view.add_item(item)
    head = ui.TextDisplay[Any](f"### {_title(spot)}\n-# {_(PAGE_DESCRIPTIONS[spot.page])}")
    body = [head, *_BODIES.get(spot.page, render_fields)(state, spot), *_last_change(state, spot)]
    view.add_item(ui.Container(*body, accent_colour=BLUE))
    return view.add_item(_turning(spot))


def _noticed(notice: RejectionNotice) -> _Items:
    listed = join_truncated(
        [f"- {format_violation(one)}" for one in notice.violations], _PROBLEMS_SHOWN
    )
    text = _("**Nothing was changed.**") + f"\n{listed}"
    box = ui.Container[Any](ui.TextDisplay(text), accent_colour=_RED)
    return [box, *([ui.ActionRow[Any](notice.retry_button)] if notice.retry_button else [])]


def _title(spot: SettingsLocation) -> str:
    if spot.page is SettingsPage.HOME:
        return _("Settings of this server")
    return _(PAGE_TITLES[spot.page])


def _turning(spot: SettingsLocation) -> ui.Item[Any]:
    options = [
        discord.SelectOption(label=_(title), value=page, default=page is spot.page)
        for page, title in PAGE_TITLES.items()
    ]
    return controls.select_row(spot, ControlAction.OPEN_PAGE, options)


def _last_change(state: SettingsState, spot: SettingsLocation) -> _Items:
    change = next((one for one in state.changes if affects_page(one, spot)), None)
    return [] if change is None else [ui.TextDisplay(f"-# {format_setting_change(change)}")]


def _money(state: SettingsState, spot: SettingsLocation) -> _Items:
    """Lay out what is set, and where amounts are set, which may differ by member and role."""
    where = _("What may be spent in a day or a month: `/quota set`")
    return [*render_fields(state, spot), ui.TextDisplay(where)]


_BODIES: Final[Mapping[SettingsPage, Callable[[SettingsState, SettingsLocation], _Items]]] = (
    MappingProxyType(
        {
            SettingsPage.HOME: render_overview_page,
            SettingsPage.MONEY: _money,
            SettingsPage.CHANNEL: render_channel_page,
            SettingsPage.PRESETS: render_preset_page,
        }
    )
)
