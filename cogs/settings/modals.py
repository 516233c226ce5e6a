"""Forms of the settings panel: building, filling in and reading them.

As in `cogs.generation.modals`, the library keeps no form: the custom id names its page and control.
"""

import re
from collections.abc import Mapping, Sequence
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
"""The values of a form's fields, by name."""

TEXT_INPUT_ID: Final = "text"
"""The field of a form that has only one."""

_TITLE_LENGTH: Final = 45


@dataclass(frozen=True, slots=True)
class RejectedForm:
    """A submitted form; stored if it breaks rules, so that its manager can correct it."""

    user_id: int
    location: SettingsLocation
    control_name: str
    values: FormValues


def text_modal(location: SettingsLocation, field: TextField, text: str) -> ui.Modal:
    """Build the form of one field."""
    text_input = ui.TextInput[Any](
        custom_id=TEXT_INPUT_ID,
        style=discord.TextStyle.paragraph if field.multiline else discord.TextStyle.short,
        default=text,
        max_length=field.max_length,
        required=False,
    )
    label = ui.Label[Any](text=_(field.label), description=_(field.hint), component=text_input)
    return _form(location, field.name, _(field.label), [label])


def preset_modal(
    location: SettingsLocation, control_name: str, form_values: FormValues
) -> ui.Modal:
    """Build the form of a preset.

    Resolution and sound are set on the page: Discord allows five inputs in a form.
    """
    title = _("Edit preset") if location.subject else _("Add preset")
    labels = [
        _label(_("Name"), _input("name", form_values, MAX_NAME_CHARS, required=True)),
        _label(
            _("Words to add to prompts"), _input("suffix", form_values, MAX_SUFFIX_CHARS, long=True)
        ),
        *(_label(_(choice.label), _menu(choice, form_values)) for choice in PRESET_FORM_FIELDS),
    ]
    return _form(location, control_name, title, labels)


def preset_to_form_values(preset: Preset) -> FormValues:
    """Return a preset as the values of its form."""
    chosen = {
        choice.name: option.key
        for choice in PRESET_FORM_FIELDS
        for option in choice.menu_options()
        if choice.is_selected(option, getattr(preset, choice.name))
    }
    return {"name": preset.name, "suffix": preset.suffix, **chosen}


def apply_form_values(preset: Preset, form_values: FormValues) -> Preset:
    """Return a preset with the values of its form.

    Raises:
        RulesViolated: a selected option is not offered.
    """
    chosen = {
        choice.name: choice.parse_input([form_values.get(choice.name, UNSET_KEY)])
        for choice in PRESET_FORM_FIELDS
    }
    texts = {"name": form_values.get("name", ""), "suffix": form_values.get("suffix", "")}
    return preset.model_copy(update=texts | chosen)


_UNCHOSEN: Final = N_("the member's choice")
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
"""Fields of a preset that its form offers as menus."""


def _form(
    location: SettingsLocation, control_name: str, title: str, fields: Sequence[ui.Item[Any]]
) -> ui.Modal:
    custom_id = f"settings-form:{location.page}:{control_name}:{location.subject}"
    modal = ui.Modal(title=title[:_TITLE_LENGTH], custom_id=custom_id)
    for field in fields:
        modal.add_item(field)
    modal.stop()  # discord.py would keep the modal in memory until it is submitted
    return modal


def _label(text: str, field: ui.Item[Any]) -> ui.Label[Any]:
    return ui.Label(text=text, component=field)


def _input(
    name: str,
    form_values: FormValues,
    max_length: int,
    *,
    long: bool = False,
    required: bool = False,
) -> ui.TextInput[Any]:
    return ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        default=form_values.get(name, ""),
        max_length=max_length,
        required=required,
    )


def _menu(choice: SelectField, form_values: FormValues) -> ui.Select[Any]:
    chosen = form_values.get(choice.name, UNSET_KEY)
    options = [
        discord.SelectOption(
            label=choice.option_label(one), value=one.key, default=one.key == chosen
        )
        for one in choice.menu_options()
    ]
    return ui.Select(custom_id=choice.name, options=options, required=False, min_values=0)
