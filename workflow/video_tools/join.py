"""Joining of videos to one film: one size, one frame rate, one loudness, by cuts or dissolves."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO, Final

import av
from av.audio.frame import AudioFrame
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame

from workflow.video_tools.encoders import AudioEncoder, VideoEncoder, reserve_index_bytes
from workflow.video_tools.loudness import RATE, PartSound, SoundTrack
from workflow.video_tools.parts import Part
from workflow.video_tools.pictures import PictureTrack, Shape, choose_shape

_QUALITY: Final = 18
_MAX_BITS: Final = 16_000_000
_SOUND_BITS: Final = 128_000
_DEFAULT_RATE: Final = Fraction(24)
_MAX_RATE: Final = Fraction(60)
_DISSOLVE_S: Final = Fraction(1, 2)
_REPORTED_EVERY: Final = 12
"""Pictures between two reports of how far it is."""

Report = Callable[[int], None]
"""Is told how far the joining is, in percent."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What all videos of a film have in common; `lengths` are what they declare, in seconds."""

    shape: Shape
    rate: Fraction
    lengths: tuple[Fraction, ...]
    has_sound: bool

    @property
    def seconds(self) -> Fraction:
        """Return about how long the videos are together."""
        return sum(self.lengths, Fraction())

    def overlap(self, *, dissolve: bool) -> int:
        """Return over how many pictures one video dissolves into the next."""
        return int(min(_DISSOLVE_S, min(self.lengths) / 3) * self.rate) if dissolve else 0


def join(parts: Sequence[Part], out: BinaryIO, *, dissolve: bool, report: Report) -> None:
    """Write one film of several videos.

    Raises:
        IndexError: one has no pictures.
        av.FFmpegError: one is damaged, or no video.
    """
    plan = _plan(parts)
    options = {
        "moov_size": str(reserve_index_bytes(plan.seconds)),
        # The sound of a video comes behind all of its pictures, and belongs between them.
        "max_interleave_delta": "0",
    }
    with av.open(out, "w", format="mp4", options=options) as target:
        film = _Film(target, plan, plan.overlap(dissolve=dissolve), report)
        for part in parts:
            film.add(part)
        film.end()


def _plan(parts: Sequence[Part]) -> _Plan:
    shapes, rates = list[Shape](), list[Fraction]()
    lengths, has_sound = list[Fraction](), False
    for part in parts:
        with _open(part) as source:
            stream = source.streams.video[0]
            shapes.append(Shape(stream.width, stream.height))
            rates.append(stream.average_rate or stream.guessed_rate or _DEFAULT_RATE)
            lengths.append(Fraction(source.duration or 0, av.time_base))
            has_sound = has_sound or bool(source.streams.audio)
    return _Plan(choose_shape(shapes), min(max(rates), _MAX_RATE), tuple(lengths), has_sound)


def _open(part: Part) -> InputContainer:
    part.seek(0)
    return av.open(part, "r", format="mp4")


class _Film:
    """Adds one video after the other."""

    def __init__(self, target: OutputContainer, plan: _Plan, overlap: int, report: Report) -> None:
        encoder = VideoEncoder(
            target,
            (plan.shape.width, plan.shape.height),
            quality=_QUALITY,
            rate=plan.rate,
            max_bits=_MAX_BITS,
        )
        self._pictures = PictureTrack(encoder, plan.shape, plan.rate, overlap)
        self._sound: SoundTrack | None = None
        if plan.has_sound:
            sound = AudioEncoder(target, "aac", rate=RATE, layout="stereo", bits=_SOUND_BITS)
            self._sound = SoundTrack(sound)
        self._plan = plan
        self._overlap = overlap
        self._report = report
        self._end = self._kept = 0
        self._seen = 0

    def add(self, part: Part) -> None:
        """Add a video to the end."""
        self._pictures.begin()
        with _open(part) as source:
            sound = PartSound()
            count = sum(1 for _ in self._add_pictures(source, sound))
        start = self._end - min(self._kept, count)
        self._end, self._kept = start + count, min(self._overlap, count)
        if self._sound is not None:
            first, last, held = map(self._moment, (start, self._end, self._end - self._kept))
            self._sound.add(sound.levelled(last - first), first, last - held)

    def end(self) -> None:
        """End the film."""
        self._pictures.end()
        if self._sound is not None:
            self._sound.end()

    def _moment(self, pictures: int) -> int:
        """Return the moment of sound at which a picture begins."""
        return round(pictures / self._plan.rate * RATE)

    def _add_pictures(self, source: InputContainer, sound: PartSound) -> Iterator[None]:
        """Add the pictures of a video, yielding once for each that is shown, and keep its sound."""
        grid, video = _Grid(self._plan.rate), source.streams.video[0]
        begin = Fraction(video.start_time or 0) * (video.time_base or 0)
        for frame in source.decode([video, *source.streams.audio[:1]]):
            if isinstance(frame, AudioFrame):
                sound.add(frame, _time(frame) - begin)
            elif isinstance(frame, VideoFrame):
                for shown in grid.add(frame, _time(frame) - begin):
                    self._pictures.add(shown)
                    yield
                self._count_seen()
        sound.add(None)
        for shown in grid.end():
            self._pictures.add(shown)
            yield

    def _count_seen(self) -> None:
        self._seen += 1
        if self._seen % _REPORTED_EVERY == 0:
            pictures = max(1, round(self._plan.seconds * self._plan.rate))
            self._report(min(99, self._seen * 100 // pictures))


def _time(frame: VideoFrame | AudioFrame) -> Fraction:
    return Fraction(frame.pts or 0) * (frame.time_base or Fraction())


class _Grid:
    """Repeats or leaves out pictures, so that there is one for each moment of a frame rate."""

    def __init__(self, rate: Fraction) -> None:
        self._rate = rate
        self._last: VideoFrame | None = None
        self._last_end = Fraction()
        self._count = 0

    def add(self, frame: VideoFrame, at: Fraction) -> Iterator[VideoFrame]:
        """Yield what is shown before a picture that begins at a time in seconds."""
        yield from self._until(at)
        self._last = frame
        shown = Fraction(frame.duration or 0) * (frame.time_base or 0)
        self._last_end = at + (shown or 1 / self._rate)

    def end(self) -> Iterator[VideoFrame]:
        """Yield what is shown until the end."""
        yield from self._until(max(self._last_end, Fraction(self._count + 1) / self._rate))

    def _until(self, at: Fraction) -> Iterator[VideoFrame]:
        while self._last is not None and self._count < round(at * self._rate):
            yield self._last
            self._count += 1
