"""Animated pictures as clips: their frames, read by Pillow, as an H.264 video."""

# pyright: reportUnknownMemberType=false
# The types of PyAV name those of numpy, which is not installed.

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Final, cast

from av.video.frame import VideoFrame
from PIL import Image, ImageSequence

from workflow.media_probe.cleaning import QUALITY, create_file
from workflow.media_probe.clips import check_size
from workflow.media_probe.types import MediaFault, UnusableMedia
from workflow.video_tools.encoders import VideoEncoder

_FORMATS: Final = ("GIF", "WEBP")
_TIME_BASE: Final = Fraction(1, 1000)
_SLOWEST_MS: Final = 10
_DEFAULT_MS: Final = 100
"""As browsers show a frame that gives a shorter time."""

_MAX_FRAMES: Final = 2_000


def encode_animation(data: bytes, until: Fraction | None = None) -> bytes:
    """Return the frames of an animated picture as an MP4, up to a moment in seconds.

    Raises:
        UnusableMedia: it has too many frames, or too large ones.
    """
    out = io.BytesIO()
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        check_size(*image.size)
        if getattr(image, "n_frames", 1) > _MAX_FRAMES:
            raise UnusableMedia(MediaFault.RESOURCE_LIMIT)
        with create_file(out, "mp4") as target:
            encoder = VideoEncoder(target, image.size, quality=QUALITY, time_base=_TIME_BASE)
            for frame in _frames(image, until):
                encoder.add(frame)
            encoder.end()
    return out.getvalue()


def _frames(image: Image.Image, until: Fraction | None) -> Iterator[VideoFrame]:
    at_ms = 0
    for picture in ImageSequence.Iterator(image):
        picture.load()  # a WebP tells of a frame's time only then
        shown_ms = round(picture.info.get("duration", 0))
        shown_ms = shown_ms if shown_ms > _SLOWEST_MS else _DEFAULT_MS
        if until is not None and at_ms + shown_ms > until * 1000:
            return
        frame = cast("VideoFrame", VideoFrame.from_image(_on_white(picture)))
        frame.pts, frame.duration, frame.time_base = at_ms, shown_ms, _TIME_BASE
        yield frame
        at_ms += shown_ms


def _on_white(picture: Image.Image) -> Image.Image:
    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(white, layer).convert("RGB")
