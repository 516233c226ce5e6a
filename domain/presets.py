"""Presets of a server: named styles that fill the options a member left open."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from domain.errors import RulesViolated
from domain.models import MAX_TAKES, MODELS, AspectRatio, Model, ModelId, Resolution
from domain.requests import Draft, is_blank, is_sendable, unsupported_options, utf16_length
from domain.violations import Param, Source, Violation, ViolationCode

MAX_NAME_CHARS: Final = 32
MAX_SUFFIX_CHARS: Final = 500
"""In UTF-16 code units, as Discord counts."""

_SEPARATOR: Final = ", "
_CHOICES: Final = ("model", "seconds", "resolution", "aspect_ratio", "sound", "takes")


class Preset(BaseModel):
    """A named style; None, or an empty suffix, changes nothing."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    name: str
    suffix: str = ""
    model: ModelId | None = None
    seconds: int | None = None
    resolution: Resolution | None = None
    aspect_ratio: AspectRatio | None = None
    sound: bool | None = None
    takes: int | None = Field(default=None, ge=1, le=MAX_TAKES)

    @property
    def key(self) -> str:
        """Return the key by which names are compared: case and spacing do not matter."""
        return preset_key(self.name)


def preset_key(name: str) -> str:
    """Return the key under which a name is looked up, whatever its case and spacing."""
    return " ".join(name.split()).casefold()


def validate_preset(preset: Preset) -> Preset:
    """Return a preset as it is saved: name and suffix on one line each.

    Raises:
        RulesViolated: naming every rule that it breaks.
    """
    name, suffix = (" ".join(text.split()) for text in (preset.name, preset.suffix))
    normalized = preset.model_copy(update={"name": name, "suffix": suffix})
    broken = list(_broken_rules(normalized))
    if broken:
        raise RulesViolated(broken)
    return normalized


def apply_preset(draft: Draft, preset: Preset) -> Draft:
    """Return a draft with its open options filled by a preset, and the suffix added once."""
    filled: dict[str, Any] = {
        option: getattr(preset, option)
        for option in _CHOICES
        if getattr(draft, option) is None and getattr(preset, option) is not None
    }
    prompt, suffix = draft.prompt.strip(), f"{_SEPARATOR}{preset.suffix}"
    # The prompt of a rerun has the suffix already.
    if preset.suffix and not is_blank(prompt) and not prompt.endswith(suffix):
        filled["prompt"] = prompt + suffix
    return replace(draft, filled_by_preset=frozenset(filled), **filled)


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
