"""Options that the generating commands share: descriptions, choices, suggestions, parsing."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeVar

from discord import app_commands

from cogs.generation.attachments import LoadedAttachments
from cogs.ui.i18n import N_, ngettext
from domain.models import MODELS, AspectRatio, Model, ModelId, Resolution
from domain.requests import Draft, GenerationCommand
from domain.violations import Source, Violation, ViolationCode

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ParsedChoices:
    """Parsed options, None where nothing was chosen; `violations` names every unknown value."""

    model: ModelId | None
    resolution: Resolution | None
    aspect_ratio: AspectRatio | None
    violations: tuple[Violation, ...]


def parse_choices(
    *, model: str | None = None, resolution: str | None = None, aspect_ratio: str | None = None
) -> ParsedChoices:
    """Parse the options that Discord sends as text; an outdated client may send any value."""
    unknown = list[Violation]()

    def parse(kind: type[E], name: str, value: str | None) -> E | None:
        if value is None or value in list(kind):
            return None if value is None else kind(value)
        unknown.append(
            Violation.of(
                ViolationCode.CHOICE_UNKNOWN,
                Source.FORM,
                option=name,
                values=tuple(kind),
                value=value,
            )
        )
        return None

    return ParsedChoices(
        model=parse(ModelId, "model", model),
        resolution=parse(Resolution, "resolution", resolution),
        aspect_ratio=parse(AspectRatio, "aspect_ratio", aspect_ratio),
        violations=tuple(unknown),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoOptions:
    """The options of a generating command as given; None where nothing was."""

    prompt: str
    model: str | None = None
    duration: int | None = None
    resolution: str | None = None
    aspect_ratio: str | None = None
    sound: bool | None = None
    fixed_lens: bool | None = None
    web_search: bool | None = None
    preset: str | None = None
    private: bool | None = None
    takes: int | None = None


OPTION_DESCRIPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "prompt": N_("What the video should show"),
        "model": N_("Seedance 1.5 Pro is fast and cheap; 2.0 takes minutes and looks best"),
        "duration": N_("Length in seconds: 4 to 12 with 1.5 Pro, 4 to 15 with 2.0"),
        "resolution": N_("Video quality; 1080p only with 2.0"),
        "aspect_ratio": N_("Aspect ratio; auto only with 2.0"),
        "sound": N_("Sound on or off (doubles the price on 1.5 Pro, free on 2.0)"),
        "fixed_lens": N_("Keep the camera still (1.5 Pro only)"),
        "web_search": N_("Let the model search the web (2.0 only)"),
        "preset": N_("A style of this server, for everything you don't set"),
        "private": N_("Only you see it; everything comes by DM"),
        "takes": N_("Videos to make at once: 1 to 4, each at the full price"),
    }
)
RESOLUTION_CHOICES: Final = [app_commands.Choice(name=r.value, value=r.value) for r in Resolution]
ASPECT_RATIO_CHOICES: Final = [
    app_commands.Choice(name=r.value, value=r.value) for r in AspectRatio
]
MODEL_CHOICES: Final = [
    app_commands.Choice(name=model.label, value=model.id.value) for model in MODELS.values()
]
DurationRange = app_commands.Range[int, 4, 15]
TakesRange = app_commands.Range[int, 1, 4]


def duration_choices(model: Model, current: object) -> list[app_commands.Choice[int]]:
    """Return lengths that a model makes, in order."""
    # Discord does not check an option that is still being typed.
    typed = str(current).strip()
    return [
        app_commands.Choice(
            name=ngettext("{count} second", "{count} seconds", seconds), value=seconds
        )
        for seconds in range(model.min_seconds, model.max_seconds + 1)
        if str(seconds).startswith(typed)
    ]


_NONE: Final = LoadedAttachments()


def build_draft(
    command: GenerationCommand,
    options: VideoOptions,
    attachments: LoadedAttachments = _NONE,
) -> Draft:
    """Build a command's draft from its options and loaded attachments."""
    choices = parse_choices(
        model=options.model, resolution=options.resolution, aspect_ratio=options.aspect_ratio
    )
    return Draft(
        command=command,
        prompt=options.prompt,
        model=choices.model,
        seconds=options.duration,
        resolution=choices.resolution,
        aspect_ratio=choices.aspect_ratio,
        sound=options.sound,
        fixed_lens=options.fixed_lens,
        web_search=options.web_search,
        pictures=attachments.pictures,
        videos=attachments.videos,
        audios=attachments.audios,
        violations=(*attachments.violations, *choices.violations),
        preset=options.preset,
        private=bool(options.private),
        takes=options.takes,
        conversions=attachments.conversions,
    )
