"""Video requests: one frozen type per mode, and the checks that build one from a draft.

A request comes only from `build_request`, or from the JSON of one that did, so code that has a
request need not check again whether APIXO would accept it.
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
    MAX_TAKES,
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
    """A picture as measured: URL, Pillow format, width and height when upright, size in bytes.

    `kept` is the name of our own copy, because Discord's link expires after about a day.
    """

    url: str
    name: str
    format: str
    width: int
    height: int
    size: int
    kept: str | None = None


class Clip(_Frozen):
    """A reference video or audio as measured; its length in milliseconds.

    `kept` is the name of our own copy, because Discord's link expires after about a day.
    """

    url: str
    name: str
    duration_ms: int
    kept: str | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a member is to know of a file that is sent on otherwise than it came.

    Attributes:
        name: the file's name.
        length_ms: how long the copy of a clip is, in milliseconds.
        is_first_frame: only the first frame of an animation is used.
    """

    name: str
    length_ms: int | None = None
    is_first_frame: bool = False


class RequestBase(_Frozen):
    """The fields that the requests of all modes have."""

    model: ModelId
    prompt: str
    resolution: Resolution
    seconds: int
    aspect_ratio: AspectRatio
    sound: bool
    fixed_lens: bool = False
    web_search: bool = False
    pictures: tuple[Picture, ...] = ()


class TextToVideo(RequestBase):
    """A video from a prompt alone."""

    mode: Literal[Mode.TEXT_TO_VIDEO] = Mode.TEXT_TO_VIDEO


class ImageToVideo(RequestBase):
    """A video from a first picture and perhaps a last one, on 1.5 Pro."""

    mode: Literal[Mode.IMAGE_TO_VIDEO] = Mode.IMAGE_TO_VIDEO


class FirstAndLastFrames(RequestBase):
    """A video from a first picture and perhaps a last one, on 2.0."""

    mode: Literal[Mode.FIRST_AND_LAST_FRAMES] = Mode.FIRST_AND_LAST_FRAMES


class OmniReference(RequestBase):
    """A video guided by reference pictures, videos and audio, on 2.0."""

    mode: Literal[Mode.OMNI_REFERENCE] = Mode.OMNI_REFERENCE
    videos: tuple[Clip, ...] = ()
    audios: tuple[Clip, ...] = ()


def round_clip_ms(microseconds: int) -> int:
    """Return the length of a reference clip in whole milliseconds, rounded up.

    APIXO bills reference video by its length and does not document its rounding, so the higher
    price is held. Only a clip below the shortest allowed length is rounded down: 1.9996 s are not
    2 s.
    """
    down, rest = divmod(microseconds, 1000)
    return down + 1 if rest and down >= MIN_CLIP_MS else down


VideoRequest = TextToVideo | ImageToVideo | FirstAndLastFrames | OmniReference

_ADAPTER: TypeAdapter[VideoRequest] = TypeAdapter(
    Annotated[VideoRequest, Field(discriminator="mode")]
)


class GenerationCommand(StrEnum):
    """The commands that request a video."""

    VIDEO = "video"
    ANIMATE = "animate"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A member's unchecked input; None is an option left open.

    `violations` are rules found broken while the draft was gathered (a file that is no picture, a
    channel that the bot cannot post to); they are reported together with those found here.
    `preset` names the preset that fills open options, `filled_by_preset` the options it filled.
    The result of a `private` draft is visible to the member alone. `takes` is how many videos are
    made of it, each from the same request. `conversions` are told when it is accepted. `remix_of`
    is the job of another member that it was made from, `joined_to` the one whose video it goes on
    from, if both are to be a film.
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
    takes: int | None = None
    conversions: tuple[Conversion, ...] = ()
    remix_of: str | None = None
    joined_to: str | None = None


