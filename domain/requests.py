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
from domain.violations import Source, Violation, ViolationCode


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

    `violations` are rules found broken while the draft was gathered (a file that is no picture, a
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
    violations: tuple[Violation, ...] = ()
    preset: str | None = None
    filled_by_preset: frozenset[str] = frozenset()
    private: bool = False


def build_request(draft: Draft) -> VideoRequest:
    """Make the request a draft asks for.

    Raises:
        RulesViolated: naming every rule that the draft breaks.
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


def _broken_rules(draft: Draft, model: Model) -> Iterator[Violation]:
    if _mode_of(draft.command, model) not in model.modes:
        yield Violation.of(
            ViolationCode.MODE_UNSUPPORTED,
            Source.FORM,
            command=draft.command,
            model=model.id,
            able=_ids(lambda other: _mode_of(draft.command, other) in other.modes),
        )
    yield from _prompt_rules(draft.prompt, model)
    yield from _preset_rules(draft, model)
    yield from _choice_rules(draft, model)
    yield from _count_rules(draft)
    for picture in draft.pictures:
        yield from _picture_rules(picture)
    yield from _clip_rules(draft.videos, ViolationCode.VIDEO_LENGTH, ViolationCode.VIDEOS_TOO_LONG)
    yield from _clip_rules(draft.audios, ViolationCode.AUDIO_LENGTH, ViolationCode.AUDIOS_TOO_LONG)


def _prompt_rules(prompt: str, model: Model) -> Iterator[Violation]:
    text = prompt.strip()
    if not is_sendable(text):
        yield Violation.of(ViolationCode.PROMPT_NOT_SENDABLE, Source.FORM)
        return
    if is_blank(text):
        yield Violation.of(ViolationCode.PROMPT_EMPTY, Source.FORM)
    elif len(text) < model.min_prompt_chars:
        yield Violation.of(
            ViolationCode.PROMPT_TOO_SHORT,
            Source.FORM,
            model=model.id,
            least=model.min_prompt_chars,
        )
    if _is_too_long(text, model):
        yield Violation.of(
            ViolationCode.PROMPT_TOO_LONG,
            Source.FORM,
            model=model.id,
            most=model.max_prompt_chars,
            units=utf16_length(text),
        )


def _is_too_long(text: str, model: Model) -> bool:
    return model.max_prompt_chars is not None and utf16_length(text) > model.max_prompt_chars


def _preset_rules(draft: Draft, model: Model) -> Iterator[Violation]:
    """Say that it is the preset whose choice breaks a rule: the member does not see what it set."""
    unfit = set(unsupported_options(model, draft.seconds, draft.resolution, draft.aspect_ratio))
    if _mode_of(draft.command, model) not in model.modes:
        unfit.add("model")
    if _is_too_long(draft.prompt.strip(), model):
        unfit.add("prompt")
    if unfit & draft.filled_by_preset:
        yield Violation.of(ViolationCode.PRESET_DOES_NOT_FIT, Source.PRESET)


def _choice_rules(draft: Draft, model: Model) -> Iterator[Violation]:
    unfit = unsupported_options(model, draft.seconds, draft.resolution, draft.aspect_ratio)
    if "seconds" in unfit:
        yield Violation.of(
            ViolationCode.LENGTH_UNSUPPORTED,
            Source.FORM,
            seconds=draft.seconds,
            model=model.id,
            least=model.min_seconds,
            most=model.max_seconds,
        )
    if "resolution" in unfit:
        yield Violation.of(
            ViolationCode.RESOLUTION_UNSUPPORTED,
            Source.FORM,
            model=model.id,
            resolution=draft.resolution,
            choices=model.resolutions,
        )
    if "aspect_ratio" in unfit:
        yield Violation.of(
            ViolationCode.ASPECT_RATIO_UNSUPPORTED,
            Source.FORM,
            model=model.id,
            ratio=draft.aspect_ratio,
            choices=model.aspect_ratios,
        )
    if draft.fixed_lens and not model.has_fixed_lens:
        yield _not_an_option("fixed_lens", _ids(lambda other: other.has_fixed_lens), model)
    if draft.web_search and not model.has_web_search:
        yield _not_an_option("web_search", _ids(lambda other: other.has_web_search), model)


def _not_an_option(option: str, able: tuple[ModelId, ...], model: Model) -> Violation:
    return Violation.of(
        ViolationCode.OPTION_UNSUPPORTED, Source.FORM, option=option, able=able, model=model.id
    )


def _ids(which: Callable[[Model], bool]) -> tuple[ModelId, ...]:
    return tuple(model.id for model in MODELS.values() if which(model))


def _count_rules(draft: Draft) -> Iterator[Violation]:
    pictures, videos, audios = len(draft.pictures), len(draft.videos), len(draft.audios)
    if draft.command is GenerationCommand.ANIMATE and not pictures and not draft.violations:
        yield Violation.of(ViolationCode.PICTURE_MISSING, Source.ATTACHMENT)
    most = {
        GenerationCommand.VIDEO: 0,
        GenerationCommand.ANIMATE: 2,
        GenerationCommand.REFERENCE: MAX_REFERENCE_IMAGES,
    }[draft.command]
    clips = MAX_REFERENCE_CLIPS if draft.command is GenerationCommand.REFERENCE else 0
    for code, given, at_most in (
        (ViolationCode.TOO_MANY_PICTURES, pictures, most),
        (ViolationCode.TOO_MANY_VIDEOS, videos, clips),
        (ViolationCode.TOO_MANY_AUDIOS, audios, clips),
    ):
        if given > at_most:
            yield Violation.of(code, Source.ATTACHMENT, most=at_most, given=given)
    if audios and not pictures and not videos and not draft.violations:
        yield Violation.of(ViolationCode.AUDIO_ALONE, Source.ATTACHMENT)


def _picture_rules(picture: Picture) -> Iterator[Violation]:
    name, width, height = picture.name, picture.width, picture.height
    if picture.format not in IMAGE_FORMATS:
        yield Violation.of(
            ViolationCode.PICTURE_FORMAT, Source.ATTACHMENT, name=name, format=picture.format
        )
    if picture.size > MAX_IMAGE_BYTES:
        yield Violation.of(
            ViolationCode.PICTURE_TOO_LARGE, Source.ATTACHMENT, name=name, size=picture.size
        )
    if min(width, height) < MIN_IMAGE_SIDE or max(width, height) > MAX_IMAGE_SIDE:
        yield Violation.of(
            ViolationCode.PICTURE_SIDES,
            Source.ATTACHMENT,
            name=name,
            width=width,
            height=height,
            least=MIN_IMAGE_SIDE,
            most=MAX_IMAGE_SIDE,
        )
    elif not MIN_IMAGE_RATIO <= width / height <= MAX_IMAGE_RATIO:
        yield Violation.of(
            ViolationCode.PICTURE_TOO_NARROW,
            Source.ATTACHMENT,
            name=name,
            width=width,
            height=height,
            most=MAX_IMAGE_RATIO,
        )


def _clip_rules(
    clips: tuple[Clip, ...], one: ViolationCode, together: ViolationCode
) -> Iterator[Violation]:
    """Name each clip whose length is not taken, and the length of all if that is too much."""
    for clip in clips:
        if not MIN_CLIP_MS <= clip.duration_ms <= MAX_CLIP_MS:
            yield Violation.of(one, Source.ATTACHMENT, name=clip.name, duration_ms=clip.duration_ms)
    total = sum(clip.duration_ms for clip in clips)
    if len(clips) > 1 and total > MAX_CLIP_MS:
        yield Violation.of(together, Source.ATTACHMENT, duration_ms=total)
