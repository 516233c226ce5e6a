"""Length of videos and audio, as FFmpeg reads them: every packet is demuxed and decoded."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import errno
import mmap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, BinaryIO, Final, NoReturn, Self, cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from workflow.media_probe.nal_units import NalUnits
from workflow.media_probe.types import MediaFault, UnusableMedia

Frame = VideoFrame | AudioFrame
Track = VideoStream | AudioStream

MAX_FRAME_PIXELS: Final = 4096 * 2304
_MAX_FRAMES: Final = 4_000
_MAX_PIXELS: Final = 8_000_000_000
"""Fifteen seconds of 2160p at 60 frames a second, or of 1080p at 240."""

_MAX_SOUND_S: Final = 3_600
_DECODER_THREADS: Final = 2
_ROOM_BYTES: Final = 128 << 20


def open_clip(source: BinaryIO, demuxer: str) -> InputContainer:
    """Open a file with one demuxer; what it refers to outside of itself is never opened.

    Raises:
        UnusableMedia: it cannot be read.
        MemoryError: the system has no memory for it.
    """
    source.seek(0)
    try:
        return av.open(source, "r", format=demuxer, io_open=_refuse, metadata_errors="replace")
    except FFmpegError as error:
        _raise_if_starved(error)
        raise UnusableMedia(MediaFault.DAMAGED) from None
    except ValueError:
        raise UnusableMedia(MediaFault.DAMAGED) from None


def _refuse(_url: str, _flags: int, _options: object) -> NoReturn:
    raise PermissionError("a file may not refer to others")


@dataclass(frozen=True, slots=True)
class Tracks:
    """The tracks that are used: the longest video and the first audio; and how many others are."""

    video: VideoStream | None
    audio: AudioStream | None
    others: int

    @classmethod
    def of(cls, container: InputContainer) -> Self:
        """Choose the tracks of a file; a cover picture is no video."""
        videos = [
            stream
            for stream in container.streams.video
            if not stream.disposition & Disposition.attached_pic
        ]
        video = max(videos, key=lambda stream: stream.duration or 0, default=None)
        audio = next(iter(container.streams.audio), None)
        used = sum(track is not None for track in (video, audio))
        return cls(video, audio, len(container.streams) - used)

    @property
    def all(self) -> list[Track]:
        """Return the video, then the audio, where there are."""
        return [track for track in (self.video, self.audio) if track is not None]


@dataclass(slots=True)
class Played:
    """What plays of one track, in seconds.

    Attributes:
        start, end: of what plays, by the times of its frames.
        sound: the samples that play.
        whole: all packets, with what an encoder padded.
        packets, hidden, frames: how many there are; hidden packets do not play.
        size: of all packets, in bytes.
        holds_more: packets hold something besides pictures.
    """

    start: Fraction | None = None
    end: Fraction = Fraction()
    sound: Fraction = Fraction()
    whole: Fraction = Fraction()
    packets: int = 0
    hidden: int = 0
    frames: int = 0
    size: int = 0
    holds_more: bool = False

    def add_packet(self, packet: "Packet[Any]", units: NalUnits | None) -> None:
        """Count a packet before it is decoded."""
        self.packets += 1
        self.size += packet.size
        self.hidden += packet.is_discard
        self.whole += (packet.duration or 0) * (packet.time_base or Fraction())
        if units is not None and not self.holds_more:
            self.holds_more = units.hold_more(bytes(packet))

    @property
    def seconds(self) -> Fraction:
        """Return how long the track plays, by what is known so far."""
        return max(self.end - (self.start or 0), self.sound)

    def add_undecoded(self, packet: "Packet[Any]") -> None:
        """Count when a packet plays."""
        if packet.pts is not None:
            end = (packet.pts + (packet.duration or 0)) * (packet.time_base or Fraction())
            self.end = max(self.end, end)

    def add(self, frame: Frame) -> None:
        """Count a frame; one without a time follows the one before."""
        self.frames += 1
        base = frame.time_base or Fraction(1, 1)
        start = self.end if frame.pts is None else frame.pts * base
        length = frame.duration * base
        if isinstance(frame, AudioFrame):
            length = Fraction(frame.samples, frame.sample_rate)
            self.sound += length
        self.start = start if self.start is None else min(self.start, start)
        self.end = max(self.end, start + length)


@dataclass(slots=True)
class Decoded:
    """What a decode of a whole file has seen.

    Attributes:
        errors: packets that could not be decoded.
        tracks: by the index of the stream.
    """

    errors: int = 0
    tracks: dict[int, Played] = field(default_factory=dict[int, Played])

    @property
    def seconds(self) -> Fraction:
        """Return how long the file plays."""
        played = [track for track in self.tracks.values() if track.start is not None]
        if not played:
            return Fraction()
        start = min(track.start or 0 for track in played)
        return max(max(track.end - start, track.sound) for track in played)


def decode(
    container: InputContainer,
    tracks: Tracks,
    on_frame: Callable[[Frame], object] = id,
    most_s: Fraction | None = None,
) -> Decoded:
    """Decode every packet of the tracks in use, and hand each frame on.

    Of a track that plays for more than `most_s` seconds the rest is not decoded, but counted.

    Raises:
        UnusableMedia: there is more to decode than any honest clip has.
        MemoryError: the system has no memory for it.
    """
    decoded = Decoded(tracks={track.index: Played() for track in tracks.all})
    work, units = _Work(), {track.index: NalUnits.of(track) for track in tracks.all}
    for track in tracks.all:
        track.codec_context.thread_count = _DECODER_THREADS
    for packet in _packets(container, tracks, decoded):
        played = decoded.tracks[packet.stream.index]
        if packet.size:
            played.add_packet(packet, units[packet.stream.index])
        if most_s is not None and played.seconds > most_s:
            played.add_undecoded(packet)
            continue
        for frame in _frames(packet, decoded):
            work.add(frame)
            played.add(frame)
            on_frame(frame)
    return decoded


def _packets(
    container: InputContainer, tracks: Tracks, decoded: Decoded
) -> "Iterator[Packet[Any]]":
    packets = container.demux(tracks.all)
    while True:
        try:
            yield next(packets)
        except StopIteration:
            return
        except FFmpegError as error:
            _raise_if_starved(error)
            decoded.errors += 1
            return


def _frames(packet: "Packet[Any]", decoded: Decoded) -> Sequence[Frame]:
    try:
        return cast("Sequence[Frame]", packet.decode())
    except FFmpegError as error:
        _raise_if_starved(error)
        decoded.errors += 1
        return ()


def _raise_if_starved(error: FFmpegError) -> None:
    """Distinguish what the system lacks, memory or a thread, from what the file does."""
    if error.errno in (errno.ENOMEM, errno.EAGAIN):
        raise MemoryError from None
    check_memory()


@dataclass(slots=True)
class _Work:
    """How much has been decoded."""

    frames: int = 0
    pixels: int = 0
    sound: Fraction = Fraction()

    def add(self, frame: Frame) -> None:
        if isinstance(frame, VideoFrame):
            self.frames += 1
            self.pixels += check_size(frame.width, frame.height)
        else:
            self.sound += Fraction(frame.samples, frame.sample_rate)
        if self.frames > _MAX_FRAMES or self.pixels > _MAX_PIXELS or self.sound > _MAX_SOUND_S:
            raise UnusableMedia(MediaFault.RESOURCE_LIMIT)


def check_memory() -> None:
    """Make sure that a failure is none of memory: FFmpeg's decoders call that invalid data, too.

    Raises:
        MemoryError: there is no room for a few more frames.
    """
    try:
        mmap.mmap(-1, _ROOM_BYTES).close()
    except OSError:
        raise MemoryError from None


def check_size(width: int, height: int) -> int:
    """Return how many pixels a frame has.

    Raises:
        UnusableMedia: too many.
    """
    if width * height > MAX_FRAME_PIXELS:
        raise UnusableMedia(MediaFault.TOO_MANY_PIXELS)
    return width * height


def declared_seconds(container: InputContainer, tracks: Tracks) -> list[Fraction]:
    """Return the lengths that the container and each track in use declare; 0 where none."""
    whole = Fraction(container.duration or 0, av.time_base)
    each = [(track.duration or 0) * (track.time_base or Fraction()) for track in tracks.all]
    return [whole, *each]