def build_request(draft: Draft) -> VideoRequest:
    """Return the request of a draft, with the model's defaults for open options.

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
    """Return the models that support a command, in the order in which they are offered."""
    return tuple(model for model in MODELS.values() if _mode_of(command, model) in model.modes)


def is_blank(prompt: str) -> bool:
    """Return whether a prompt has no visible character."""
    return all(unicodedata.category(char) in _INVISIBLE for char in prompt.strip())


def is_sendable(text: str) -> bool:
    """Return whether a text is free of NUL and lone surrogates, which JSON or SQL may refuse."""
    return not any(unicodedata.category(char) == "Cs" or char == "\0" for char in text)


def utf16_length(text: str) -> int:
    """Return the length of a text in UTF-16 code units, as Discord and APIXO count."""
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def unsupported_options(
    model: Model,
    seconds: int | None,
    resolution: Resolution | None,
    aspect_ratio: AspectRatio | None,
) -> list[str]:
    """Return the names of options whose values a model does not support; None always fits."""
    fits = {
        "seconds": seconds is None or model.min_seconds <= seconds <= model.max_seconds,
        "resolution": resolution is None or resolution in model.resolutions,
        "aspect_ratio": aspect_ratio is None or aspect_ratio in model.aspect_ratios,
    }
    return [option for option, is_fit in fits.items() if not is_fit]


def dump_request(request: VideoRequest) -> str:
    """Return a request as JSON, for storage."""
    return request.model_dump_json()


def blank_request(request: VideoRequest) -> VideoRequest:
    """Return a request without its prompt and files: what is left says what it cost."""
    blank: dict[str, object] = {"prompt": "", "pictures": ()}
    if isinstance(request, OmniReference):
        blank |= {"videos": (), "audios": ()}
    return request.model_copy(update=blank)


def continue_from(request: VideoRequest, picture: Picture) -> VideoRequest:
    """Return a request that begins with a picture, at the same price."""
    fields = {name: getattr(request, name) for name in RequestBase.model_fields}
    kind = _KINDS[MODELS[request.model].animate_mode]
    return kind.model_validate({**fields, "pictures": (picture,)})


def load_request(text: str) -> VideoRequest:
    """Parse a request that `dump_request` wrote."""
    return _ADAPTER.validate_json(text)


_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Unicode categories without a glyph. Characters newer than Python's tables may have one."""

_KINDS: dict[Mode, type[VideoRequest]] = {
    Mode.TEXT_TO_VIDEO: TextToVideo,
    Mode.IMAGE_TO_VIDEO: ImageToVideo,
    Mode.FIRST_AND_LAST_FRAMES: FirstAndLastFrames,
    Mode.OMNI_REFERENCE: OmniReference,
}


def _model_of(draft: Draft) -> Model:
    """Return the chosen model, else the first that supports the command."""
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
    if draft.takes is not None and not 1 <= draft.takes <= MAX_TAKES:
        yield Violation.of(ViolationCode.TAKES_UNSUPPORTED, Source.FORM, most=MAX_TAKES)
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
    """Name the preset as the cause of a broken rule: the member does not see what it filled in."""
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
        yield _unsupported_option("fixed_lens", _ids(lambda other: other.has_fixed_lens), model)
    if draft.web_search and not model.has_web_search:
        yield _unsupported_option("web_search", _ids(lambda other: other.has_web_search), model)


def _unsupported_option(option: str, able: tuple[ModelId, ...], model: Model) -> Violation:
    return Violation.of(
        ViolationCode.OPTION_UNSUPPORTED, Source.FORM, option=option, able=able, model=model.id
    )


def _ids(predicate: Callable[[Model], bool]) -> tuple[ModelId, ...]:
    return tuple(model.id for model in MODELS.values() if predicate(model))


def _count_rules(draft: Draft) -> Iterator[Violation]:
    pictures, videos, audios = len(draft.pictures), len(draft.videos), len(draft.audios)
    if draft.command is GenerationCommand.ANIMATE and not pictures and not draft.violations:
        yield Violation.of(ViolationCode.PICTURE_MISSING, Source.ATTACHMENT)
    max_pictures = {
        GenerationCommand.VIDEO: 0,
        GenerationCommand.ANIMATE: 2,
        GenerationCommand.REFERENCE: MAX_REFERENCE_IMAGES,
    }[draft.command]
    max_clips = MAX_REFERENCE_CLIPS if draft.command is GenerationCommand.REFERENCE else 0
    for code, given, limit in (
        (ViolationCode.TOO_MANY_PICTURES, pictures, max_pictures),
        (ViolationCode.TOO_MANY_VIDEOS, videos, max_clips),
        (ViolationCode.TOO_MANY_AUDIOS, audios, max_clips),
    ):
        if given > limit:
            yield Violation.of(code, Source.ATTACHMENT, most=limit, given=given)
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
    """Yield each clip whose length is not allowed, and the total length if that is too long."""
    for clip in clips:
        if not MIN_CLIP_MS <= clip.duration_ms <= MAX_CLIP_MS:
            yield Violation.of(one, Source.ATTACHMENT, name=clip.name, duration_ms=clip.duration_ms)
    total = sum(clip.duration_ms for clip in clips)
    if len(clips) > 1 and total > MAX_CLIP_MS:
        yield Violation.of(together, Source.ATTACHMENT, duration_ms=total)
