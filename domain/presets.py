"""Knows a server's presets: named styles that fill what a member left open."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from domain.errors import RulesViolated
from domain.models import MODELS, AspectRatio, Model, ModelId, Resolution
from domain.requests import Draft, is_blank, is_sendable, unsupported_options, utf16_length
from domain.violations import Param, Source, Violation, ViolationCode

MAX_NAME_CHARS: Final = 32
MAX_SUFFIX_CHARS: Final = 500
"""Characters, counted as Discord counts them: in UTF-16."""

_BETWEEN: Final = ", "
_CHOICES: Final = ("model", "seconds", "resolution", "aspect_ratio", "sound")


class Preset(BaseModel):
    """A style by its name; what is None, or an empty suffix, stays as the member left it."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: str
    suffix: str = ""
    model: ModelId | None = None
    seconds: int | None = None
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    sound: bool | None = None

    @property
    def key(self) -> str:
        """Tell what makes two names the same: case does not."""
        return preset_key(self.name)


def preset_key(name: str) -> str:
    """Make the key under which a name is looked up, however it is typed."""
    return " ".join(name.split()).casefold()


def validate_preset(preset: Preset) -> Preset:
    """Give a preset as it is kept: name and suffix on one line each.

    Raises:
        RulesViolated: naming every rule that it breaks.
    """
    name, suffix = (" ".join(text.split()) for text in (preset.name, preset.suffix))
    tidy = preset.model_copy(update={"name": name, "suffix": suffix})
    broken = list(_broken_rules(tidy))
    if broken:
        raise RulesViolated(broken)
    return tidy


def apply_preset(draft: Draft, preset: Preset) -> Draft:
    """Let a preset fill what a draft leaves open, and add its suffix to the prompt, once."""
    gave: dict[str, Any] = {
        option: getattr(preset, option)
        for option in _CHOICES
        if getattr(draft, option) is None and getattr(preset, option) is not None
    }
    prompt, suffix = draft.prompt.strip(), f"{_BETWEEN}{preset.suffix}"
    # A prompt that is asked for once more has it already.
    if preset.suffix and not is_blank(prompt) and not prompt.endswith(suffix):
        gave["prompt"] = prompt + suffix
    return replace(draft, filled_by_preset=frozenset(gave), **gave)


def _broken_rules(preset: Preset) -> Iterator[Violation]:
    if is_blank(preset.name):
        yield _fault(ViolationCode.PRESET_NAME_MISSING)
    elif utf16_length(preset.name) > MAX_NAME_CHARS:
        yield _fault(ViolationCode.PRESET_NAME_TOO_LONG, most=MAX_NAME_CHARS)
    if utf16_length(preset.suffix) > MAX_SUFFIX_CHARS:
        yield _fault(ViolationCode.PRESET_SUFFIX_TOO_LONG, most=MAX_SUFFIX_CHARS)
    if not is_sendable(preset.name + preset.suffix):
        yield _fault(ViolationCode.PRESET_NOT_SENDABLE)
    chosen = [option for option in _CHOICES if getattr(preset, option) is not None]
    if not chosen and is_blank(preset.suffix):
        yield _fault(ViolationCode.PRESET_EMPTY)
    if preset.model is not None and not _fits(preset, MODELS[preset.model]):
        yield _fault(ViolationCode.PRESET_UNSUPPORTED_BY_MODEL, model=preset.model)
    elif not any(_fits(preset, model) for model in MODELS.values()):
        yield _fault(ViolationCode.PRESET_UNSUPPORTED)


def _fault(code: ViolationCode, **params: Param) -> Violation:
    return Violation.of(code, Source.SETTINGS, **params)


def _fits(preset: Preset, model: Model) -> bool:
    return not unsupported_options(model, preset.seconds, preset.resolution, preset.aspect_ratio)
