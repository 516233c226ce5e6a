"""Transcoding of a video to a smaller file of the same length, with H.264 and AAC.

The quality is constant where the result is small enough, else the bit rate is bounded; where that
would blur the picture, it gets fewer pixels.
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
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from workflow.video_tools.encoders import AudioEncoder, VideoEncoder, reserve_index_bytes

_SHARES: Final = (0.96, 0.75, 0.5)
"""The share of the allowed bytes to aim for, in the first attempt and in the later ones."""

_QUALITY: Final = 20
_BITS_PER_PIXEL: Final = 0.03
_MAX_BITS: Final = 40_000_000
_SOUND_BITS: Final = (32_000, 96_000)
_DEFAULT_FRAME_RATE: Final = 24
_MIN_SIDE: Final = 16


class CannotShrink(Exception):
    """The video cannot be made small enough."""


def transcode(source_file: BinaryIO, out: BinaryIO, max_bytes: int) -> None:
    """Write a copy of a video with at most `max_bytes`.

    Raises:
        CannotShrink: it cannot be made small enough.
        av.FFmpegError: it is damaged, or no video.
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
    """The budget of a copy: bits per second for video and for audio, bytes for the index."""

    picture_bits: int
    sound_bits: int
    index_bytes: int


def _copy(source: InputContainer, out: BinaryIO, max_bytes: int) -> None:
    plan = _plan(source, max_bytes)
    options = {"moov_size": str(plan.index_bytes)}
    with av.open(out, "w", format="mp4", options=options) as target:
        pictures, audio_streams = source.streams.video[0], source.streams.audio[:1]
        video = _video_encoder(target, pictures, plan.picture_bits)
        audio = [_audio_encoder(target, stream, plan.sound_bits) for stream in audio_streams]
        for frame in source.decode([pictures, *audio_streams]):
            if isinstance(frame, VideoFrame):
                video.add(frame)
            elif isinstance(frame, AudioFrame):
                audio[0].add(frame)
        for track in (video, *audio):
            track.end()


def _plan(source: InputContainer, max_bytes: int) -> _Plan:
    """Divide the bytes; the encoder's buffer may exceed the bit rate by one second."""
    if not source.duration:
        raise CannotShrink
    seconds = source.duration / av.time_base
    index_bytes = reserve_index_bytes(seconds)
    bits = (max_bytes - index_bytes) * 8 / (seconds + 1)
    min_sound, max_sound = _SOUND_BITS
    sound_bits = round(max(min_sound, min(max_sound, bits / 8)))
    picture_bits = round(min(bits - sound_bits, _MAX_BITS))
    if picture_bits <= 0:
        raise CannotShrink
    return _Plan(picture_bits, sound_bits, index_bytes)


def _video_encoder(target: OutputContainer, source: VideoStream, bits: int) -> VideoEncoder:
    rate = source.average_rate or Fraction(_DEFAULT_FRAME_RATE)
    size = _size(source.width, source.height, bits / float(rate) / _BITS_PER_PIXEL)
    return VideoEncoder.like(target, source, quality=_QUALITY, size=size, max_bits=bits)


def _audio_encoder(target: OutputContainer, source: AudioStream, bits: int) -> AudioEncoder:
    layout = "stereo" if source.layout.nb_channels > 1 else "mono"
    return AudioEncoder(target, "aac", rate=source.rate, layout=layout, bits=bits)


def _size(width: int, height: int, max_pixels: float) -> tuple[int, int]:
    """Scale a size down to at most `max_pixels`, with the even sides that H.264 requires."""
    scale = min(1.0, math.sqrt(max_pixels / (width * height)))
    if scale == 1 and width % 2 == height % 2 == 0:
        return width, height
    width, height = (max(_MIN_SIDE, round(side * scale) // 2 * 2) for side in (width, height))
    return width, height
