"""Knows how the forms look in which requests are typed, and how they are filled in.

The library forgets an open form when the process ends. So forms are not given to it for keeping:
everything that a form is about stands in its custom id.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, cast

import discord
from discord import ui

from cogs.generation.attachments import RemoteFile
from cogs.generation.options import parse_choices
from cogs.ui.i18n import N_, _
from domain.models import DEFAULT_MODEL, MODELS, Mode, Model
from domain.requests import Draft, unsupported_options
from domain.violations import Source, Violation, ViolationCode


class ModalKind(StrEnum):
    """The forms, as they stand in custom ids."""

    EDIT = "edit"
    EXTEND = "extend"
    VIDEO = "video"
    ANIMATE = "animate"
    REFERENCE = "reference"
    COMPOSE = "compose"
    MESSAGE = "message"


RETRY_KINDS: Final = (
    ModalKind.VIDEO,
    ModalKind.ANIMATE,
    ModalKind.REFERENCE,
    ModalKind.COMPOSE,
)
"""Those that mend a draft which is kept; the others are about a job or a message."""


class ModalField(StrEnum):
    """What can be asked for in a form, by the fields' custom ids."""

    PROMPT = "prompt"
    PICTURES = "pictures"
    LAST_PICTURE = "last_picture"
    MODEL = "model"
    SECONDS = "seconds"
    RESOLUTION = "resolution"
    ASPECT_RATIO = "aspect_ratio"
    SOUND = "sound"


_PROMPT_UNITS: Final = 4_000
_NOTE_UNITS: Final = 100
"""Characters that Discord takes in a field and under its name, counted as it does: in UTF-16."""

_MOST_FILES: Final = 2
_PROMPT_TO_SOUND: Final = (
    ModalField.PROMPT,
    ModalField.SECONDS,
    ModalField.RESOLUTION,
    ModalField.ASPECT_RATIO,
    ModalField.SOUND,
)
_WITH_PICTURES: Final = (
    ModalField.PROMPT,
    ModalField.PICTURES,
    ModalField.MODEL,
    ModalField.SECONDS,
    ModalField.RESOLUTION,
)
_FIELDS: Final[Mapping[ModalKind, tuple[ModalField, ...]]] = MappingProxyType(
    {
        ModalKind.EDIT: _PROMPT_TO_SOUND,
        ModalKind.EXTEND: _PROMPT_TO_SOUND,
        ModalKind.REFERENCE: _PROMPT_TO_SOUND,
        ModalKind.VIDEO: (
            ModalField.PROMPT,
            ModalField.MODEL,
            ModalField.SECONDS,
            ModalField.RESOLUTION,
            ModalField.ASPECT_RATIO,
        ),
        ModalKind.ANIMATE: _WITH_PICTURES,
        ModalKind.COMPOSE: _WITH_PICTURES,
        ModalKind.MESSAGE: (
            ModalField.PROMPT,
            ModalField.LAST_PICTURE,
            ModalField.MODEL,
            ModalField.SECONDS,
            ModalField.RESOLUTION,
        ),
    }
)
_TITLES: Final[Mapping[ModalKind, str]] = MappingProxyType(
    {
        ModalKind.EDIT: N_("Edit prompt"),
        ModalKind.EXTEND: N_("What comes next?"),
        ModalKind.VIDEO: N_("A video from words"),
        ModalKind.ANIMATE: N_("A picture comes to life"),
        ModalKind.REFERENCE: N_("A video from references"),
        ModalKind.COMPOSE: N_("Compose a video"),
        ModalKind.MESSAGE: N_("Animate this image"),
    }
)
_FILE_NOTES: Final[Mapping[ModalKind, str]] = MappingProxyType(
    {
        ModalKind.ANIMATE: N_("PNG, JPEG or WebP: the first picture, and perhaps a last one."),
        ModalKind.COMPOSE: N_("The first, and perhaps a last one. None: a video from words alone."),
        ModalKind.MESSAGE: N_("PNG, JPEG or WebP: where the video is to end."),
    }
)


def make_modal(
    kind: ModalKind, custom_id: str, draft: Draft, files_note: str | None = None
) -> ui.Modal:
    """Make a form that shows a draft; `files` says what becomes of files that were given before."""
    modal = ui.Modal(title=_(_TITLES[kind]), custom_id=custom_id)
    for field in _fields_of(kind, draft):
        modal.add_item(_LABELS[field](kind, draft, files_note))
    modal.stop()  # so the library keeps nothing of it
    return modal


def edit_modal(draft: Draft, job_id: str, opened_id: int) -> ui.Modal:
    """Make the form that changes what a job was asked for."""
    return make_modal(ModalKind.EDIT, f"form:{job_id}:{opened_id}", draft)


