"""Rendering of the settings panel's pages.

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
)
from cogs.settings.fields import FIELDS_BY_PAGE, PAGE_DESCRIPTIONS, PAGE_TITLES
from cogs.settings.service import SettingsState, deleted_channel_ids
from cogs.ui import text
from cogs.ui.i18n import N_, _, capitalize_first, ngettext
from cogs.ui.layout import BLUE, LayoutItem, box, layout, optional_row, row, text_block
from cogs.ui.violations import format_violation
from domain.models import MODELS
from domain.presets import Preset
from domain.violations import Violation

SHORT_LIST_LENGTH: Final = 500
"""Characters of a list that has others beside it; a message shows 4,000 in all."""


def format_field(state: SettingsState, location: SettingsLocation, field: SettingField) -> str:
    """Format a field's label and value; in bold if managers set it."""
    shown = field.format_value(state.value(location, field.name))
    is_set = state.is_set(location, field.name)
    return f"{_(field.label)}: **{shown}**" if is_set else f"{_(field.label)}: {shown}"


def format_channel_overrides(state: SettingsState, channel_id: int) -> str:
    """Format the rules that a channel has of its own; empty if it has none."""
    location = SettingsLocation(SettingsPage.CHANNEL, str(channel_id))
    fields = [
        field
        for field in FIELDS_BY_PAGE[SettingsPage.CHANNEL]
        if state.is_set(location, field.name)
    ]
    return " · ".join(format_field(state, location, field) for field in fields)


def field_warnings(
    state: SettingsState, location: SettingsLocation, field: SettingField
) -> list[str]:
    """Return the warnings about the channels or roles that are set in a field."""
    if not isinstance(field, ChannelOrRoleField):
        return []
    ids = field.selected_ids(state.value(location, field.name))
    return format_warnings(find_selection_problems(state.guild, field, ids))


def format_warnings(problems: Iterable[str]) -> list[str]:
    """Prefix each warning with a warning sign."""
    return [f"⚠️ {one}" for one in problems]


def join_truncated(parts: Sequence[str], max_chars: int, between: str = "\n") -> str:
    """Join as many parts as fit into `max_chars`, and count the rest."""
    ends = accumulate(len(part) + len(between) for part in parts)
    shown = sum(end <= max_chars for end in ends)
    more = len(parts) - shown
    rest = [ngettext("… and {count} more.", "… and {count} more.", more)] if more else []
    return between.join([*parts[:shown], *rest])


_TITLES: Final = {SettingsPage.CHANNEL: N_("Channels with rules of their own")}
"""Titles on the overview that differ from the pages' own."""


def render_overview_page(state: SettingsState, _location: SettingsLocation) -> list[LayoutItem]:
    """Build the overview: the values of each page."""
    items: list[LayoutItem] = []
    for page in SettingsPage:
        lines = list(_overview_lines(state, page))
        if lines:
            title = f"**{_(_TITLES.get(page, PAGE_TITLES[page]))}**"
            items += [ui.Separator[Any](), text_block("\n".join([title, *lines]))]
    return items


def _overview_lines(state: SettingsState, page: SettingsPage) -> Iterable[str]:
    match page:
        case SettingsPage.CHANNEL:
            yield _format_channels(state)
        case SettingsPage.PRESETS:
            yield _format_preset_names(state)
        case _:
            for field in FIELDS_BY_PAGE[page]:
                yield format_field(state, SettingsLocation(page), field)
                yield from field_warnings(state, SettingsLocation(page), field)[:1]


def _format_channels(state: SettingsState) -> str:
    """Format the channels that have rules of their own, one a line."""
    lines = [
        f"<#{one.channel_id}>: {format_channel_overrides(state, one.channel_id)}"
        for one in state.settings.overrides
    ]
    return (
        join_truncated(lines, SHORT_LIST_LENGTH)
        if lines
        else _("No channel has its own rules yet.")
    )


def _format_preset_names(state: SettingsState) -> str:
    names = [f"**{text.sanitize(one.name, 40)}**" for one in state.presets]
    return join_truncated(names, SHORT_LIST_LENGTH, ", ") if names else _("None yet.")


def render_fields(state: SettingsState, location: SettingsLocation) -> list[LayoutItem]:
    """Build the fields of a page with their current values."""
    return [
        item
        for field in FIELDS_BY_PAGE[location.page]
        for item in _field_items(state, location, field)
    ]


