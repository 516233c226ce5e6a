"""Knows the form in which a request is changed: how it is filled in, and how it is read.

The library forgets an open form when the process ends. So forms are not given to it for keeping:
everything that a form is about stands in its custom id, and what was typed is read from there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import discord
from discord import ui

from cogs.choices import read_choices
from domain.models import DEFAULT_MODEL, MODELS
from domain.requests import Draft

EDIT_FORM: Final = re.compile(r"form:(?P<job>[0-9a-z]{1,20}):(?P<opened>[0-9]{1,20})")
"""The custom id of a form: which job it changes, and the interaction that opened it."""

_PROMPT_UNITS: Final = 4_000
"""Characters that Discord takes in a field, counted as it does: in UTF-16."""


def edit_form(draft: Draft, job_id: str, opened_id: int) -> ui.Modal:
    """Make a form that shows a draft, to be changed."""
    prompt = _cut(draft.prompt)
    note = "It was longer than a form can hold: its end is missing here."
    model = MODELS[draft.model or DEFAULT_MODEL.id]
    lengths = [str(seconds) for seconds in range(model.min_seconds, model.max_seconds + 1)]
    modal = ui.Modal(title="Edit prompt", custom_id=f"form:{job_id}:{opened_id}")
    for label in (
        _label("Prompt", _prompt(prompt), None if prompt == draft.prompt else note),
        _label("Seconds", _menu("seconds", lengths, str(draft.seconds))),
        _label("Resolution", _menu("resolution", model.resolutions, draft.resolution)),
        _label("Shape", _menu("aspect_ratio", model.aspect_ratios, draft.aspect_ratio)),
        _label("Sound", ui.Checkbox[Any](custom_id="sound", default=bool(draft.sound))),
    ):
        modal.add_item(label)
    modal.stop()  # so the library keeps nothing of it
    return modal


def typed(draft: Draft, data: Mapping[str, Any]) -> Draft:
    """Lay what was typed into a form over the draft that it showed."""
    given = dict(_fields(data.get("components", ())))
    choices = read_choices(given)
    return replace(
        draft,
        prompt=str(given.get("prompt", draft.prompt)),
        seconds=_seconds(given.get("seconds"), draft.seconds),
        resolution=choices.resolution or draft.resolution,
        aspect_ratio=choices.aspect_ratio or draft.aspect_ratio,
        sound=bool(given.get("sound", draft.sound)),
        problems=(*draft.problems, *choices.problems),
    )


def _cut(prompt: str) -> str:
    return prompt.encode("utf-16-le")[: 2 * _PROMPT_UNITS].decode("utf-16-le", errors="ignore")


def _label(text: str, field: ui.Item[Any], description: str | None = None) -> ui.Label[Any]:
    return ui.Label(text=text, component=field, description=description)


def _prompt(text: str) -> ui.TextInput[Any]:
    return ui.TextInput(
        custom_id="prompt",
        style=discord.TextStyle.paragraph,
        default=text,
        max_length=_PROMPT_UNITS,
    )


def _menu(custom_id: str, values: Sequence[str], chosen: str | None) -> ui.Select[Any]:
    options = [
        discord.SelectOption(label=value, value=value, default=value == chosen) for value in values
    ]
    return ui.Select(custom_id=custom_id, options=options, required=True)


def _fields(components: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, Any]]:
    for component in components:
        field = component.get("component", component)
        values = field.get("values") or [None]
        value = field.get("value", values[0])
        if value is not None:
            yield field.get("custom_id", ""), value


def _seconds(typed: Any, before: int | None) -> int | None:
    return int(typed) if str(typed).isdecimal() else before
