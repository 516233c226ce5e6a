"""Knows what may be asked for: one frozen request per mode, and the check that makes one.

A request can only come from `check`, or from the text of one that did, so whatever holds a request
need not ask again whether APIXO would take it.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.catalogue import _, ngettext
from domain.errors import RulesViolated
from domain.models import (
    IMAGE_FORMATS,
    MAX_CLIP_MS,
    MAX_IMAGE_BYTES,
    MAX_IMAGE_RATIO,
    MAX_IMAGE_SIDE,
    MAX_REFERENCE_CLIPS,
    MAX_REFERENCE_IMAGES,
    MIN_CLIP_MS,
    MIN_IMAGE_RATIO,
    MIN_IMAGE_SIDE,
    MODELS,
    AspectRatio,
    Mode,
    Model,
    ModelId,
    Resolution,
    nearest_ratio,
)
from domain.spoken import format_number, format_or_list


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Picture(_Frozen):
    """A picture as its bytes show it: where it lies, its Pillow format, upright pixels and bytes.

    `kept` names our own copy, for the link dies after about a day.
    """

    url: str
    name: str
    format: str
    width: int
    height: int
    size: int
    kept: str | None = None


class Clip(_Frozen):
    """A reference video or audio as its bytes show it; its length in milliseconds.

    `kept` names our own copy, for the link dies after about a day.
    """

    url: str
    name: str
    duration_ms: int
    kept: str | None = None


class _Request(_Frozen):
    model: ModelId
    prompt: str
    resolution: Resolution
    seconds: int
    aspect_ratio: AspectRatio
    sound: bool
    fixed_lens: bool = False
    web_search: bool = False
    pictures: tuple[Picture, ...] = ()


class TextToVideo(_Request):
    """A video from a prompt alone."""

    mode: Literal[Mode.TEXT_TO_VIDEO] = Mode.TEXT_TO_VIDEO


class ImageToVideo(_Request):
    """A video from a first picture and perhaps a last one, on 1.5 Pro."""

    mode: Literal[Mode.IMAGE_TO_VIDEO] = Mode.IMAGE_TO_VIDEO


class FirstAndLastFrames(_Request):
    """A video from a first picture and perhaps a last one, on 2.0."""

    mode: Literal[Mode.FIRST_AND_LAST_FRAMES] = Mode.FIRST_AND_LAST_FRAMES


class OmniReference(_Request):
    """A video led by reference pictures, videos and sounds, on 2.0."""

    mode: Literal[Mode.OMNI_REFERENCE] = Mode.OMNI_REFERENCE
    videos: tuple[Clip, ...] = ()
    audios: tuple[Clip, ...] = ()


def round_clip_ms(microseconds: int) -> int:
    """Tell in whole milliseconds how long a reference clip is held to last.

    Rounded up: APIXO bills reference video by its length and does not say how it rounds, so the
    dearer way is held. Only what is shorter than the shortest clip is rounded down: 1.9996 s are
    no 2 s.
    """
    down, rest = divmod(microseconds, 1000)
    return down + 1 if rest and down >= MIN_CLIP_MS else down


VideoRequest = TextToVideo | ImageToVideo | FirstAndLastFrames | OmniReference

_ADAPTER: TypeAdapter[VideoRequest] = TypeAdapter(
    Annotated[VideoRequest, Field(discriminator="mode")]
)


class GenerationCommand(StrEnum):
    """The commands that ask for a video."""

    VIDEO = "video"
    ANIMATE = "animate"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a member gave, unchecked; None is an option left open.

    `problems` are rules found broken while the draft was gathered (a file that is no picture, a
    channel that may not be posted to): they are named together with those found here. `preset`
    names one that is to fill what was left open, `by_preset` the options that it filled. What is
    made of a `private` one is for the member alone.
    """

    command: GenerationCommand
    prompt: str
    model: ModelId | None = None
    seconds: int | None = None
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    sound: bool | None = None
    fixed_lens: bool | None = None
    web_search: bool | None = None
    pictures: tuple[Picture, ...] = ()
    videos: tuple[Clip, ...] = ()
    audios: tuple[Clip, ...] = ()
    violations: tuple[str, ...] = ()
    preset: str | None = None
    filled_by_preset: frozenset[str] = frozenset()
    private: bool = False


