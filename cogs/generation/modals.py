"""Modals for requests: their layout, and the reading of what was submitted.

discord.py forgets an open modal when the process ends, so modals are not registered with it:
the custom id carries all that a modal is about.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, cast

import discord
from discord import ui

from cogs.generation.attachments import RemoteFile
from cogs.generation.options import parse_choices
from cogs.ui.forms import as_list, as_object, read_fields
from cogs.ui.i18n import N_, _, ngettext
from domain.models import DEFAULT_MODEL, MAX_TAKES, MODELS, Mode, Model
from domain.requests import Draft, unsupported_options, utf16_length
from domain.snowflakes import SNOWFLAKE
from domain.storyboard import MAX_PICTURES
from domain.violations import Source, Violation, ViolationCode


class ModalKind(StrEnum):
    """A kind of modal, as in custom ids."""

    EDIT = "edit"
    EXTEND = "extend"
    VIDEO = "video"
    ANIMATE = "animate"
    REFERENCE = "reference"
    REFERENCE_FILES = "references"
    COMPOSE = "compose"
    MESSAGE = "message"
    STORYBOARD = "storyboard"


RETRY_KINDS: Final = (
    ModalKind.VIDEO,
    ModalKind.ANIMATE,
    ModalKind.REFERENCE,
    ModalKind.REFERENCE_FILES,
    ModalKind.COMPOSE,
)
"""Modals of a kept draft; the others are about a job or a message."""


class ModalField(StrEnum):
    """A field of a modal, by its custom id."""

    PROMPT = "prompt"
    PICTURES = "pictures"
    LAST_PICTURE = "last_picture"
    REFERENCES = "references"
    MODEL = "model"
    SECONDS = "seconds"
    RESOLUTION = "resolution"
    ASPECT_RATIO = "aspect_ratio"
    SOUND = "sound"
    JOIN = "join"


_MAX_PROMPT_UNITS: Final = 4_000
_MAX_NOTE_UNITS: Final = 100
"""Characters that Discord takes in a field and in the note under its name, counted in UTF-16."""

_MAX_FILES: Final = 2
_MAX_REFERENCES: Final = 10
_TAKES: Final = "takes:"
"""What a number of takes begins with, in the menu that it shares with the lengths."""

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
        ModalKind.EXTEND: (
            ModalField.PROMPT,
            ModalField.SECONDS,
            ModalField.RESOLUTION,
            ModalField.SOUND,
            ModalField.JOIN,
        ),
        ModalKind.REFERENCE: _PROMPT_TO_SOUND,
        ModalKind.REFERENCE_FILES: (
            ModalField.PROMPT,
            ModalField.REFERENCES,
            ModalField.SECONDS,
            ModalField.RESOLUTION,
            ModalField.ASPECT_RATIO,
        ),
        ModalKind.VIDEO: (
            ModalField.PROMPT,
            ModalField.MODEL,
            ModalField.SECONDS,
            ModalField.RESOLUTION,
            ModalField.ASPECT_RATIO,
        ),
        ModalKind.ANIMATE: _WITH_PICTURES,
        ModalKind.COMPOSE: _WITH_PICTURES,
        ModalKind.STORYBOARD: _WITH_PICTURES,
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
        ModalKind.VIDEO: N_("Text to video"),
        ModalKind.ANIMATE: N_("Image to video"),
        ModalKind.REFERENCE: N_("Reference video"),
        ModalKind.REFERENCE_FILES: N_("Reference video"),
        ModalKind.COMPOSE: N_("Make a video"),
        ModalKind.MESSAGE: N_("Animate this image"),
        ModalKind.STORYBOARD: N_("Storyboard"),
    }
)
_FILE_NOTES: Final[Mapping[ModalKind, str]] = MappingProxyType(
    {
        ModalKind.ANIMATE: N_("PNG, JPEG or WebP: a first frame, and optionally a last frame."),
        ModalKind.COMPOSE: N_("Optional: a first frame, and a last frame."),
        ModalKind.MESSAGE: N_("PNG, JPEG or WebP: the frame the video should end on."),
        ModalKind.REFERENCE_FILES: N_("Pictures, MP4 or MOV clips, MP3 or WAV sounds."),
        ModalKind.STORYBOARD: N_("Optional: write [1] to [8] in the shots that start from them."),
    }
)


def make_modal(
    kind: ModalKind, custom_id: str, draft: Draft, files_note: str | None = None
) -> ui.Modal:
    """Build a modal filled in with a draft; `files_note` says what becomes of earlier files."""
    modal = ui.Modal(title=_(_TITLES[kind]), custom_id=custom_id)
    for field in _fields_of(kind, draft):
        modal.add_item(_LABELS[field](kind, draft, files_note))
    modal.stop()  # so discord.py keeps no reference: submissions are found by custom id
    return modal


def edit_modal(draft: Draft, job_id: str, opened_id: int) -> ui.Modal:
    """Build the modal that changes a job's request."""
    return make_modal(ModalKind.EDIT, f"form:{job_id}:{opened_id}", draft)