def extend_modal(draft: Draft, job_id: str, opened_id: int) -> ui.Modal:
    """Make the form that asks how the video of a job goes on."""
    return make_modal(ModalKind.EXTEND, f"extend:{job_id}:{opened_id}", draft)


def takes_pictures(kind: ModalKind) -> bool:
    """Tell whether pictures may be given in a form for both places."""
    return ModalField.PICTURES in _FIELDS[kind]


def _fields_of(kind: ModalKind, draft: Draft) -> Iterable[ModalField]:
    """List the fields; a shape that the model does not make can be mended in the files' place."""
    model = MODELS[draft.model or DEFAULT_MODEL.id]
    is_unfit = bool(unsupported_options(model, None, None, draft.aspect_ratio))
    swap = kind is ModalKind.ANIMATE and is_unfit and draft.pictures
    fields = _FIELDS[kind]
    return (ModalField.ASPECT_RATIO if swap and f is ModalField.PICTURES else f for f in fields)


def _prompt(kind: ModalKind, draft: Draft, files: str | None) -> ui.Label[Any]:
    text = _cut(draft.prompt, _PROMPT_UNITS)
    if text != draft.prompt:
        files = _("What a form can not hold is missing here: the end, or characters not sendable.")
    elif takes_pictures(kind):
        files = None
    return _label(
        _("Prompt"),
        ui.TextInput(
            custom_id=ModalField.PROMPT,
            style=discord.TextStyle.paragraph,
            default=text or None,
            max_length=_PROMPT_UNITS,
        ),
        files,
    )


def _pictures(kind: ModalKind, _draft: Draft, files: str | None) -> ui.Label[Any]:
    field = ui.FileUpload[Any](
        custom_id=ModalField.PICTURES, required=False, min_values=0, max_values=_MOST_FILES
    )
    return _label(_("Pictures"), field, files or _(_FILE_NOTES[kind]))


def _last_picture(kind: ModalKind, _draft: Draft, _files: str | None) -> ui.Label[Any]:
    field = ui.FileUpload[Any](
        custom_id=ModalField.LAST_PICTURE, required=False, min_values=0, max_values=1
    )
    return _label(_("Last picture"), field, _(_FILE_NOTES[kind]))


def _model(_kind: ModalKind, draft: Draft, _files: str | None) -> ui.Label[Any]:
    labels = {model.id.value: model.label for model in MODELS.values()}
    return _menu(_("Model"), ModalField.MODEL, labels, draft.model)


def _length(kind: ModalKind, draft: Draft, _files: str | None) -> ui.Label[Any]:
    models = _models(kind, draft)
    least = min(model.min_seconds for model in models)
    most = max(model.max_seconds for model in models)
    labels = {str(number): _("{seconds} s", seconds=number) for number in range(least, most + 1)}
    chosen = None if draft.seconds is None else str(draft.seconds)
    return _menu(_("Seconds"), ModalField.SECONDS, labels, chosen)


def _resolution(kind: ModalKind, draft: Draft, _files: str | None) -> ui.Label[Any]:
    made = (value.value for model in _models(kind, draft) for value in model.resolutions)
    labels = {value: value for value in made}
    return _menu(_("Resolution"), ModalField.RESOLUTION, labels, draft.resolution)


def _aspect_ratio(kind: ModalKind, draft: Draft, _files: str | None) -> ui.Label[Any]:
    made = (value.value for model in _models(kind, draft) for value in model.aspect_ratios)
    labels = {value: value for value in made}
    return _menu(_("Shape"), ModalField.ASPECT_RATIO, labels, draft.aspect_ratio)


def _sound(kind: ModalKind, draft: Draft, _files: str | None) -> ui.Label[Any]:
    usual = _models(kind, draft)[0].default_sound
    is_on = usual if draft.sound is None else draft.sound
    return _label(_("Sound"), ui.Checkbox[Any](custom_id=ModalField.SOUND, default=is_on))


_LABELS: Final[Mapping[ModalField, Callable[[ModalKind, Draft, str | None], ui.Label[Any]]]] = (
    MappingProxyType(
        {
            ModalField.PROMPT: _prompt,
            ModalField.PICTURES: _pictures,
            ModalField.LAST_PICTURE: _last_picture,
            ModalField.MODEL: _model,
            ModalField.SECONDS: _length,
            ModalField.RESOLUTION: _resolution,
            ModalField.ASPECT_RATIO: _aspect_ratio,
            ModalField.SOUND: _sound,
        }
    )
)


def _models(kind: ModalKind, draft: Draft) -> Sequence[Model]:
    """List the models that may be meant: all where the form lets one be chosen."""
    if ModalField.MODEL in _FIELDS[kind]:
        return list(MODELS.values())
    if kind is ModalKind.REFERENCE:
        return [model for model in MODELS.values() if Mode.OMNI_REFERENCE in model.modes]
    return [MODELS[draft.model or DEFAULT_MODEL.id]]


