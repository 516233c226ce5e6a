"""Measures a clip as APIXO may: by what FFmpeg reads of its headers, and by a whole decode."""

import io
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av


@dataclass(frozen=True)
class Measures:
    """Lengths in seconds: the container's, each track's, and what a decode sees; and the tracks."""

    container: Fraction
    tracks: tuple[Fraction, ...]
    decoded: Fraction
    kinds: tuple[str, ...]
    tags: frozenset[str]

    @property
    def longest_ms(self) -> int:
        return math.ceil(max(self.container, self.decoded, *self.tracks) * 1000)


def measure(data: bytes) -> Measures:
    """Read a clip to its end, whatever it is."""
    with av.open(io.BytesIO(data)) as container:
        streams: list[Any] = [*container.streams]
        kinds = tuple(stream.type for stream in streams)
        tags = frozenset(container.metadata).union(*(stream.metadata for stream in streams))
        lengths = tuple((s.duration or 0) * Fraction(s.time_base or 0) for s in streams)
        container_s = Fraction(container.duration or 0, av.time_base)
        played = [s for s in streams if s.type in ("video", "audio")]
        starts, ends = list[Fraction](), list[Fraction]()
        for packet in container.demux(played):
            for frame in packet.decode():
                start = frame.pts * frame.time_base
                length = (
                    Fraction(frame.samples, frame.sample_rate)
                    if isinstance(frame, av.AudioFrame)
                    else frame.duration * frame.time_base
                )
                starts.append(start)
                ends.append(start + length)
    return Measures(container_s, lengths, max(ends) - min(starts), kinds, tags)