def extend_modal(draft: Draft, job_id: str, opened_id: int) -> ui.Modal:
    """Build the modal that asks how a job's video goes on."""
    return make_modal(ModalKind.EXTEND, f"extend:{job_id}:{opened_id}", draft)


def takes_pictures(kind: ModalKind) -> bool:
    """Return whether a modal takes both a first and a last picture."""
    return files_field(kind) is ModalField.PICTURES


def files_field(kind: ModalKind) -> ModalField | None:
    """Return the field of a modal that takes all files of a request, if it has one."""
    takes_files = (ModalField.PICTURES, ModalField.REFERENCES)
    return next((field for field in _FIELDS[kind] if field in takes_files), None)


def _fields_of(kind: ModalKind, draft: Draft) -> Iterable[ModalField]:
    """Return the fields; an aspect ratio that the model lacks is asked for instead of files."""
    model = MODELS[draft.model or DEFAULT_MODEL.id]
    is_unfit = bool(unsupported_options(model, None, None, draft.aspect_ratio))
    swap = kind is ModalKind.ANIMATE and is_unfit and draft.pictures
    fields = _FIELDS[kind]
    return (ModalField.ASPECT_RATIO if swap and f is ModalField.PICTURES else f for f in fields)


def _prompt(kind: ModalKind, draft: Draft, files: str | None) -> ui.Label[Any]:
    text = _truncate(draft.prompt, _MAX_PROMPT_UNITS)
    most = _MAX_PROMPT_UNITS
    if ModalField.MODEL not in _FIELDS[kind]:
        most = max(_models(kind, draft)[0].max_prompt_chars or most, utf16_length(text))
    if text != draft.prompt:
        files = _("This form can't show the whole prompt. Its end or some characters are missing.")
    elif kind is ModalKind.STORYBOARD:
        files = _("Number your shots: “1. … 2. …”. Each starts where the last one ended.")
    elif files_field(kind) is not None:
        files = None
    return _label(
        _("Shots") if kind is ModalKind.STORYBOARD else _("Prompt"),
        ui.TextInput(
            custom_id=ModalField.PROMPT,
            style=discord.TextStyle.paragraph,
            default=text or None,
            max_length=most,
        ),
        files,
    )


def _pictures(kind: ModalKind, _draft: Draft, files: str | None) -> ui.Label[Any]:
    most = MAX_PICTURES if kind is ModalKind.STORYBOARD else _MAX_FILES
    field = ui.FileUpload[Any](
        custom_id=ModalField.PICTURES, required=False, min_values=0, max_values=most
    )
    return _label(_("Pictures"), field, files or _(_FILE_NOTES[kind]))


def _last_picture(kind: ModalKind, _draft: Draft, _note: str | None) -> ui.Label[Any]:
    field = ui.FileUpload[Any](
        custom_id=ModalField.LAST_PICTURE, required=False, min_values=0, max_values=1
    )
    return _label(_("Last frame"), field, _(_FILE_NOTES[kind]))


def _references(kind: ModalKind, _draft: Draft, files: str | None) -> ui.Label[Any]:
    field = ui.FileUpload[Any](
        custom_id=ModalField.REFERENCES, required=False, min_values=0, max_values=_MAX_REFERENCES
    )
    return _label(_("References"), field, files or _(_FILE_NOTES[kind]))


def _model(_kind: ModalKind, draft: Draft, _note: str | None) -> ui.Label[Any]:
    labels = {model.id.value: model.label for model in MODELS.values()}
    return _menu(_("Model"), ModalField.MODEL, labels, {draft.model})