def _field_items(
    state: SettingsState, location: SettingsLocation, field: SettingField
) -> list[LayoutItem]:
    text, value = _field_text(state, location, field), state.value(location, field.name)
    match field:
        case TextField():
            change = controls.settings_button(location, field.name, _("Change"))
            return [ui.Section[Any](text, accessory=change)]
        case SelectField():
            return [text, _select_menu(location, field, value)]
        case ChannelOrRoleField():
            return [text, _channel_or_role_menu(state.guild, location, field, value)]


def _field_text(
    state: SettingsState, location: SettingsLocation, field: SettingField
) -> LayoutItem:
    label, shown = f"**{_(field.label)}**", field.format_value(state.value(location, field.name))
    first = f"{label}: {shown}" if isinstance(field, TextField) else label
    hint = [f"-# {_(field.hint)}"] if field.hint else []
    warnings = field_warnings(state, location, field)
    warning_lines = [join_truncated(warnings, SHORT_LIST_LENGTH)] if warnings else []
    return text_block("\n".join([first, *hint, *warning_lines]))


def _select_menu(location: SettingsLocation, field: SelectField, value: Any) -> LayoutItem:
    options = [
        discord.SelectOption(
            label=field.option_label(one), value=one.key, default=field.is_selected(one, value)
        )
        for one in field.menu_options()
    ]
    if not field.multiple:
        return controls.select_row(location, field.name, options)
    max_values, placeholder = len(options), capitalize_first(_(field.unset_label))
    return controls.select_row(
        location, field.name, options, min_values=0, max_values=max_values, placeholder=placeholder
    )


def _channel_or_role_menu(
    guild: discord.Guild, location: SettingsLocation, field: ChannelOrRoleField, value: Any
) -> LayoutItem:
    ids = existing_ids(guild, field, field.selected_ids(value))[: field.max_values]
    targets, default_value = [discord.Object(id_) for id_ in ids], discord.SelectDefaultValue
    unset_label = capitalize_first(_(field.unset_label))
    select_kwargs: dict[str, Any] = {
        "min_values": 0,
        "max_values": field.max_values,
        "placeholder": unset_label,
    }
    if field.selects_roles:
        roles = [default_value.from_role(target) for target in targets]
        return controls.role_select_row(location, field.name, default_values=roles, **select_kwargs)
    channels = [default_value.from_channel(target) for target in targets]
    select_kwargs["allow_forums"] = field.allow_forums
    return controls.channel_select_row(
        location, field.name, default_values=channels, **select_kwargs
    )


def render_channel_page(state: SettingsState, location: SettingsLocation) -> list[LayoutItem]:
    """Build the page of one channel: its rules, and the buttons that clear them."""
    channel_id = int(location.subject)
    default_values = [discord.SelectDefaultValue.from_channel(discord.Object(channel_id))]
    if state.guild.get_channel_or_thread(channel_id) is None:
        default_values = []
    own_rules = format_channel_overrides(state, channel_id)
    text = [
        own_rules or _("Nothing here differs from the rest of the server."),
        *format_warnings(find_posting_problems(state.guild, [channel_id])),
    ]
    about = _("**<#{channel}>**: {rules}", channel=channel_id, rules="\n".join(text))
    return [
        text_block(about),
        controls.channel_select_row(
            location, ControlAction.SELECT_SUBJECT, allow_forums=True, default_values=default_values
        ),
        *render_fields(state, location),
        *_clear_buttons(state, location, is_own=bool(own_rules)),
    ]


def _clear_buttons(
    state: SettingsState, location: SettingsLocation, *, is_own: bool
) -> list[LayoutItem]:
    """Build the buttons that clear the rules of this channel, and those of deleted channels."""
    buttons: list[LayoutItem] = []
    if is_own:
        buttons.append(
            controls.danger_button(location, ControlAction.CLEAR, _("Remove these rules"))
        )
    deleted_ids = deleted_channel_ids(state)
    if deleted_ids:
        label = ngettext(
            "Remove {count} deleted channel", "Remove {count} deleted channels", len(deleted_ids)
        )
        buttons.append(controls.danger_button(location, ControlAction.CLEAR_DELETED, label))
    return optional_row(*buttons)


_LIST_SHOWN: Final = 1_500
_SUFFIX_SHOWN: Final = 300
"""Characters; a message shows 4,000 in all."""


def render_preset_page(state: SettingsState, location: SettingsLocation) -> list[LayoutItem]:
    """Build the list of presets, or the page of the selected one."""
    chosen = state.find_preset(location.subject)
    menu = [_preset_menu(state.presets, chosen)] if state.presets else []
    add = controls.settings_button(
        SettingsLocation(SettingsPage.PRESETS),
        ControlAction.ADD,
        _("Add"),
        discord.ButtonStyle.primary,
    )
    if chosen is None:
        return [text_block(_format_preset_list(state.presets)), *menu, row(add)]
    edit = controls.settings_button(location, ControlAction.EDIT, _("Edit"))
    remove = controls.danger_button(location, ControlAction.REMOVE, _("Delete"))
    return [
        text_block(_format_preset_in_full(chosen)),
        *menu,
        *render_fields(state, location),
        row(edit, remove, add),
    ]


