"""Sound of a film: each video's at one loudness, where it has any."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import math
import operator
from array import array
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from workflow.video_tools.encoders import AudioEncoder

RATE: Final = 48_000
_CHANNELS: Final = 2
_BLOCK: Final = RATE * _CHANNELS * 2 // 5
_FULL: Final = 32_767
_TARGET: Final = _FULL * 10 ** (-20 / 20)
"""The loudness of each video: 20 dB below the loudest possible, by the root of the mean square."""

_SILENCE: Final = _FULL * 10 ** (-50 / 20)
"""What is quieter says nothing of how loud a video is."""

_MAX_GAIN: Final = 10 ** (12 / 20)
_PEAK: Final = _FULL * 10 ** (-1 / 20)


class PartSound:
    """The sound of one video, read frame by frame, in 16 bits and two channels."""

    def __init__(self) -> None:
        self.samples = array("h")
        self._resampler = AudioResampler("s16", "stereo", RATE)

    def add(self, frame: AudioFrame | None, at: Fraction = Fraction()) -> None:
        """Add a frame that begins at a time of the video, in seconds; None for the end."""
        is_first = not self.samples
        for resampled in self._resampler.resample(frame):
            data = bytes(resampled.planes[0])
            self.samples.frombytes(data[: resampled.samples * _CHANNELS * 2])
        if is_first and self.samples:
            lead = round(at * RATE) * _CHANNELS
            if lead > 0:
                self.samples = array("h", bytes(2 * lead)) + self.samples
            else:
                del self.samples[:-lead]

    def levelled(self, count: int) -> "array[int]":
        """Return as many moments of sound, at the loudness of all, with silence behind the end."""
        samples = self.samples[: count * _CHANNELS]
        gain = find_gain(samples)
        if gain != 1:
            samples = array("h", [round(sample * gain) for sample in samples])
        samples.frombytes(bytes(2 * (count * _CHANNELS - len(samples))))
        return samples


def find_gain(samples: "array[int]") -> float:
    """Return by what to multiply samples so that they are as loud as all, and never too loud."""
    blocks = [samples[start : start + _BLOCK] for start in range(0, len(samples), _BLOCK)]
    powers = [sum(map(operator.mul, block, block)) / len(block) for block in blocks]
    heard = [power for power in powers if power > _SILENCE**2]
    if not heard:
        return 1
    loudness = math.sqrt(sum(heard) / len(heard))
    peak = max(map(abs, samples))
    return min(_TARGET / loudness, _MAX_GAIN, _PEAK / peak)


class SoundTrack:
    """The sound of a film: each video's begins where its pictures do."""

    def __init__(self, encoder: AudioEncoder) -> None:
        self._encoder = encoder
        self._waiting = array("h")
        self._start = 0
        self._count = 0

    def add(self, samples: "array[int]", start: int, keep: int) -> None:
        """Add a video's sound from a moment of the film on.

        Its last moments, `keep` of them, are held until the next one has been faded in.
        """
        overlap = self._start + len(self._waiting) // _CHANNELS - start
        faded = _crossfade(self._waiting[len(self._waiting) - overlap * _CHANNELS :], samples)
        del self._waiting[len(self._waiting) - overlap * _CHANNELS :]
        ready = self._waiting + faded
        self._waiting = ready[len(ready) - keep * _CHANNELS :]
        del ready[len(ready) - keep * _CHANNELS :]
        self._start += len(ready) // _CHANNELS
        self._encode(ready)

    def end(self) -> None:
        """End the film."""
        self._encode(self._waiting)
        self._encoder.end()

    def _encode(self, samples: "array[int]") -> None:
        for block in _split(samples):
            frame = AudioFrame("s16", "stereo", len(block) // _CHANNELS)
            frame.planes[0].update(block.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = RATE, self._count, Fraction(1, RATE)
            self._encoder.add(frame)
            self._count += frame.samples


def _split(samples: "array[int]") -> "Iterator[array[int]]":
    for start in range(0, len(samples), _BLOCK):
        yield samples[start : start + _BLOCK]


def _crossfade(ending: "array[int]", beginning: "array[int]") -> "array[int]":
    """Return a beginning, over which an ending fades out."""
    mixed, count = array("h", beginning), len(ending)
    for index in range(min(count, len(mixed))):
        weight = index / count
        mixed[index] = round(ending[index] * (1 - weight) + beginning[index] * weight)
    return mixed