def _length(kind: ModalKind, draft: Draft, _note: str | None) -> ui.Label[Any]:
    models = _models(kind, draft)
    least = min(model.min_seconds for model in models)
    most = max(model.max_seconds for model in models)
    lengths = {str(number): _("{seconds} s", seconds=number) for number in range(least, most + 1)}
    if kind is ModalKind.STORYBOARD:  # whose shots are made once each
        return _menu(_("Length"), ModalField.SECONDS, lengths, {str(draft.seconds)})
    takes = {
        f"{_TAKES}{number}": ngettext("{count} take", "{count} takes", number)
        for number in range(2, MAX_TAKES + 1)
    }
    chosen = {str(draft.seconds), f"{_TAKES}{draft.takes}"}
    return _menu(_("Length and takes"), ModalField.SECONDS, lengths | takes, chosen, max_values=2)


def _resolution(kind: ModalKind, draft: Draft, _note: str | None) -> ui.Label[Any]:
    offered = (value.value for model in _models(kind, draft) for value in model.resolutions)
    labels = {value: value for value in offered}
    return _menu(_("Resolution"), ModalField.RESOLUTION, labels, {draft.resolution})


def _aspect_ratio(kind: ModalKind, draft: Draft, _note: str | None) -> ui.Label[Any]:
    offered = (value.value for model in _models(kind, draft) for value in model.aspect_ratios)
    labels = {value: value for value in offered}
    return _menu(_("Shape"), ModalField.ASPECT_RATIO, labels, {draft.aspect_ratio})


def _sound(kind: ModalKind, draft: Draft, _note: str | None) -> ui.Label[Any]:
    default = _models(kind, draft)[0].default_sound
    is_on = default if draft.sound is None else draft.sound
    return _label(_("Sound"), ui.Checkbox[Any](custom_id=ModalField.SOUND, default=is_on))


def _join(_kind: ModalKind, draft: Draft, _note: str | None) -> ui.Label[Any]:
    field = ui.Checkbox[Any](custom_id=ModalField.JOIN, default=draft.joined_to is not None)
    return _label(_("Join both"), field, _("I'll post both videos as one film, too."))


_LABELS: Final[Mapping[ModalField, Callable[[ModalKind, Draft, str | None], ui.Label[Any]]]] = (
    MappingProxyType(
        {
            ModalField.PROMPT: _prompt,
            ModalField.PICTURES: _pictures,
            ModalField.LAST_PICTURE: _last_picture,
            ModalField.REFERENCES: _references,
            ModalField.MODEL: _model,
            ModalField.SECONDS: _length,
            ModalField.RESOLUTION: _resolution,
            ModalField.ASPECT_RATIO: _aspect_ratio,
            ModalField.SOUND: _sound,
            ModalField.JOIN: _join,
        }
    )
)


def _models(kind: ModalKind, draft: Draft) -> Sequence[Model]:
    """Return the models that may apply: all where the modal lets one be chosen."""
    if ModalField.MODEL in _FIELDS[kind]:
        return list(MODELS.values())
    if kind in (ModalKind.REFERENCE, ModalKind.REFERENCE_FILES):
        return [model for model in MODELS.values() if Mode.OMNI_REFERENCE in model.modes]
    return [MODELS[draft.model or DEFAULT_MODEL.id]]


def _menu(
    text: str,
    field: ModalField,
    labels: Mapping[str, str],
    chosen: Collection[str | None],
    *,
    max_values: int = 1,
) -> ui.Label[Any]:
    """Lay out a menu in which nothing need be chosen."""
    options = [
        discord.SelectOption(label=label, value=value, default=value in chosen)
        for value, label in labels.items()
    ]
    select = ui.Select[Any](
        custom_id=field,
        options=options,
        required=False,
        min_values=0,
        max_values=max_values,
        placeholder=_("Default"),
    )
    return _label(text, select)


def _label(text: str, field: ui.Item[Any], note: str | None = None) -> ui.Label[Any]:
    description = None if note is None else _truncate(note, _MAX_NOTE_UNITS)
    return ui.Label(text=text, component=field, description=description)


def _truncate(text: str, units: int) -> str:
    """Leave out what Discord would not take: unsendable characters, and the end."""
    encoded = text.replace("\0", "").encode("utf-16-le", errors="surrogatepass")
    sendable = encoded.decode("utf-16-le", errors="ignore").encode("utf-16-le")
    return sendable[: 2 * units].decode("utf-16-le", errors="ignore")


