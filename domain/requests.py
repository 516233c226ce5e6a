"""Knows what may be asked for: one frozen request per mode, and the check that makes one.

A request can only come from `check`, or from the text of one that did, so whatever holds a request
need not ask again whether APIXO would take it.
"""

import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from domain.errors import BrokenRules
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


def clip_ms(microseconds: int) -> int:
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


class Command(StrEnum):
    """The commands that ask for a video."""

    VIDEO = "video"
    ANIMATE = "animate"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a member gave, unchecked; None is an option left open.

    `problems` are rules found broken while the draft was gathered (a file that is no picture, a
    channel that may not be posted to): they are named together with those found here.
    """

    command: Command
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
    problems: tuple[str, ...] = ()


def check(draft: Draft) -> VideoRequest:
    """Make the request a draft asks for.

    Raises:
        BrokenRules: naming every rule that the draft breaks, in words for the member.
    """
    model = _model_of(draft)
    broken = [*draft.problems, *_broken_rules(draft, model)]
    if broken:
        raise BrokenRules(broken)
    kind = _KINDS[_mode_of(draft, model)]
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


def dump(request: VideoRequest) -> str:
    """Write a request as JSON text, for keeping."""
    return request.model_dump_json()


def load(text: str) -> VideoRequest:
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
    return next(model for model in MODELS.values() if _mode_of(draft, model) in model.modes)


def _mode_of(draft: Draft, model: Model) -> Mode:
    match draft.command:
        case Command.VIDEO:
            return Mode.TEXT_TO_VIDEO
        case Command.ANIMATE:
            return model.animate_mode
        case Command.REFERENCE:
            return Mode.OMNI_REFERENCE


def _natural_ratio(draft: Draft, model: Model) -> AspectRatio:
    if draft.pictures and AspectRatio.AUTO not in model.aspect_ratios:
        return nearest_ratio(draft.pictures[0].width, draft.pictures[0].height)
    return model.default_aspect_ratio


def _broken_rules(draft: Draft, model: Model) -> Iterator[str]:
    if _mode_of(draft, model) not in model.modes:
        able = _labels(lambda other: _mode_of(draft, other) in other.modes)
        yield f"/{draft.command} is not possible with {model.label}: choose {able}."
    yield from _prompt_rules(draft.prompt, model)
    yield from _choice_rules(draft, model)
    yield from _count_rules(draft)
    for picture in draft.pictures:
        yield from _picture_rules(picture)
    for kind, clips in (("video", draft.videos), ("audio", draft.audios)):
        yield from _clip_rules(kind, clips)


def _prompt_rules(prompt: str, model: Model) -> Iterator[str]:
    text = prompt.strip()
    if any(unicodedata.category(char) == "Cs" or char == "\0" for char in text):
        yield "The prompt contains characters that cannot be sent."
        return
    if all(unicodedata.category(char) in _INVISIBLE for char in text):
        yield "The prompt is empty: say what the video should show."
    elif len(text) < model.min_prompt:
        yield f"The prompt is too short: {model.label} needs {model.min_prompt} characters."
    units = len(text.encode("utf-16-le")) // 2
    if model.max_prompt is not None and units > model.max_prompt:
        yield (
            f"The prompt is too long: {model.label} takes {model.max_prompt:,} characters "
            f"at most, this one has {units:,}."
        )


def _choice_rules(draft: Draft, model: Model) -> Iterator[str]:
    if draft.seconds is not None and not model.min_seconds <= draft.seconds <= model.max_seconds:
        yield (
            f"A length of {draft.seconds} s is not possible: {model.label} makes "
            f"{model.min_seconds} to {model.max_seconds} seconds."
        )
    if draft.resolution and draft.resolution not in model.resolutions:
        choices = _any_of(model.resolutions)
        yield f"{model.label} does not make {draft.resolution}: choose {choices}."
    if draft.aspect_ratio and draft.aspect_ratio not in model.aspect_ratios:
        yield (
            f"{model.label} does not know the aspect ratio {draft.aspect_ratio}: "
            f"choose {_any_of(model.aspect_ratios)}."
        )
    if draft.fixed_lens and not model.has_fixed_lens:
        able = _labels(lambda other: other.has_fixed_lens)
        yield f"fixed_lens is an option of {able}; {model.label} does not have it."
    if draft.web_search and not model.has_web_search:
        able = _labels(lambda other: other.has_web_search)
        yield f"web_search is an option of {able}; {model.label} does not have it."


def _labels(which: Callable[[Model], bool]) -> str:
    return _any_of([model.label for model in MODELS.values() if which(model)])


def _any_of(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(choices[:-1]), choices[-1])))


def _count_rules(draft: Draft) -> Iterator[str]:
    pictures, videos, audios = len(draft.pictures), len(draft.videos), len(draft.audios)
    if draft.command is Command.ANIMATE and not pictures and not draft.problems:
        yield "There is no picture to animate: attach a PNG, JPEG or WebP."
    most = {Command.VIDEO: 0, Command.ANIMATE: 2, Command.REFERENCE: MAX_REFERENCE_IMAGES}
    if pictures > most[draft.command]:
        yield f"Too many pictures: {most[draft.command]} at most, {pictures} were given."
    most_clips = MAX_REFERENCE_CLIPS if draft.command is Command.REFERENCE else 0
    for kind, count in (("videos", videos), ("audio files", audios)):
        if count > most_clips:
            yield f"Too many reference {kind}: {most_clips} at most, {count} were given."
    if audios and not pictures and not videos and not draft.problems:
        yield "Reference audio needs a reference picture or video beside it."


def _picture_rules(picture: Picture) -> Iterator[str]:
    name, width, height = picture.name, picture.width, picture.height
    if picture.format not in IMAGE_FORMATS:
        yield f"{name} is a {picture.format} file: only PNG, JPEG and WebP pictures can be used."
    if picture.size > MAX_IMAGE_BYTES:
        yield f"{name} is too large: {picture.size / 1e6:.1f} MB, 10 MB at most."
    if min(width, height) < MIN_IMAGE_SIDE or max(width, height) > MAX_IMAGE_SIDE:
        yield (
            f"{name} is {width} × {height} pixels: each side must have "
            f"{MIN_IMAGE_SIDE} to {MAX_IMAGE_SIDE} pixels."
        )
    elif not MIN_IMAGE_RATIO <= width / height <= MAX_IMAGE_RATIO:
        yield (
            f"{name} is too narrow ({width} × {height}): the longer side may be at most 2.5 times "
            "the shorter."
        )


def _clip_rules(kind: str, clips: tuple[Clip, ...]) -> Iterator[str]:
    for clip in clips:
        if not MIN_CLIP_MS <= clip.duration_ms <= MAX_CLIP_MS:
            length = _seconds(clip.duration_ms)
            yield f"{clip.name} lasts {length}: a reference {kind} has 2 to 15 s."
    total = sum(clip.duration_ms for clip in clips)
    if len(clips) > 1 and total > MAX_CLIP_MS:
        yield f"The reference {kind} files last {_seconds(total)} together: 15 s at most."


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03d}".rstrip("0").rstrip(".") + " s"
