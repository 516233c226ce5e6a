"""Limits, prices and latencies of each Seedance model, as data.

Source: APIXO's model pages for seedance-1-5-pro and seedance-2-0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

PRICE_VERSION = "2026-11"
"""The version of the price tables below; a job keeps the one it was quoted under."""


class ModelId(StrEnum):
    """The model names at APIXO."""

    SEEDANCE_1_5_PRO = "seedance-1-5-pro"
    SEEDANCE_2_0 = "seedance-2-0"


class Family(StrEnum):
    """Models of one family take the same fields; they differ in name, resolutions and prices."""

    V1_5 = "1.5"
    V2_0 = "2.0"


class Mode(StrEnum):
    """What a model makes a video from; the spelling is APIXO's."""

    TEXT_TO_VIDEO = "text-to-video"
    IMAGE_TO_VIDEO = "image-to-video"
    FIRST_AND_LAST_FRAMES = "first_and_last_frames"
    OMNI_REFERENCE = "omni_reference"


class Resolution(StrEnum):
    """Heights of a video."""

    P480 = "480p"
    P720 = "720p"
    P1080 = "1080p"


class AspectRatio(StrEnum):
    """Shapes of a video, width to height."""

    AUTO = "auto"
    WIDE = "16:9"
    CLASSIC = "4:3"
    SQUARE = "1:1"
    PORTRAIT = "3:4"
    TALL = "9:16"
    CINEMA = "21:9"


@dataclass(frozen=True, slots=True)
class LatencyTier:
    """When a video of `seconds` is typically ready, in seconds after the task's creation."""

    seconds: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class PollingProfile:
    """When to poll a task: latency `tiers` by length, first gaps after `earliest`, then `gap`.

    `opening_gaps` shorten towards `gap`: a later poll has fewer tasks left to find, so early polls
    may be further apart for the same mean delay. Where the ages are learned instead, polls are
    `learned_gap` apart. All numbers are seconds.
    """

    tiers: tuple[LatencyTier, ...]
    opening_gaps: tuple[float, ...]
    gap: float
    late_gap: float
    learned_gap: float


class Feature(StrEnum):
    """The feature that makes a model bill its other rate."""

    SOUND = "sound"
    REFERENCE_VIDEO = "reference video"


@dataclass(frozen=True, slots=True)
class Rate:
    """A price in mills (thousandths of a dollar) per second."""

    plain: int
    featured: int
    """With sound on 1.5 Pro; with a reference video on 2.0 (where it is the lower one)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The properties of one model."""

    id: ModelId
    family: Family
    label: str
    modes: tuple[Mode, ...]
    animate_mode: Mode
    resolutions: tuple[Resolution, ...]
    default_resolution: Resolution
    aspect_ratios: tuple[AspectRatio, ...]
    default_aspect_ratio: AspectRatio
    min_seconds: int
    max_seconds: int
    default_seconds: int
    min_prompt_chars: int
    max_prompt_chars: int | None
    default_sound: bool
    has_fixed_lens: bool
    has_web_search: bool
    rates: Mapping[Resolution, Rate]
    featured_by: Feature
    polling: PollingProfile


_SIX_RATIOS = (
    AspectRatio.WIDE,
    AspectRatio.TALL,
    AspectRatio.SQUARE,
    AspectRatio.CLASSIC,
    AspectRatio.PORTRAIT,
    AspectRatio.CINEMA,
)

_ALL = (
    Model(
        id=ModelId.SEEDANCE_1_5_PRO,
        family=Family.V1_5,
        label="Seedance 1.5 Pro",
        modes=(Mode.TEXT_TO_VIDEO, Mode.IMAGE_TO_VIDEO),
        animate_mode=Mode.IMAGE_TO_VIDEO,
        resolutions=(Resolution.P480, Resolution.P720),
        default_resolution=Resolution.P720,
        aspect_ratios=_SIX_RATIOS,
        default_aspect_ratio=AspectRatio.WIDE,
        min_seconds=4,
        max_seconds=12,
        default_seconds=4,
        min_prompt_chars=3,
        max_prompt_chars=2500,
        default_sound=False,
        has_fixed_lens=True,
        has_web_search=False,
        rates=MappingProxyType(
            {
                Resolution.P480: Rate(plain=10, featured=20),
                Resolution.P720: Rate(plain=20, featured=40),
            }
        ),
        featured_by=Feature.SOUND,
        polling=PollingProfile(
            tiers=(LatencyTier(4, 40, 60), LatencyTier(8, 60, 90), LatencyTier(12, 90, 120)),
            opening_gaps=(6.5, 5.5),
            gap=5,
            late_gap=10,
            learned_gap=5,
        ),
    ),
    Model(
        id=ModelId.SEEDANCE_2_0,
        family=Family.V2_0,
        label="Seedance 2.0",
        modes=(Mode.TEXT_TO_VIDEO, Mode.FIRST_AND_LAST_FRAMES, Mode.OMNI_REFERENCE),
        animate_mode=Mode.FIRST_AND_LAST_FRAMES,
        resolutions=(Resolution.P480, Resolution.P720, Resolution.P1080),
        default_resolution=Resolution.P720,
        aspect_ratios=(AspectRatio.AUTO, *_SIX_RATIOS),
        default_aspect_ratio=AspectRatio.AUTO,
        min_seconds=4,
        max_seconds=15,
        default_seconds=5,
        min_prompt_chars=1,
        max_prompt_chars=None,
        default_sound=True,
        has_fixed_lens=False,
        has_web_search=True,
        rates=MappingProxyType(
            {
                Resolution.P480: Rate(plain=91, featured=55),
                Resolution.P720: Rate(plain=192, featured=115),
                Resolution.P1080: Rate(plain=490, featured=290),
            }
        ),
        featured_by=Feature.REFERENCE_VIDEO,
        polling=PollingProfile(
            tiers=(LatencyTier(4, 240, 480),),
            opening_gaps=(0,),
            gap=15,
            late_gap=20,
            learned_gap=13.5,
        ),
    ),
)

MODELS: Mapping[ModelId, Model] = MappingProxyType({model.id: model for model in _ALL})
"""In the order in which they are offered: the first that supports a command is its default."""

DEFAULT_MODEL = _ALL[0]

IMAGE_FORMATS: Mapping[str, str] = MappingProxyType(
    {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
)
"""Picture formats APIXO takes, by Pillow's name."""

MAX_IMAGE_BYTES = 10_000_000
MIN_IMAGE_SIDE = 300
MAX_IMAGE_SIDE = 6000
MIN_IMAGE_RATIO = 0.4
MAX_IMAGE_RATIO = 2.5

MAX_VIDEO_BYTES = 50_000_000
MAX_AUDIO_BYTES = 15_000_000
"""APIXO's pages name no limit for clips; these are what other vendors of the same models take."""

MAX_TAKES = 4
"""Videos of one request that are made side by side."""

MAX_REFERENCE_IMAGES = 9
MAX_REFERENCE_CLIPS = 3
MIN_CLIP_MS = 2_000
MAX_CLIP_MS = 15_000


def nearest_ratio(width: int, height: int) -> AspectRatio:
    """Return the aspect ratio nearest to a picture of `width` × `height` pixels."""

    def distance(ratio: AspectRatio) -> float:
        across, down = (int(part) for part in ratio.split(":"))
        wanted, given = across / down, width / height
        return max(wanted / given, given / wanted)

    return min(_SIX_RATIOS, key=distance)
