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

from cogs.settings.controls import SPOT_AND_KNOB, Spot
from cogs.settings.field_types import OPEN, Choice, Text
from cogs.settings.fields import MODEL_OPTIONS, SECONDS_OPTIONS, SHAPE_OPTIONS
from domain.catalogue import mark, t
from domain.presets import MAX_NAME, MAX_SUFFIX, Preset

FORM: Final = re.compile(f"settings-form:{SPOT_AND_KNOB}", re.DOTALL)
"""The custom id of a form: its page, and the control that opened it."""

Typed = Mapping[str, str]
"""What stands in the fields of a form, by their names."""

TEXT: Final = "text"
"""Names the field of a form that has but one."""

_TITLE_LENGTH: Final = 45


@dataclass(frozen=True, slots=True)
class Kept:
    """What a manager typed into a form that could not be taken as it was."""

    user_id: int
    spot: Spot
    knob: str
    typed: Typed


def text_form(spot: Spot, knob: Text, text: str) -> ui.Modal:
    """Make the form of one field."""
    field = ui.TextInput[Any](
        custom_id=TEXT,
        style=discord.TextStyle.paragraph if knob.lines else discord.TextStyle.short,
        default=text,
        max_length=knob.longest,
        required=False,
    )
    label = ui.Label[Any](text=t(knob.label), description=t(knob.hint), component=field)
    return _form(spot, knob.field, t(knob.label), [label])


def preset_form(spot: Spot, knob: str, typed: Typed) -> ui.Modal:
    """Make the form of a preset; a form has no room for resolution and sound."""
    title = t("Edit preset") if spot.about else t("Add preset")
    fields = [
        _label(t("Name"), _input("name", typed, MAX_NAME)),
        _label(t("Words to add to prompts"), _input("suffix", typed, MAX_SUFFIX, long=True)),
        *(_label(t(choice.label), _menu(choice, typed)) for choice in PRESET_CHOICES),
    ]
    return _form(spot, knob, title, fields)


def preset_typed(preset: Preset) -> Typed:
    """Write a preset as it would be typed into its form."""
    chosen = {
        choice.field: option.key
        for choice in PRESET_CHOICES
        for option in choice.offered()
        if choice.is_chosen(option, getattr(preset, choice.field))
    }
    return {"name": preset.name, "suffix": preset.suffix, **chosen}


def preset_of(preset: Preset, typed: Typed) -> Preset:
    """Lay what was typed over a preset.

    Raises:
        BrokenRules: something was chosen that is not offered.
    """
    chosen = {
        choice.field: choice.read([typed.get(choice.field, OPEN)]) for choice in PRESET_CHOICES
    }
    texts = {"name": typed.get("name", ""), "suffix": typed.get("suffix", "")}
    return preset.model_copy(update=texts | chosen)


def typed_in(data: Mapping[str, Any]) -> dict[str, str]:
    """Read what stands in the fields of a form that was sent off."""
    return dict(_fields(data.get("components", ())))


_UNCHOSEN: Final = mark("as the member chooses")
PRESET_CHOICES: Final = (
    Choice(field="model", label=mark("Model"), hint="", unset=_UNCHOSEN, options=MODEL_OPTIONS),
    Choice(
        field="seconds", label=mark("Length"), hint="", unset=_UNCHOSEN, options=SECONDS_OPTIONS
    ),
    Choice(
        field="aspect_ratio", label=mark("Shape"), hint="", unset=_UNCHOSEN, options=SHAPE_OPTIONS
    ),
)
"""What of a preset is chosen in its form."""


def _form(spot: Spot, knob: str, title: str, fields: Sequence[ui.Item[Any]]) -> ui.Modal:
    custom_id = f"settings-form:{spot.page}:{knob}:{spot.about}"
    modal = ui.Modal(title=title[:_TITLE_LENGTH], custom_id=custom_id)
    for field in fields:
        modal.add_item(field)
    modal.stop()  # so the library keeps nothing of it
    return modal


def _label(text: str, field: ui.Item[Any]) -> ui.Label[Any]:
    return ui.Label(text=text, component=field)


def _input(name: str, typed: Typed, most: int, *, long: bool = False) -> ui.TextInput[Any]:
    return ui.TextInput(
        custom_id=name,
        style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
        default=typed.get(name, ""),
        max_length=most,
        required=False,
    )


def _menu(choice: Choice, typed: Typed) -> ui.Select[Any]:
    chosen = typed.get(choice.field, OPEN)
    options = [
        discord.SelectOption(label=choice.said(one), value=one.key, default=one.key == chosen)
        for one in choice.offered()
    ]
    return ui.Select(custom_id=choice.field, options=options, required=True)


def _fields(components: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for component in components:
        field = component.get("component", component)
        values = field.get("values") or [""]
        yield str(field.get("custom_id")), str(field.get("value", values[0]))
