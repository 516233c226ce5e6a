"""Knows how to make a video smaller without making it shorter: H.264 and AAC, fewer bits.

The quality is constant where that is little enough, and the bits of a second are bounded where it
is not; where so few bits would blur the picture, it gets fewer pixels.
"""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import math
import os
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Final

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

_SHARES: Final = (0.96, 0.75, 0.5)
"""Of the bytes that are allowed, in the first try and in those after it."""

_BITS_PER_PIXEL: Final = 0.03
_MOST_BITS: Final = 40_000_000
_SOUND_BITS: Final = (32_000, 96_000)
_USUAL_RATE: Final = 24
_LEAST_SIDE: Final = 16

_INDEX_BYTES: Final = (16_384, 4_096)
"""Room for the index at the head of the file, where players want it: at least, and a second."""


class CannotShrink(Exception):
    """Even with the fewest bits it has too many."""


def transcode(source_file: BinaryIO, out: BinaryIO, max_bytes: int) -> None:
    """Write a copy of a video that has `most_bytes` at most.

    Raises:
        CannotShrink: there is none that anybody would want to see.
        av.FFmpegError: the video is damaged, or none.
    """
    for share in _SHARES:
        source_file.seek(0)
        out.seek(0)
        out.truncate()
        with av.open(source_file, "r", format="mp4") as source:
            _copy(source, out, round(max_bytes * share))
        if out.seek(0, os.SEEK_END) <= max_bytes:
            return
    raise CannotShrink


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the copy may have: bits a second for pictures and for sound, bytes for its index."""

    picture_bits: int
    sound_bits: int
    index_bytes: int


def _copy(source: InputContainer, out: BinaryIO, most_bytes: int) -> None:
    plan = _plan(source, most_bytes)
    options = {"moov_size": str(plan.index_bytes)}
    with av.open(out, "w", format="mp4", options=options) as target:
        heard = source.streams.audio[:1]
        pictures = _Pictures(target, source.streams.video[0], plan.picture_bits)
        sounds = [_Sound(target, stream, plan.sound_bits) for stream in heard]
        for frame in source.decode([source.streams.video[0], *heard]):
            if isinstance(frame, VideoFrame):
                pictures.add(frame)
            elif isinstance(frame, AudioFrame):
                sounds[0].add(frame)
        for track in (pictures, *sounds):
            track.end()


def _plan(source: InputContainer, most_bytes: int) -> _Plan:
    """Share the bytes out; the encoder may be a second ahead of the bits that it is given."""
    if not source.duration:
        raise CannotShrink
    seconds = source.duration / av.time_base
    least, each = _INDEX_BYTES
    index_bytes = least + math.ceil(seconds * each)
    bits = (most_bytes - index_bytes) * 8 / (seconds + 1)
    least_sound, most_sound = _SOUND_BITS
    sound_bits = round(max(least_sound, min(most_sound, bits / 8)))
    picture_bits = round(min(bits - sound_bits, _MOST_BITS))
    if picture_bits <= 0:
        raise CannotShrink
    return _Plan(picture_bits, sound_bits, index_bytes)


class _Pictures:
    def __init__(self, target: OutputContainer, source: VideoStream, bits: int) -> None:
        rate = source.average_rate or Fraction(_USUAL_RATE)
        self._target = target
        self._size = _size(source.width, source.height, bits / float(rate) / _BITS_PER_PIXEL)
        self._stream = target.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = source.time_base or 1 / rate
        self._stream.options = {
            "preset": "veryfast",
            "crf": "20",
            "maxrate": str(bits),
            "bufsize": str(bits),
            "threads": "1",
        }

    def add(self, frame: VideoFrame) -> None:
        width, height = self._size
        shown = frame.reformat(width=width, height=height, format="yuv420p")
        shown.pict_type = PictureType.NONE  # else the encoder would follow the source's choice
        self._target.mux(self._stream.encode(shown))

    def end(self) -> None:
        self._target.mux(self._stream.encode(None))


class _Sound:
    def __init__(self, target: OutputContainer, source: AudioStream, bits: int) -> None:
        self._target = target
        self._stream = target.add_stream("aac", rate=source.rate)
        self._stream.layout = "stereo" if source.layout.nb_channels > 1 else "mono"
        self._stream.bit_rate = bits

    def add(self, frame: AudioFrame) -> None:
        self._target.mux(self._stream.encode(frame))

    def end(self) -> None:
        self._target.mux(self._stream.encode(None))


def _size(width: int, height: int, most_pixels: float) -> tuple[int, int]:
    """Scale a picture down to so many pixels; H.264 wants even sides."""
    scale = min(1.0, math.sqrt(most_pixels / (width * height)))
    if scale == 1 and width % 2 == height % 2 == 0:
        return width, height
    small, tall = (max(_LEAST_SIDE, round(side * scale) // 2 * 2) for side in (width, height))
    return small, tall