def build_request(draft: Draft) -> VideoRequest:
    """Make the request a draft asks for.

    Raises:
        RulesViolated: naming every rule that the draft breaks, in words for the member.
    """
    model = _model_of(draft)
    broken = [*draft.violations, *_broken_rules(draft, model)]
    if broken:
        raise RulesViolated(broken)
    kind = _KINDS[_mode_of(draft.command, model)]
    fields: dict[str, object] = {
        "model": model.id,
        "prompt": draft.prompt.strip(),
        "resolution": draft.resolution or model.default_resolution,
        "seconds": model.default_seconds if draft.seconds is None else draft.seconds,
        "aspect_ratio": draft.aspect_ratio or _natural_ratio(draft, model),
        "sound": model.default_sound if draft.sound is None else draft.sound,
        "fixed_lens": bool(draft.fixed_lens),
        "web_search": bool(draft.web_search),
        "pictures": draft.pictures,
    }
    if kind is OmniReference:
        fields |= {"videos": draft.videos, "audios": draft.audios}
    return kind.model_validate(fields)


def models_for_command(command: GenerationCommand) -> tuple[Model, ...]:
    """List the models that do what a command asks for, in the order in which they are offered."""
    return tuple(model for model in MODELS.values() if _mode_of(command, model) in model.modes)


def is_blank(prompt: str) -> bool:
    """Tell whether a prompt shows nothing."""
    return all(unicodedata.category(char) in _INVISIBLE for char in prompt.strip())


def is_sendable(text: str) -> bool:
    """Tell whether a text has only characters that every part of the way can carry."""
    return not any(unicodedata.category(char) == "Cs" or char == "\0" for char in text)


def utf16_length(text: str) -> int:
    """Count characters as Discord and APIXO count them: in UTF-16."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def unsupported_options(
    model: Model,
    seconds: int | None,
    resolution: Resolution | None,
    aspect_ratio: AspectRatio | None,
) -> list[str]:
    """Name the options whose values a model does not make; None is always fit."""
    fits = {
        "seconds": seconds is None or model.min_seconds <= seconds <= model.max_seconds,
        "resolution": resolution is None or resolution in model.resolutions,
        "aspect_ratio": aspect_ratio is None or aspect_ratio in model.aspect_ratios,
    }
    return [option for option, is_fit in fits.items() if not is_fit]


def dump_request(request: VideoRequest) -> str:
    """Write a request as JSON text, for keeping."""
    return request.model_dump_json()


def load_request(text: str) -> VideoRequest:
    """Read a request that `dump` wrote."""
    return _ADAPTER.validate_json(text)


_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Categories of characters that show nothing; one newer than Python's tables may well show."""

_KINDS: dict[Mode, type[VideoRequest]] = {
    Mode.TEXT_TO_VIDEO: TextToVideo,
    Mode.IMAGE_TO_VIDEO: ImageToVideo,
    Mode.FIRST_AND_LAST_FRAMES: FirstAndLastFrames,
    Mode.OMNI_REFERENCE: OmniReference,
}


def _model_of(draft: Draft) -> Model:
    """Take the chosen model, else the first that does what the command asks for."""
    if draft.model:
        return MODELS[draft.model]
    return models_for_command(draft.command)[0]


def _mode_of(command: GenerationCommand, model: Model) -> Mode:
    match command:
        case GenerationCommand.VIDEO:
            return Mode.TEXT_TO_VIDEO
        case GenerationCommand.ANIMATE:
            return model.animate_mode
        case GenerationCommand.REFERENCE:
            return Mode.OMNI_REFERENCE


