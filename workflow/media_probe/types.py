"""Knows what a look into a file can find: all that may cross the border between the processes."""

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
    """A file that can not be used, and why."""

    def __init__(self, fault: MediaFault) -> None:
        self.fault = fault
        super().__init__(fault.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInfo:
    """A picture: its format by Pillow's name, width and height as it is to be shown."""

    format: PictureFormat
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipInfo:
    """A video or audio: the suffix that its format goes by, its length to the microsecond."""

    suffix: ClipSuffix
    microseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedMedia:
    """A file that can not be used."""

    fault: MediaFault


MediaInfo = PictureInfo | ClipInfo


def header_seconds(data: bytes) -> Fraction:
    """Tell what length in seconds a file's header claims.

    Raises:
        UnusableMedia: it claims none, or can not be read.
    """
    try:
        seconds = TinyTag.get(file_obj=io.BytesIO(data), tags=False).duration
    except TinyTagException:
        raise UnusableMedia(MediaFault.DAMAGED) from None
    if not seconds or not math.isfinite(seconds):
        raise UnusableMedia(MediaFault.LENGTH_UNKNOWN)
    return Fraction(seconds)


def to_microseconds(seconds: Fraction) -> int:
    """Write a length in microseconds, to the nearest one: headers are read as floats.

    Raises:
        UnusableMedia: there is no length.
    """
    if not seconds:
        raise UnusableMedia(MediaFault.LENGTH_UNKNOWN)
    return round(seconds * 1_000_000)
