"""Encoders of one track of a file: H.264 for pictures, AAC or MP3 for sound."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final, Literal, cast

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

SoundCodec = Literal["aac", "libmp3lame", "pcm_s16le"]

_FRAME_RATE: Final = Fraction(25)
_MIN_SIDE: Final = 2
_INDEX_BYTES: Final = (16_384, 4_096)
"""Bytes reserved for the index at the head of the file: at least, and per second of video."""


def reserve_index_bytes(seconds: Fraction | float) -> int:
    """Return how many bytes the index of an MP4 of so many seconds takes at most."""
    min_bytes, bytes_per_second = _INDEX_BYTES
    return min_bytes + math.ceil(seconds * bytes_per_second)


class VideoEncoder:
    """Encodes frames, each for as long as it says, with the even sides that H.264 requires.

    `quality` is x264's CRF; `max_bits` is the highest bit rate, None for any.
    """

    def __init__(
        self,
        target: OutputContainer,
        size: tuple[int, int],
        *,
        quality: int,
        rate: Fraction = _FRAME_RATE,
        time_base: Fraction | None = None,
        max_bits: int | None = None,
    ) -> None:
        self._target = target
        self._last = Fraction(-1)
        self._durations = dict[int, int]()
        self._stream = target.add_stream("libx264", rate=rate)
        self._stream.width, self._stream.height = (max(_MIN_SIDE, side // 2 * 2) for side in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = time_base or 1 / rate
        bound = {} if max_bits is None else {"maxrate": str(max_bits), "bufsize": str(max_bits)}
        self._stream.options = {
            "preset": "veryfast",
            "crf": str(quality),
            "threads": "2",
            "a53cc": "0",
            **bound,
        }

    @classmethod
    def like(
        cls,
        target: OutputContainer,
        source: VideoStream,
        *,
        quality: int,
        size: tuple[int, int] | None = None,
        max_bits: int | None = None,
    ) -> "VideoEncoder":
        """Return an encoder with the frame rate and shape of a source, perhaps of another size."""
        encoder = cls(
            target,
            size or (source.width, source.height),
            quality=quality,
            rate=source.average_rate or source.guessed_rate or _FRAME_RATE,
            time_base=source.time_base,
            max_bits=max_bits,
        )
        if source.sample_aspect_ratio is not None:
            encoder._stream.codec_context.sample_aspect_ratio = source.sample_aspect_ratio
        return encoder

    def add(self, frame: VideoFrame) -> None:
        """Encode a frame, unless it is no later than the one before."""
        if frame.pts is None or frame.time_base is None:
            return
        time = frame.pts * frame.time_base
        if time <= self._last:
            return
        if self._last < 0 and frame.rotation:
            self._stream.set_display_rotation(frame.rotation)
        self._last = time
        self._durations[frame.pts] = frame.duration
        width, height = self._stream.width, self._stream.height
        scaled = frame.reformat(width=width, height=height, format="yuv420p")
        scaled.pict_type = PictureType.NONE  # else the encoder would follow the source's choice
        self._mux(self._encode(scaled))

    def end(self) -> None:
        """Encode what is left."""
        self._mux(self._encode(None))

    def _encode(self, frame: VideoFrame | None) -> "list[Packet[Any]]":
        return cast("list[Packet[Any]]", self._stream.encode(frame))

    def _mux(self, packets: "Iterable[Packet[Any]]") -> None:
        for packet in packets:
            # The encoder tells no lengths, and the last frame's would be guessed.
            if length := self._durations.pop(packet.pts or 0, 0):
                packet.duration = length
            self._target.mux(packet)


class AudioEncoder:
    """Encodes sound at a bit rate; its source may change rate and channels on the way."""

    def __init__(
        self,
        target: OutputContainer,
        codec: SoundCodec,
        *,
        rate: int,
        layout: Literal["mono", "stereo"],
        bits: int,
    ) -> None:
        self._target = target
        self._stream: AudioStream = target.add_stream(codec, rate=rate)
        self._stream.layout = layout
        self._stream.bit_rate = bits
        self._source: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def add(self, frame: AudioFrame) -> None:
        """Encode a frame."""
        source = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or source != self._source:
            self._resample(None)
            context = self._stream.codec_context
            self._resampler = AudioResampler(context.format, context.layout, context.sample_rate)
            self._source = source
        self._resample(frame)

    def end(self) -> None:
        """Encode what is left."""
        self._resample(None)
        self._target.mux(self._stream.encode(None))

    def _resample(self, frame: AudioFrame | None) -> None:
        if self._resampler is not None:
            for resampled in self._resampler.resample(frame):
                self._target.mux(self._stream.encode(resampled))