def _natural_ratio(draft: Draft, model: Model) -> AspectRatio:
    if draft.pictures and AspectRatio.AUTO not in model.aspect_ratios:
        return nearest_ratio(draft.pictures[0].width, draft.pictures[0].height)
    return model.default_aspect_ratio


def _broken_rules(draft: Draft, model: Model) -> Iterator[str]:
    if _mode_of(draft.command, model) not in model.modes:
        able = _labels(lambda other: _mode_of(draft.command, other) in other.modes)
        yield _(
            "/{command} is not possible with {model}: choose {able}.",
            command=draft.command,
            model=model.label,
            able=able,
        )
    yield from _prompt_rules(draft.prompt, model)
    yield from _preset_rules(draft, model)
    yield from _choice_rules(draft, model)
    yield from _count_rules(draft)
    for picture in draft.pictures:
        yield from _picture_rules(picture)
    yield from _video_rules(draft.videos)
    yield from _audio_rules(draft.audios)


def _prompt_rules(prompt: str, model: Model) -> Iterator[str]:
    text = prompt.strip()
    if not is_sendable(text):
        yield _("The prompt contains characters that cannot be sent.")
        return
    if is_blank(text):
        yield _("The prompt is empty: say what the video should show.")
    elif len(text) < model.min_prompt_chars:
        yield ngettext(
            "The prompt is too short: {model} needs {count} character.",
            "The prompt is too short: {model} needs {count} characters.",
            model.min_prompt_chars,
            model=model.label,
        )
    if _is_too_long(text, model):
        yield _(
            "The prompt is too long: {model} takes {most} characters at most, "
            "this one has {units}.",
            model=model.label,
            most=format_number(model.max_prompt_chars or 0),
            units=format_number(utf16_length(text)),
        )


def _is_too_long(text: str, model: Model) -> bool:
    return model.max_prompt_chars is not None and utf16_length(text) > model.max_prompt_chars


def _preset_rules(draft: Draft, model: Model) -> Iterator[str]:
    """Say that it is the preset whose choice breaks a rule: the member does not see what it set."""
    unfit = set(unsupported_options(model, draft.seconds, draft.resolution, draft.aspect_ratio))
    if _mode_of(draft.command, model) not in model.modes:
        unfit.add("model")
    if _is_too_long(draft.prompt.strip(), model):
        unfit.add("prompt")
    if unfit & draft.filled_by_preset:
        yield _("The preset does not fit: choose another, or choose yourself what it sets.")


def _choice_rules(draft: Draft, model: Model) -> Iterator[str]:
    unfit = unsupported_options(model, draft.seconds, draft.resolution, draft.aspect_ratio)
    if "seconds" in unfit:
        yield _(
            "A length of {seconds} s is not possible: {model} makes {least} to {most} seconds.",
            seconds=draft.seconds,
            model=model.label,
            least=model.min_seconds,
            most=model.max_seconds,
        )
    if "resolution" in unfit:
        yield _(
            "{model} does not make {resolution}: choose {choices}.",
            model=model.label,
            resolution=draft.resolution,
            choices=format_or_list(model.resolutions),
        )
    if "aspect_ratio" in unfit:
        yield _(
            "{model} does not know the aspect ratio {ratio}: choose {choices}.",
            model=model.label,
            ratio=draft.aspect_ratio,
            choices=format_or_list(model.aspect_ratios),
        )
    if draft.fixed_lens and not model.has_fixed_lens:
        yield _not_an_option("fixed_lens", _labels(lambda other: other.has_fixed_lens), model)
    if draft.web_search and not model.has_web_search:
        yield _not_an_option("web_search", _labels(lambda other: other.has_web_search), model)


def _not_an_option(option: str, able: str, model: Model) -> str:
    return _(
        "{option} is an option of {able}; {model} does not have it.",
        option=option,
        able=able,
        model=model.label,
    )


def _labels(which: Callable[[Model], bool]) -> str:
    return format_or_list(model.label for model in MODELS.values() if which(model))


