"""Extraction of a video's last frame, in a size that APIXO accepts."""

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

_MAX_MISSING_S: Final = 0.5
"""The largest gap between the last frame and the declared end; a larger one means truncation."""

_FORMAT: Final = PngImagePlugin.PngImageFile.format
"""Named here, so that Pillow need not import its plugins in the confined process."""


def extract_last_frame(source_file: BinaryIO, out: BinaryIO) -> None:
    """Write the last frame of a video as a PNG, scaled to a size that APIXO accepts.

    Raises:
        ValueError: it has no frames, or they are damaged or missing at its end.
        av.FFmpegError: it is damaged, or no video.
    """
    with av.open(source_file, "r", format="mp4") as container:
        stream = container.streams.video[0]
        frame = _last_of(container, stream)
        _check_end(frame, stream)
        picture = cast("Image.Image", frame.to_image())
    size = _fitting(picture.size)
    fitted = picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)
    fitted.save(out, _FORMAT)


def _last_of(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """Return the last frame after the last key frame; without a usable one, of the whole video."""
    for start in (stream.duration or 0, 0):
        container.seek(start, stream=stream)
        frames = container.decode(stream)
        if (last := max(frames, key=lambda frame: frame.pts or 0, default=None)) is not None:
            return last
    raise ValueError("there is no picture in it")


def _check_end(frame: VideoFrame, stream: VideoStream) -> None:
    if frame.is_corrupt:
        raise ValueError("its end is damaged")
    if frame.pts is None or stream.duration is None or stream.time_base is None:
        raise ValueError("nobody can tell where it ends")
    end = (stream.start_time or 0) + stream.duration
    missing = (end - frame.pts - (frame.duration or 0)) * stream.time_base
    if missing > Fraction(_MAX_MISSING_S):
        raise ValueError(f"its last {float(missing)} s are missing")


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """Scale a size into APIXO's limits; an aspect ratio outside them is left to the rules."""
    shortest, longest = min(size), max(size)
    scale = (
        max(MIN_IMAGE_SIDE / shortest, 1) if longest <= MAX_IMAGE_SIDE else MAX_IMAGE_SIDE / longest
    )
    width, height = (min(math.ceil(side * scale), MAX_IMAGE_SIDE) for side in size)
    return width, height
