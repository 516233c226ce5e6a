"""Clips: the MP4 of an order, H.264 that every browser plays, AAC if it has sound."""

# pyright: reportUnknownMemberType=false
# The types of Pillow and PyAV name those of numpy, which is not installed.

import io
import math
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, cast

import av
from PIL import Image, ImageOps

from sandbox.apixo.captions import draw_overlay
from sandbox.apixo.landscapes import Size, draw_landscape
from sandbox.apixo.prompt_directives import strip_directives
from sandbox.apixo.rules import Submission
from sandbox.apixo.sound import SAMPLE_RATE, chord_samples

FPS: Final = 24

_DRAWN_PER_SECOND: Final = 12
"""Each drawn picture is shown for two frames, which halves the work."""

_REPEATS: Final = FPS // _DRAWN_PER_SECOND

_SIZES: Final[dict[str, Size]] = {
    "21:9": (640, 274),
    "16:9": (640, 360),
    "4:3": (560, 420),
    "1:1": (480, 480),
    "3:4": (420, 560),
    "9:16": (360, 640),
}

_ZOOM: Final = 0.12
_TINY: Final = Image.new("RGB", (64, 36), (58, 44, 98))
_SOUND_SECONDS: Final = 2
_BOX_HEAD: Final = 8


def clip_size(order: Submission, pictures: Sequence[Image.Image]) -> Size:
    """Choose a clip's pixels: `auto` follows the first picture, and is 16:9 without one."""
    if order.aspect_ratio != "auto":
        return _SIZES[order.aspect_ratio]
    if not pictures:
        return _SIZES["16:9"]
    shape = math.log(pictures[0].width / pictures[0].height)
    return min(_SIZES.values(), key=lambda size: abs(math.log(size[0] / size[1]) - shape))


def render_clip(
    path: Path, order: Submission, pictures: Sequence[Image.Image], stop: threading.Event
) -> None:
    """Write the clip of an order: its pictures in motion, or a landscape made of its prompt.

    Once `stop` is set, the clip ends where it is.
    """
    prompt = strip_directives(order.prompt)
    size = clip_size(order, pictures)
    at = (
        _journey(pictures, size, order.duration)
        if pictures
        else draw_landscape(prompt, size).frame_at
    )
    label = f"{order.model.label} · {order.duration} s · {order.resolution} · stand-in"
    overlay = draw_overlay(prompt, label, size)

    def frames() -> Iterator[Image.Image]:
        for n in range(order.duration * _DRAWN_PER_SECOND):
            if stop.is_set():
                return
            frame = at(n / _DRAWN_PER_SECOND)
            overlay.paste_on(frame)
            yield frame

    _encode(path, size, frames(), chord_samples(prompt, order.duration) if order.sound else None)


@cache
def minimal_clip(seconds: int = 1) -> bytes:
    """Make the smallest clip that is a valid one, once for each length: one colour."""
    count = seconds * _DRAWN_PER_SECOND
    with TemporaryDirectory() as folder:
        path = Path(folder, "tiny.mp4")
        _encode(path, _TINY.size, (_TINY for _ in range(count)), None)
        return path.read_bytes()


@cache
def picture_file() -> bytes:
    """Make a picture whose file begins as a clip's does."""
    file = io.BytesIO()
    _TINY.save(file, "AVIF")
    return file.getvalue()


@cache
def sound_file() -> bytes:
    """Make a sound whose file begins as a clip's does."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=SAMPLE_RATE)
        for second, samples in enumerate(chord_samples("", _SOUND_SECONDS)):
            container.mux(stream.encode(_samples(samples, second)))
        container.mux(stream.encode(None))
    return file.getvalue()


def pad_to_size(path: Path, megabytes: int) -> None:
    """Bring a clip to a size, if it is smaller, with a box at its end that players skip."""
    missing = megabytes * 1_000_000 - path.stat().st_size
    if missing >= _BOX_HEAD:
        with path.open("ab") as file:
            file.write(struct.pack(">I4s", missing, b"free"))
            file.truncate(file.tell() + missing - _BOX_HEAD)


def _journey(
    pictures: Sequence[Image.Image], size: Size, seconds: int
) -> Callable[[float], Image.Image]:
    large = (round(size[0] * (1 + _ZOOM)), round(size[1] * (1 + _ZOOM)))
    fitted = [ImageOps.fit(picture, large, Image.Resampling.LANCZOS) for picture in pictures]

    def at(moment: float) -> Image.Image:
        progress = moment / seconds
        stop, between = divmod(progress * (len(fitted) - 1), 1)
        share = _eased((between - 0.25) / 0.5)
        one, other = fitted[int(stop)], fitted[min(int(stop) + 1, len(fitted) - 1)]
        shown = other if share >= 1 else one if share <= 0 else Image.blend(one, other, share)
        return _zoomed(shown, size, progress)

    return at


def _eased(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3 - 2 * share)


def _zoomed(picture: Image.Image, size: Size, progress: float) -> Image.Image:
    part = 1 - (1 - 1 / (1 + _ZOOM)) * progress
    width, height = picture.width * part, picture.height * part
    left, top = (picture.width - width) * 0.55, (picture.height - height) * 0.42
    box = (left, top, left + width, top + height)
    return picture.resize(size, Image.Resampling.BILINEAR, box)


def _encode(
    path: Path, size: Size, frames: Iterator[Image.Image], sound: Iterator[bytes] | None
) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.options = {"preset": "superfast", "crf": "24", "threads": "1"}
        audio = None if sound is None else container.add_stream("aac", rate=SAMPLE_RATE)
        for n, picture in enumerate(frames):
            if audio is not None and sound is not None and n % _DRAWN_PER_SECOND == 0:
                container.mux(audio.encode(_samples(next(sound), n // _DRAWN_PER_SECOND)))
            frame = _yuv(picture)
            for frame.pts in range(n * _REPEATS, (n + 1) * _REPEATS):
                container.mux(video.encode(frame))
        for stream in (video, audio):
            container.mux([] if stream is None else stream.encode(None))


def _yuv(picture: Image.Image) -> "av.VideoFrame":
    frame = cast("av.VideoFrame", av.VideoFrame.from_image(picture))
    return frame.reformat(format="yuv420p")


def _samples(data: bytes, second: int) -> "av.AudioFrame":
    frame = av.AudioFrame("s16", "mono", samples=len(data) // 2)
    frame.planes[0].update(data)
    frame.sample_rate = SAMPLE_RATE
    frame.pts = second * SAMPLE_RATE
    return frame