def _count_rules(draft: Draft) -> Iterator[str]:
    pictures, videos, audios = len(draft.pictures), len(draft.videos), len(draft.audios)
    if draft.command is GenerationCommand.ANIMATE and not pictures and not draft.violations:
        yield _("There is no picture to animate: attach a PNG, JPEG or WebP.")
    most = {
        GenerationCommand.VIDEO: 0,
        GenerationCommand.ANIMATE: 2,
        GenerationCommand.REFERENCE: MAX_REFERENCE_IMAGES,
    }
    if pictures > most[draft.command]:
        yield _(
            "Too many pictures: {most} at most, {given} were given.",
            most=most[draft.command],
            given=pictures,
        )
    clips = MAX_REFERENCE_CLIPS if draft.command is GenerationCommand.REFERENCE else 0
    if videos > clips:
        yield _(
            "Too many reference videos: {most} at most, {given} were given.",
            most=clips,
            given=videos,
        )
    if audios > clips:
        yield _(
            "Too many reference audio files: {most} at most, {given} were given.",
            most=clips,
            given=audios,
        )
    if audios and not pictures and not videos and not draft.violations:
        yield _("Reference audio needs a reference picture or video beside it.")


def _picture_rules(picture: Picture) -> Iterator[str]:
    name, width, height = picture.name, picture.width, picture.height
    if picture.format not in IMAGE_FORMATS:
        yield _(
            "{name} is a {format} file: only PNG, JPEG and WebP pictures can be used.",
            name=name,
            format=picture.format,
        )
    if picture.size > MAX_IMAGE_BYTES:
        size = format_number(picture.size / 1e6, decimals=1)
        yield _("{name} is too large: {size} MB, 10 MB at most.", name=name, size=size)
    if min(width, height) < MIN_IMAGE_SIDE or max(width, height) > MAX_IMAGE_SIDE:
        yield _(
            "{name} is {width} × {height} pixels: each side must have {least} to {most} pixels.",
            name=name,
            width=width,
            height=height,
            least=MIN_IMAGE_SIDE,
            most=MAX_IMAGE_SIDE,
        )
    elif not MIN_IMAGE_RATIO <= width / height <= MAX_IMAGE_RATIO:
        yield _(
            "{name} is too narrow ({width} × {height}): the longer side may be at most {most} "
            "times the shorter.",
            name=name,
            width=width,
            height=height,
            most=format_number(MAX_IMAGE_RATIO, decimals=1),
        )


def _video_rules(clips: tuple[Clip, ...]) -> Iterator[str]:
    for clip in _misfits(clips):
        yield _(
            "{name} lasts {seconds} s: a reference video has 2 to 15 s.",
            name=clip.name,
            seconds=_seconds(clip.duration_ms),
        )
    if (total := _too_long_together(clips)) is not None:
        yield _("The reference videos last {seconds} s together: 15 s at most.", seconds=total)


def _audio_rules(clips: tuple[Clip, ...]) -> Iterator[str]:
    for clip in _misfits(clips):
        yield _(
            "{name} lasts {seconds} s: a reference audio has 2 to 15 s.",
            name=clip.name,
            seconds=_seconds(clip.duration_ms),
        )
    if (total := _too_long_together(clips)) is not None:
        yield _("The reference audio files last {seconds} s together: 15 s at most.", seconds=total)


def _misfits(clips: tuple[Clip, ...]) -> list[Clip]:
    return [clip for clip in clips if not MIN_CLIP_MS <= clip.duration_ms <= MAX_CLIP_MS]


def _too_long_together(clips: tuple[Clip, ...]) -> str | None:
    """Tell how many seconds several clips last, if that is too long."""
    total = sum(clip.duration_ms for clip in clips)
    return _seconds(total) if len(clips) > 1 and total > MAX_CLIP_MS else None


def _seconds(ms: int) -> str:
    return format_number(ms / 1000, decimals=3)