_OPENED: Final = f"(?P<opened>{SNOWFLAKE})"
EDIT_MODAL_ID: Final = re.compile(f"form:(?P<job>[0-9a-z]{{1,20}}):{_OPENED}")
"""The job that the modal changes, and the interaction that opened it."""
EXTEND_MODAL_ID: Final = re.compile(f"extend:(?P<job>[0-9a-z]{{1,20}}):{_OPENED}")
"""The job whose video is extended."""
REFER_MODAL_ID: Final = re.compile(f"refer:(?P<message>{SNOWFLAKE}):{_OPENED}")
"""The message whose files are the references."""
COMPOSE_MODAL_ID: Final = re.compile(f"compose:{_OPENED}")
ANIMATE_MODAL_ID: Final = re.compile(
    f"animate:(?P<message>{SNOWFLAKE}):(?P<number>[0-9]{{1,2}}):{_OPENED}"
)
"""The message whose menu opened it, and the number of the chosen picture, from 1."""
RETRY_MODAL_ID: Final = re.compile(
    f"mend:(?P<kind>{'|'.join(RETRY_KINDS)}):(?P<key>{SNOWFLAKE}):{_OPENED}"
)
"""The kind of the modal, and the key of its kept draft."""

STORYBOARD_MODAL_ID: Final = re.compile(f"mend:storyboard:(?P<key>{SNOWFLAKE}):{_OPENED}")
"""The key of the kept draft of a storyboard."""

_MAX_UPLOADS: Final = 10
"""Files that are read, however many a forged submission has."""


def apply_input(draft: Draft, data: Mapping[str, Any]) -> Draft:
    """Apply a modal's input to the draft that it showed; a cleared menu unsets its option."""
    values = read_fields(data)
    choices = parse_choices(
        model=_chosen(values, ModalField.MODEL, draft.model),
        resolution=_chosen(values, ModalField.RESOLUTION, draft.resolution),
        aspect_ratio=_chosen(values, ModalField.ASPECT_RATIO, draft.aspect_ratio),
    )
    seconds, takes, not_whole = _length_and_takes(values, draft)
    prompt, sound = values.get(ModalField.PROMPT), values.get(ModalField.SOUND)
    return replace(
        draft,
        prompt=prompt if isinstance(prompt, str) else draft.prompt,
        model=choices.model,
        seconds=seconds,
        takes=takes,
        resolution=choices.resolution,
        aspect_ratio=choices.aspect_ratio,
        sound=sound if isinstance(sound, bool) else draft.sound,
        violations=(*draft.violations, *choices.violations, *not_whole),
    )


def uploaded_files(data: Mapping[str, Any], field: ModalField) -> list[RemoteFile]:
    """Return the files uploaded into a field of a modal, in order."""
    ids = read_fields(data).get(field)
    attached = as_object(as_object(data.get("resolved")).get("attachments"))
    files = [as_object(attached.get(str(id_))) for id_ in as_list(ids)]
    return [
        RemoteFile(str(one.get("filename", "")), str(one.get("url", "")), int(one.get("size") or 0))
        for one in files[:_MAX_UPLOADS]
        if one
    ]


def _chosen(values: Mapping[str, Any], name: ModalField, before: Any) -> Any:
    chosen = values.get(name)
    if not isinstance(chosen, list):
        return before
    return next(iter(cast("list[str]", chosen)), None)


def _length_and_takes(
    values: Mapping[str, Any], draft: Draft
) -> tuple[int | None, int | None, tuple[Violation, ...]]:
    """Return the length and the takes that one menu offers, and what is wrong with the choice."""
    chosen = values.get(ModalField.SECONDS)
    if not isinstance(chosen, list):
        return draft.seconds, draft.takes, ()
    texts = [str(one) for one in cast("list[object]", chosen)]
    takes = [one.removeprefix(_TAKES) for one in texts if one.startswith(_TAKES)]
    lengths = [one for one in texts if not one.startswith(_TAKES)]
    if len(takes) > 1 or len(lengths) > 1:
        return None, None, (Violation.of(ViolationCode.LENGTH_AMBIGUOUS, Source.FORM),)
    seconds, broken = _seconds(next(iter(lengths), None))
    number = next(iter(takes), "")
    return seconds, int(number) if re.fullmatch("[0-9]{1,4}", number) else None, broken


def _seconds(chosen: int | str | None) -> tuple[int | None, tuple[Violation, ...]]:
    if chosen is None or isinstance(chosen, int):
        return chosen, ()
    if re.fullmatch("[0-9]{1,4}", chosen):
        return int(chosen), ()
    return None, (Violation.of(ViolationCode.LENGTH_NOT_WHOLE, Source.FORM),)
