"""Pictures of a film: fitted into one size, and dissolved into each other."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from av.video.frame import VideoFrame
from PIL import Image

from workflow.video_tools.encoders import VideoEncoder

_BLACK: Final = (16, 128, 128)
"""Of the planes of a picture: brightness and colours."""

_MIN_SIDE: Final = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """The size of a video's pictures in pixels."""

    width: int
    height: int

    @property
    def ratio(self) -> float:
        """Return the width over the height."""
        return self.width / self.height

    @property
    def even(self) -> "Shape":
        """Return this size with the even sides that H.264 requires."""
        return Shape(*(max(_MIN_SIDE, side // 2 * 2) for side in (self.width, self.height)))

    def within(self, other: "Shape") -> "Shape":
        """Return the largest size of this form that fits into another."""
        scale = min(other.width / self.width, other.height / self.height)
        fitted = Shape(round(self.width * scale), round(self.height * scale)).even
        return Shape(min(fitted.width, other.width), min(fitted.height, other.height))


_SAME_RATIO: Final = 0.02


def choose_shape(shapes: Sequence[Shape]) -> Shape:
    """Return the size of a film: the form of its first video, in the largest size that has it."""
    first = shapes[0]
    alike = [shape for shape in shapes if abs(shape.ratio / first.ratio - 1) < _SAME_RATIO]
    return max(alike, key=lambda shape: shape.width * shape.height).even


class PictureTrack:
    """The pictures of a film: those of one video after the other, on one grid of time.

    Over the last `overlap` pictures of a video, the next one appears.
    """

    def __init__(self, encoder: VideoEncoder, shape: Shape, rate: Fraction, overlap: int) -> None:
        self._encoder = encoder
        self._shape = shape
        self._rate = rate
        self._overlap = overlap
        self._count = 0
        self._ending = deque[VideoFrame]()
        self._held = deque[VideoFrame]()
        self._fades = 0

    def begin(self) -> None:
        """Begin with the next video."""
        self._ending, self._held = self._held, deque[VideoFrame]()
        self._fades = len(self._ending) + 1

    def add(self, frame: VideoFrame) -> None:
        """Add a picture of the video, in any size."""
        fitted = fit(frame, self._shape)
        if self._ending:
            weight = 1 - len(self._ending) / self._fades
            fitted = blend(self._ending.popleft(), fitted, weight)
        self._held.append(fitted)
        if len(self._held) > self._overlap:
            self._encode(self._held.popleft())

    def end(self) -> None:
        """End the film."""
        for frame in (*self._ending, *self._held):
            self._encode(frame)
        self._encoder.end()

    def _encode(self, frame: VideoFrame) -> None:
        # A picture that is shown for longer is encoded once for each time.
        shown = _from_planes(_planes(frame))
        shown.pts, shown.duration, shown.time_base = self._count, 1, 1 / self._rate
        self._encoder.add(shown)
        self._count += 1


def fit(frame: VideoFrame, shape: Shape) -> VideoFrame:
    """Return a picture in a size, with black bars where its form is another."""
    inner = Shape(frame.width, frame.height).within(shape)
    scaled = frame.reformat(width=inner.width, height=inner.height, format="yuv420p")
    if inner == shape:
        return scaled
    planes = list[Image.Image]()
    for plane, black in zip(_planes(scaled), _BLACK, strict=True):
        part = 1 if black == _BLACK[0] else 2
        canvas = Image.new("L", (shape.width // part, shape.height // part), black)
        left, top = (canvas.width - plane.width) // 2, (canvas.height - plane.height) // 2
        canvas.paste(plane, (left, top))
        planes.append(canvas)
    return _from_planes(planes)


def blend(before: VideoFrame, after: VideoFrame, weight: float) -> VideoFrame:
    """Return a mixture of two pictures of one size, with a weight of the second from 0 to 1."""
    pairs = zip(_planes(before), _planes(after), strict=True)
    return _from_planes([Image.blend(old, new, weight) for old, new in pairs])


def _planes(frame: VideoFrame) -> list[Image.Image]:
    return [
        Image.frombytes("L", (plane.width, plane.height), bytes(plane), "raw", "L", plane.line_size)
        for plane in frame.planes
    ]


def _from_planes(planes: Sequence[Image.Image]) -> VideoFrame:
    frame = VideoFrame(*planes[0].size, "yuv420p")
    for plane, image in zip(frame.planes, planes, strict=True):
        data = image.tobytes("raw", "L", plane.line_size)
        plane.update(data.ljust(plane.buffer_size, b"\0"))
    return frame