def _format_preset_list(presets: Iterable[Preset]) -> str:
    lines = [f"- {_format_preset(one)}" for one in presets]
    return join_truncated(lines, _LIST_SHOWN) if lines else _("None yet.")


def _preset_menu(presets: Iterable[Preset], chosen: Preset | None) -> LayoutItem:
    options = [
        discord.SelectOption(label=one.name, value=one.name, default=one == chosen)
        for one in presets
    ]
    location = SettingsLocation(SettingsPage.PRESETS, "" if chosen is None else chosen.name)
    return controls.select_row(
        location, ControlAction.SELECT_SUBJECT, options, placeholder=_("Pick a preset")
    )


def _format_preset_in_full(preset: Preset) -> str:
    suffix = text.sanitize(preset.suffix, _SUFFIX_SHOWN)
    return f"{_format_preset(preset)}\n> {suffix}" if suffix else _format_preset(preset)


def _format_preset(preset: Preset) -> str:
    return f"**{text.sanitize(preset.name, 40)}**: {_format_preset_values(preset)}"


def _format_preset_values(preset: Preset) -> str:
    sounds = {True: _("with sound"), False: _("silent"), None: ""}
    parts = [
        MODELS[preset.model].label if preset.model else "",
        _("{seconds} s", seconds=preset.seconds) if preset.seconds else "",
        preset.resolution or "",
        preset.aspect_ratio or "",
        sounds[preset.sound],
        ngettext("{count} take", "{count} takes", preset.takes) if preset.takes else "",
        _("adds words") if preset.suffix else "",
    ]
    return " · ".join(part for part in parts if part)


_RED: Final = discord.Colour(0xDA373C)
_PROBLEMS_SHOWN: Final = 1_000
"""Characters."""

_Items = list[LayoutItem]


@dataclass(frozen=True, slots=True)
class RejectionNotice:
    """The violations that prevented a change, and the button that reopens the form."""

    violations: Sequence[Violation]
    retry_button: LayoutItem | None = None


def render_page(
    state: SettingsState, location: SettingsLocation, notice: RejectionNotice | None = None
) -> ui.LayoutView:
    """Build the message of a page, with a notice above it if there is one."""
    head = text_block(f"### {_title(location)}\n-# {_(PAGE_DESCRIPTIONS[location.page])}")
    body = [
        head,
        *_PAGE_RENDERERS.get(location.page, render_fields)(state, location),
        *_last_change(state, location),
    ]
    above = [] if notice is None else _render_notice(notice)
    return layout(*above, box(BLUE, *body), _page_menu(location))


def _render_notice(notice: RejectionNotice) -> _Items:
    problems = join_truncated(
        [f"- {format_violation(one)}" for one in notice.violations], _PROBLEMS_SHOWN
    )
    text = _("**I can't save this yet:**") + f"\n{problems}"
    return [box(_RED, text_block(text)), *optional_row(notice.retry_button)]


def _title(location: SettingsLocation) -> str:
    if location.page is SettingsPage.HOME:
        return _("Server settings")
    return _(PAGE_TITLES[location.page])


def _page_menu(location: SettingsLocation) -> LayoutItem:
    options = [
        discord.SelectOption(label=_(title), value=page, default=page is location.page)
        for page, title in PAGE_TITLES.items()
    ]
    return controls.select_row(location, ControlAction.OPEN_PAGE, options)


def _last_change(state: SettingsState, location: SettingsLocation) -> _Items:
    change = next((one for one in state.changes if affects_page(one, location)), None)
    return [] if change is None else [text_block(f"-# {format_setting_change(change)}")]


def _render_money_page(state: SettingsState, location: SettingsLocation) -> _Items:
    """Build the money page; quotas differ by member and role, so it refers to `/limits set`."""
    where = _("Daily and monthly spending limits: {command}", command="`/limits set`")
    return [*render_fields(state, location), text_block(where)]


_PAGE_RENDERERS: Final[
    Mapping[SettingsPage, Callable[[SettingsState, SettingsLocation], _Items]]
] = MappingProxyType(
    {
        SettingsPage.HOME: render_overview_page,
        SettingsPage.MONEY: _render_money_page,
        SettingsPage.CHANNEL: render_channel_page,
        SettingsPage.PRESETS: render_preset_page,
    }
)
