"""Knows how to take the last picture of a video, in a size that APIXO takes."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import math
from fractions import Fraction
from typing import BinaryIO, Final, cast

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, PngImagePlugin

from domain.models import MAX_IMAGE_SIDE, MIN_IMAGE_SIDE

_MOST_MISSING_S: Final = 0.5
"""Of a video whose pictures end earlier than it says, the last one is not there."""

_FORMAT: Final = PngImagePlugin.PngImageFile.format
"""Named here, because a process that is confined is to load nothing any more."""


def extract_last_frame(source_file: BinaryIO, out: BinaryIO) -> None:
    """Write the last picture of a video as a PNG, scaled up if APIXO would find it too small.

    Raises:
        ValueError: it has no pictures, or they are damaged or missing at its end.
        av.FFmpegError: it is damaged, or no video.
    """
    with av.open(source_file, "r", format="mp4") as container:
        stream = container.streams.video[0]
        frame = _last_of(container, stream)
        _check_end(frame, stream)
        picture = cast("Image.Image", frame.to_image())
    size = _fitting(picture.size)
    shown = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
    shown.save(out, _FORMAT)


def _last_of(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """Decode all that follows the last key picture; where there is no way there, everything."""
    for moment in (stream.duration or 0, 0):
        container.seek(moment, stream=stream)
        frames = container.decode(stream)
        if (last := max(frames, key=lambda frame: frame.pts or 0, default=None)) is not None:
            return last
    raise ValueError("there is no picture in it")


def _check_end(frame: VideoFrame, stream: VideoStream) -> None:
    if frame.is_corrupt:
        raise ValueError("its end is damaged")
    if frame.pts is None or stream.duration is None or stream.time_base is None:
        raise ValueError("nobody can tell where it ends")
    ends = (stream.start_time or 0) + stream.duration
    missing = (ends - frame.pts - (frame.duration or 0)) * stream.time_base
    if missing > Fraction(_MOST_MISSING_S):
        raise ValueError(f"its last {float(missing)} s are missing")


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """Scale a size into what APIXO takes; a shape that it does not take is for the rules to say."""
    least, most = min(size), max(size)
    scale = max(MIN_IMAGE_SIDE / least, 1) if most <= MAX_IMAGE_SIDE else MAX_IMAGE_SIDE / most
    width, height = (min(math.ceil(side * scale), MAX_IMAGE_SIDE) for side in size)
    return width, height
