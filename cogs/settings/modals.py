"""Knows the panel's forms: how they are filled in, and how what was typed is read.

As in `cogs.generation.modals`, the library keeps none of them: what a form is about stands in its
custom id.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import ui

from cogs.settings.controls import CONTROL_PATTERN, SettingsLocation
from cogs.settings.field_types import UNSET_KEY, SelectField, TextField
from cogs.settings.fields import ASPECT_RATIO_OPTIONS, DURATION_OPTIONS, MODEL_OPTIONS
from cogs.ui.i18n import N_, _
from domain.presets import MAX_NAME_CHARS, MAX_SUFFIX_CHARS, Preset

FORM_CUSTOM_ID: Final = re.compile(f"settings-form:{CONTROL_PATTERN}", re.DOTALL)
"""The custom id of a form: its page, and the control that opened it."""

FormValues = Mapping[str, str]
"""What stands in the fields of a form, by their names."""

TEXT_INPUT_ID: Final = "text"
"""Names the field of a form that has but one."""

_TITLE_LENGTH: Final = 45


@dataclass(frozen=True, slots=True)
class RejectedForm:
    """What a manager typed into a form that could not be taken as it was."""

    user_id: int
    location: SettingsLocation
    control_name: str
    values: FormValues


def text_modal(spot: SettingsLocation, knob: TextField, text: str) -> ui.Modal:
    """Make the form of one field."""
    field = ui.TextInput[Any](
        custom_id=TEXT_INPUT_ID,
        style=discord.TextStyle.paragraph if knob.multiline else discord.TextStyle.short,
        default=text,
        max_length=knob.max_length,
        required=False,
    )
    label = ui.Label[Any](text=_(knob.label), description=_(knob.hint), component=field)
    return _form(spot, knob.name, _(knob.label), [label])


def preset_modal(spot: SettingsLocation, knob: str, typed: FormValues) -> ui.Modal:
    """Make the form of a preset; a form has no room for resolution and sound."""
    title = _("Edit preset") if spot.subject else _("Add preset")
    fields = [
        _label(_("Name"), _input("name", typed, MAX_NAME_CHARS)),
        _label(_("Words to add to prompts"), _input("suffix", typed, MAX_SUFFIX_CHARS, long=True)),
        *(_label(_(choice.label), _menu(choice, typed)) for choice in PRESET_FORM_FIELDS),
    ]
    return _form(spot, knob, title, fields)


def preset_to_form_values(preset: Preset) -> FormValues:
    """Write a preset as it would be typed into its form."""
    chosen = {
        choice.name: option.key
        for choice in PRESET_FORM_FIELDS
        for option in choice.menu_options()
        if choice.is_selected(option, getattr(preset, choice.name))
    }
    return {"name": preset.name, "suffix": preset.suffix, **chosen}


def apply_form_values(preset: Preset, typed: FormValues) -> Preset:
    """Lay what was typed over a preset.

    Raises:
        RulesViolated: something was chosen that is not offered.
    """
    chosen = {
        choice.name: choice.parse_input([typed.get(choice.name, UNSET_KEY)])
        for choice in PRESET_FORM_FIELDS
    }
    texts = {"name": typed.get("name", ""), "suffix": typed.get("suffix", "")}
    return preset.model_copy(update=texts | chosen)


def read_form_values(data: Mapping[str, Any]) -> dict[str, str]:
    """Read what stands in the fields of a form that was sent off."""
    return dict(_fields(data.get("components", ())))


_UNCHOSEN: Final = N_("as the member chooses")
PRESET_FORM_FIELDS: Final = (
    SelectField(
        name="model", label=N_("Model"), hint="", unset_label=_UNCHOSEN, options=MODEL_OPTIONS
    ),
    SelectField(
        name="seconds", label=N_("Length"), hint="", unset_label=_UNCHOSEN, options=DURATION_OPTIONS
    ),
    SelectField(
        name="aspect_ratio",
        label=N_("Shape"),
        hint="",
        unset_label=_UNCHOSEN,
        options=ASPECT_RATIO_OPTIONS,
    ),
)
"""What of a preset is chosen in its form."""


def _form(
    spot: SettingsLocation, knob: str, title: str, fields: Sequence[ui.Item[Any]]
) -> ui.Modal:
    custom_id = f"settings-form:{spot.page}:{knob}:{spot.subject}"
    modal = ui.Modal(title=title[:_TITLE_LENGTH], custom_id=custom_id)
    for field in fields:
        modal.add_item(field)
    modal.stop()  # so the library keeps nothing of it
    return modal


def _label(text: str, field: ui.Item[Any]) -> ui.Label[Any]:
    return ui.Label(text=text, component=field)


def _input(name: str, typed: FormValues, most: int, *, long: bool = False) -> ui.TextInput[Any]:
    return ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        default=typed.get(name, ""),
        max_length=most,
        required=False,
    )


def _menu(choice: SelectField, typed: FormValues) -> ui.Select[Any]:
    chosen = typed.get(choice.name, UNSET_KEY)
    options = [
        discord.SelectOption(
            label=choice.option_label(one), value=one.key, default=one.key == chosen
        )
        for one in choice.menu_options()
    ]
    return ui.Select(custom_id=choice.name, options=options, required=True)


def _fields(components: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for component in components:
        field = component.get("component", component)
        values = field.get("values") or [""]
        yield str(field.get("custom_id")), str(field.get("value", values[0]))