def _menu(
    text: str, field: ModalField, labels: Mapping[str, str], chosen: str | None
) -> ui.Label[Any]:
    """Lay out a menu in which nothing need be chosen."""
    options = [
        discord.SelectOption(label=label, value=value, default=value == chosen)
        for value, label in labels.items()
    ]
    select = ui.Select[Any](
        custom_id=field,
        options=options,
        required=False,
        min_values=0,
        placeholder=_("As usual"),
    )
    return _label(text, select)


def _label(text: str, field: ui.Item[Any], note: str | None = None) -> ui.Label[Any]:
    cut = None if note is None else _cut(note, _NOTE_UNITS)
    return ui.Label(text=text, component=field, description=cut)


def _cut(text: str, units: int) -> str:
    """Leave out what Discord would not take: characters that can not be sent, and the end."""
    whole = text.replace("\0", "").encode("utf-16-le", errors="surrogatepass")
    sendable = whole.decode("utf-16-le", errors="ignore").encode("utf-16-le")
    return sendable[: 2 * units].decode("utf-16-le", errors="ignore")


_OPENED: Final = "(?P<opened>[0-9]{1,20})"
EDIT_MODAL_ID: Final = re.compile(f"form:(?P<job>[0-9a-z]{{1,20}}):{_OPENED}")
"""The custom id of a form: which job it changes, and the interaction that opened it."""
EXTEND_MODAL_ID: Final = re.compile(f"extend:(?P<job>[0-9a-z]{{1,20}}):{_OPENED}")
"""The job whose video is to go on."""
COMPOSE_MODAL_ID: Final = re.compile(f"compose:{_OPENED}")
ANIMATE_MODAL_ID: Final = re.compile(
    f"animate:(?P<message>[0-9]{{1,20}}):(?P<number>[0-9]{{1,2}}):{_OPENED}"
)
"""The message in whose menu it was opened, and which of its pictures, counted from 1, is meant."""
RETRY_MODAL_ID: Final = re.compile(
    f"mend:(?P<kind>{'|'.join(RETRY_KINDS)}):(?P<key>[0-9]{{1,20}}):{_OPENED}"
)
"""What kind of form it is, and under which key the draft is kept that it mends."""

_TAKEN: Final = 10
"""Files that are looked at, however many a forged form has."""


def match_submission(
    interaction: discord.Interaction[Any], custom_id: re.Pattern[str]
) -> tuple[re.Match[str], Mapping[str, Any]] | None:
    """Read what a form is about and what was sent with it; None if it is not such a form."""
    data: dict[str, Any] = {**(interaction.data or {})}
    about = custom_id.fullmatch(str(data.get("custom_id")))
    if interaction.type is not discord.InteractionType.modal_submit or about is None:
        return None
    return about, data


def apply_input(draft: Draft, data: Mapping[str, Any]) -> Draft:
    """Lay what was typed into a form over the draft that it showed; a cleared menu leaves open."""
    given = _read(data)
    choices = parse_choices(
        model=_chosen(given, ModalField.MODEL, draft.model),
        resolution=_chosen(given, ModalField.RESOLUTION, draft.resolution),
        aspect_ratio=_chosen(given, ModalField.ASPECT_RATIO, draft.aspect_ratio),
    )
    seconds, not_whole = _seconds(_chosen(given, ModalField.SECONDS, draft.seconds))
    prompt, sound = given.get(ModalField.PROMPT), given.get(ModalField.SOUND)
    return replace(
        draft,
        prompt=prompt if isinstance(prompt, str) else draft.prompt,
        model=choices.model,
        seconds=seconds,
        resolution=choices.resolution,
        aspect_ratio=choices.aspect_ratio,
        sound=sound if isinstance(sound, bool) else draft.sound,
        violations=(*draft.violations, *choices.violations, *not_whole),
    )


def uploaded_files(data: Mapping[str, Any], field: ModalField) -> list[RemoteFile]:
    """List the files that were put into a field of a form, in their order."""
    ids = _read(data).get(field)
    attached = _object(_object(data.get("resolved")).get("attachments"))
    found = [_object(attached.get(str(id_))) for id_ in _list(ids)]
    return [
        RemoteFile(str(one.get("filename", "")), str(one.get("url", "")), int(one.get("size") or 0))
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


def _chosen(given: Mapping[str, Any], name: ModalField, before: Any) -> Any:
    values = given.get(name)
    if not isinstance(values, list):
        return before
    return next(iter(cast("list[str]", values)), None)


def _seconds(chosen: int | str | None) -> tuple[int | None, tuple[Violation, ...]]:
    if chosen is None or isinstance(chosen, int):
        return chosen, ()
    if re.fullmatch("[0-9]{1,4}", chosen):
        return int(chosen), ()
    return None, (Violation.of(ViolationCode.LENGTH_NOT_WHOLE, Source.FORM),)
