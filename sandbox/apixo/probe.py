"""Lengths of reference clips by ffprobe's rules, those of old versions and of new ones.

What counts is the longest: of the container, also as versions before 6 read it, of each track, and
of what a whole decode plays. Nothing that a header hides makes a clip cheaper.
"""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame

from sandbox.apixo.rules import InvalidSubmission

_CONTAINERS: Final = {"video": ("mov,mp4,m4a,3gp,3g2,mj2",), "audio": ("mp3", "wav")}


@dataclass(slots=True)
class ProbedClip:
    """How long a clip is in seconds, and its first picture."""

    lengths: list[Fraction]
    picture: VideoFrame | None = None
    starts: list[Fraction] = field(default_factory=list[Fraction])
    ends: list[Fraction] = field(default_factory=list[Fraction])

    @property
    def seconds(self) -> Fraction:
        """Return the longest that any reader sees."""
        played = max(self.ends) - min(self.starts) if self.ends else Fraction()
        return max(played, *self.lengths)

    def play(self, frame: VideoFrame | AudioFrame) -> None:
        """Count a decoded frame."""
        base = frame.time_base or Fraction(1)
        start = (frame.pts or 0) * base
        if isinstance(frame, VideoFrame):
            self.picture = self.picture or frame
            length = frame.duration * base
        else:
            length = Fraction(frame.samples, frame.sample_rate)
        self.starts.append(start)
        self.ends.append(start + length)


def probe_clip(data: bytes, kind: str) -> ProbedClip:
    """Read a reference clip, `video` or `audio`, to its end.

    Raises:
        InvalidSubmission: it is of another kind than the page documents, or has no such track.
        av.FFmpegError: it cannot be read.
    """
    with av.open(io.BytesIO(data), "r") as container:
        streams = container.streams.video if kind == "video" else container.streams.audio
        if not streams or container.duration is None:
            raise InvalidSubmission(f"Reference {kind} has no {kind} in it")
        if container.format.name not in _CONTAINERS[kind]:
            raise InvalidSubmission(f"Reference {kind} is {container.format.name}")
        return _read(container, data)


def _read(container: InputContainer, data: bytes) -> ProbedClip:
    tracks = [*container.streams.video, *container.streams.audio]
    clip = ProbedClip([Fraction(container.duration or 0, av.time_base), *_movie_lengths(data)])
    clip.lengths += [(one.duration or 0) * (one.time_base or Fraction()) for one in tracks]
    packets = dict.fromkeys((track.index for track in tracks), Fraction())
    for packet in container.demux(tracks):
        packets[packet.stream.index] += _length(packet)
        for frame in packet.decode():
            assert isinstance(frame, AudioFrame | VideoFrame), "no others were asked for"
            clip.play(frame)
    if container.format.name == "mp3":
        clip.lengths += packets.values()  # with what the encoder padded
    return clip


def _length(packet: "Packet[Any]") -> Fraction:
    return (packet.duration or 0) * (packet.time_base or Fraction())


def _movie_lengths(data: bytes) -> Iterator[Fraction]:
    """Yield the length that the header of an MP4 or MOV declares, as old versions believe it."""
    for body in _find(data, (b"moov", b"mvhd")):
        layout, at = (">IQ", 20) if body[:1] == b"\1" else (">II", 12)
        if len(body) >= at + struct.calcsize(layout):
            ticks, length = struct.unpack_from(layout, body, at)
            yield Fraction(length, ticks) if ticks else Fraction()


def _find(data: bytes, path: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield the contents of the boxes at a path."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        end = at + size if size >= 8 else len(data)
        if kind == path[0]:
            body = data[at + 8 : end]
            yield from _find(body, path[1:]) if path[1:] else (body,)
        at = end
