"""Reads the forms that are sent off: what each is about, and what was typed into it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import discord

from cogs.choices import read_choices
from cogs.forms.looks import MENDING_KINDS, Field
from cogs.intake import File
from domain.catalogue import t
from domain.requests import Draft

_OPENED: Final = "(?P<opened>[0-9]{1,20})"
EDIT_FORM: Final = re.compile(f"form:(?P<job>[0-9a-z]{{1,20}}):{_OPENED}")
"""The custom id of a form: which job it changes, and the interaction that opened it."""
EXTEND_FORM: Final = re.compile(f"extend:(?P<job>[0-9a-z]{{1,20}}):{_OPENED}")
"""The job whose video is to go on."""
COMPOSE_FORM: Final = re.compile(f"compose:{_OPENED}")
ANIMATE_FORM: Final = re.compile(
    f"animate:(?P<message>[0-9]{{1,20}}):(?P<number>[0-9]{{1,2}}):{_OPENED}"
)
"""The message in whose menu it was opened, and which of its pictures, counted from 1, is meant."""
MEND_FORM: Final = re.compile(
    f"mend:(?P<kind>{'|'.join(MENDING_KINDS)}):(?P<key>[0-9]{{1,20}}):{_OPENED}"
)
"""What kind of form it is, and under which key the draft is kept that it mends."""

_TAKEN: Final = 10
"""Files that are looked at, however many a forged form has."""


def sent_off(
    interaction: discord.Interaction[Any], custom_id: re.Pattern[str]
) -> tuple[re.Match[str], Mapping[str, Any]] | None:
    """Read what a form is about and what was sent with it; None if it is not such a form."""
    data: dict[str, Any] = {**(interaction.data or {})}
    about = custom_id.fullmatch(str(data.get("custom_id")))
    if interaction.type is not discord.InteractionType.modal_submit or about is None:
        return None
    return about, data


def typed(draft: Draft, data: Mapping[str, Any]) -> Draft:
    """Lay what was typed into a form over the draft that it showed; a cleared menu leaves open."""
    given = _read(data)
    choices = read_choices(
        {
            name: _chosen(given, name, before)
            for name, before in (
                (Field.MODEL, draft.model),
                (Field.RESOLUTION, draft.resolution),
                (Field.ASPECT_RATIO, draft.aspect_ratio),
            )
        }
    )
    seconds, problems = _seconds(_chosen(given, Field.SECONDS, draft.seconds))
    prompt, sound = given.get(Field.PROMPT), given.get(Field.SOUND)
    return replace(
        draft,
        prompt=prompt if isinstance(prompt, str) else draft.prompt,
        model=choices.model,
        seconds=seconds,
        resolution=choices.resolution,
        aspect_ratio=choices.aspect_ratio,
        sound=sound if isinstance(sound, bool) else draft.sound,
        problems=(*draft.problems, *choices.problems, *problems),
    )


def files_in(data: Mapping[str, Any], field: Field) -> list[File]:
    """List the files that were put into a field of a form, in their order."""
    ids = _read(data).get(field)
    attached = _object(_object(data.get("resolved")).get("attachments"))
    found = [_object(attached.get(str(id_))) for id_ in _list(ids)]
    return [
        File(str(one.get("filename", "")), str(one.get("url", "")), int(one.get("size") or 0))
        for one in found[:_TAKEN]
        if one
    ]


def _read(data: Mapping[str, Any]) -> dict[str, Any]:
    """Read what stands in each field: a text or a switch, or the list of what was chosen."""
    found = dict[str, Any]()
    for part in map(_object, _list(data.get("components"))):
        field = _object(part.get("component", part))
        if "values" in field:
            found[str(field.get("custom_id"))] = [str(one) for one in _list(field["values"])]
        elif "value" in field:
            found[str(field.get("custom_id"))] = field["value"]
    return found


def _object(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return cast("list[object]", value) if isinstance(value, list) else ()


def _chosen(given: Mapping[str, Any], name: Field, before: Any) -> Any:
    values = given.get(name)
    if not isinstance(values, list):
        return before
    return next(iter(cast("list[str]", values)), None)


def _seconds(chosen: int | str | None) -> tuple[int | None, tuple[str, ...]]:
    if chosen is None or isinstance(chosen, int):
        return chosen, ()
    if re.fullmatch("[0-9]{1,4}", chosen):
        return int(chosen), ()
    return None, (t("The length has to be a whole number of seconds."),)
