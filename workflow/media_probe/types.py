"""Results of a media probe: the types that cross the process boundary."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

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
    NO_VIDEO_TRACK = "no video track"
    NO_AUDIO_TRACK = "no audio track"
    TOO_LARGE = "too large"
    DATA_ELSEWHERE = "data elsewhere"
    RESOURCE_LIMIT = "too costly"


class UnusableMedia(Exception):
    """The file cannot be used.

    Attributes:
        fault: the reason.
        format_name: what the file is, as people call it; None if it is unknown.
    """

    def __init__(self, fault: MediaFault, format_name: str | None = None) -> None:
        self.fault = fault
        self.format_name = format_name
        super().__init__(fault.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInfo:
    """A picture as it is sent on: its format by Pillow's name, width and height when upright.

    Attributes:
        is_converted: it is no longer the file that came.
        is_first_frame: the file was animated.
    """

    format: PictureFormat
    width: int
    height: int
    is_converted: bool = False
    is_first_frame: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipInfo:
    """A video or audio as it is sent on: the file suffix of its format, its length.

    Attributes:
        microseconds: the longest of the container's length, each track's, and what was decoded.
        is_converted: it is no longer the file that came.
    """

    suffix: ClipSuffix
    microseconds: int
    is_converted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedMedia:
    """A file that cannot be used."""

    fault: MediaFault
    format_name: str | None = None


MediaInfo = PictureInfo | ClipInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """Whether a finished video plays to its end.

    Attributes:
        milliseconds: how long it plays.
        fault: why it does not; None if it does.
    """

    milliseconds: int = 0
    fault: str | None = None
