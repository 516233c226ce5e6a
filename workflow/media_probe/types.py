"""Results of a media probe: the types that cross the process boundary."""

import io
import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from tinytag import TinyTag, TinyTagException

PictureFormat = Literal["PNG", "JPEG", "WEBP"]
ClipSuffix = Literal["mp4", "mov", "mp3", "wav"]


class MediaKind(StrEnum):
    """What a file is given as."""

    PICTURE = "picture"
    VIDEO = "video"
    AUDIO = "audio"


class MediaFault(StrEnum):
    """What can be wrong with a file."""

    UNSUPPORTED_FORMAT = "other format"
    DAMAGED = "damaged"
    TOO_MANY_PIXELS = "too many pixels"
    ANIMATED = "animated"
    COMPRESSED_WAV = "compressed wav"
    NO_VIDEO_TRACK = "no video track"
    LENGTH_UNKNOWN = "length unknown"
    RESOURCE_LIMIT = "too costly"


class UnusableMedia(Exception):
    """The file cannot be used; `fault` is the reason."""

    def __init__(self, fault: MediaFault) -> None:
        self.fault = fault
        super().__init__(fault.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInfo:
    """A picture: its format by Pillow's name, its width and height when upright."""

    format: PictureFormat
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipInfo:
    """A video or audio: the file suffix of its format, its length in microseconds."""

    suffix: ClipSuffix
    microseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedMedia:
    """A file that cannot be used."""

    fault: MediaFault


MediaInfo = PictureInfo | ClipInfo


def header_seconds(data: bytes) -> Fraction:
    """Return the length in seconds that a file's header declares.

    Raises:
        UnusableMedia: it declares none, or cannot be read.
    """
    try:
        seconds = TinyTag.get(file_obj=io.BytesIO(data), tags=False).duration
    except TinyTagException:
        raise UnusableMedia(MediaFault.DAMAGED) from None
    if not seconds or not math.isfinite(seconds):
        raise UnusableMedia(MediaFault.LENGTH_UNKNOWN)
    return Fraction(seconds)


def to_microseconds(seconds: Fraction) -> int:
    """Convert a length in seconds to microseconds, rounded because headers are read as floats.

    Raises:
        UnusableMedia: the length is zero.
    """
    if not seconds:
        raise UnusableMedia(MediaFault.LENGTH_UNKNOWN)
    return round(seconds * 1_000_000)
