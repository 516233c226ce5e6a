"""Every kind of file that is taken, in three makings of its own; each is billed by what is sent."""

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, cast

import av
import pytest
from PIL import Image, ImageColor

from tests.harness.heic_samples import make_heic
from tests.harness.media_measures import measure
from tests.harness.media_samples import QUICK
from workflow.media_probe import images, inspection
from workflow.media_probe.types import ClipInfo, MediaKind

HEIC = Path(__file__).parents[2] / "media_files" / "portrait.heic"
VIDEO_KINDS = {
    "MP4": ("mp4", "libx264"),
    "MOV": ("mov", "mpeg4"),
    "WebM": ("webm", "libvpx"),
    "MKV": ("matroska", "libx264"),
    "3GP": ("3gp", "mpeg4"),
}
SOUND_KINDS = {
    "MP3": ("mp3", "libmp3lame"),
    "WAV": ("wav", "pcm_s16le"),
    "WAV of 24 bits": ("wav", "pcm_s24le"),
    "WAV of floats": ("wav", "pcm_f32le"),
    "M4A": ("ipod", "aac"),
    "AAC": ("adts", "aac"),
    "FLAC": ("flac", "flac"),
    "OGG": ("ogg", "flac"),
    "a voice message": ("ogg", "libopus"),
    "WebM": ("webm", "libopus"),
}


def is_billed_by_what_is_sent(found: tuple[ClipInfo, bytes]) -> int:
    info, sent = found
    billed_ms = -(-info.microseconds // 1000)
    assert billed_ms >= measure(sent).longest_ms
    return billed_ms


def movie(container: str, codec: str, frames: int, rate: int, size: tuple[int, int]) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        stream: Any = target.add_stream(codec, rate=rate, options=QUICK.get(codec, {}))
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        for number in range(frames):
            frame: Any = av.VideoFrame.from_image(Image.new("RGB", size, (number * 9 % 256, 9, 9)))
            frame.pts, frame.time_base = number, Fraction(1, rate)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def sound(container: str, codec: str, ms: int, rate: int, layout: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as target:
        stream: Any = target.add_stream(
            codec, rate=rate, layout=layout, options=QUICK.get(codec, {})
        )
        channels = stream.layout.nb_channels
        for at in range(0, rate * ms // 1000, rate // 50):
            frame = av.AudioFrame("s16", layout, samples=rate // 50)
            samples = [
                (at + n) * 37 % 4000 - 2000 for n in range(rate // 50) for _ in range(channels)
            ]
            frame.planes[0].update(struct.pack(f"<{len(samples)}h", *samples))
            frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


@pytest.mark.parametrize("kind", VIDEO_KINDS)
@pytest.mark.parametrize(
    ("frames", "rate", "size"), [(25, 10, (64, 48)), (24, 12, (176, 144)), (66, 30, (48, 64))]
)
def test_a_video_is_taken(kind: str, frames: int, rate: int, size: tuple[int, int]) -> None:
    """Of any shape and rate."""
    data = movie(*VIDEO_KINDS[kind], frames, rate, size)
    billed_ms = is_billed_by_what_is_sent(inspection.inspect(MediaKind.VIDEO, data))
    assert abs(billed_ms - frames * 1000 / rate) < 110


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
@pytest.mark.parametrize(("frames", "shown_ms"), [(25, 100), (8, 300), (45, 50)])
def test_an_animation_is_taken(kind: str, frames: int, shown_ms: int) -> None:
    pictures = [Image.new("RGB", (64, 48), (number * 5 % 256, 0, 9)) for number in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, kind, save_all=True, append_images=pictures[1:], duration=shown_ms)
    found = inspection.inspect(MediaKind.VIDEO, out.getvalue())
    assert is_billed_by_what_is_sent(found) == frames * shown_ms


@pytest.mark.parametrize("kind", SOUND_KINDS)
@pytest.mark.parametrize(
    ("ms", "rate", "layout"),
    [(2_500, 48_000, "mono"), (3_000, 48_000, "stereo"), (2_200, 24_000, "mono")],
)
def test_a_sound_is_taken(kind: str, ms: int, rate: int, layout: str) -> None:
    """Of any rate and number of channels."""
    data = sound(*SOUND_KINDS[kind], ms, rate, layout)
    billed_ms = is_billed_by_what_is_sent(inspection.inspect(MediaKind.AUDIO, data))
    assert -20 <= billed_ms - ms < 160


@pytest.mark.parametrize("kind", ["AVIF", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize(
    ("mode", "size"), [("RGB", (640, 360)), ("L", (400, 900)), ("RGB", (301, 333))]
)
def test_a_picture_is_taken(kind: str, mode: str, size: tuple[int, int]) -> None:
    out = io.BytesIO()
    options = {"speed": 10} if kind == "AVIF" else {}
    Image.effect_noise(size, 40).convert(mode).save(out, kind, **options)
    info, sent = images.inspect(out.getvalue())
    assert (info.width, info.height, info.is_converted) == (*size, True)
    with Image.open(io.BytesIO(sent)) as picture:
        assert (picture.format, picture.size) == (info.format, size)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("mode", "size", "options"),
    [
        ("RGB", (640, 360), {"progressive": True, "optimize": True}),
        ("L", (400, 900), {"quality": 30}),
        ("RGB", (301, 333), {"lossless": True, "subsampling": 0}),
    ],
)
def test_a_picture_goes_as_it_came(
    kind: str, mode: str, size: tuple[int, int], options: dict[str, Any]
) -> None:
    out = io.BytesIO()
    Image.effect_noise(size, 40).convert(mode).save(out, kind, **options)
    data = out.getvalue()
    info, sent = images.inspect(data)
    assert (info.width, info.height, info.format, info.is_converted) == (*size, kind, False)
    assert sent is data


HEICS: dict[str, tuple[Callable[[], bytes], tuple[int, int], str]] = {
    "a square": (partial(make_heic, "teal"), (320, 320), "teal"),
    "a square that is turned": (partial(make_heic, "red", turns=1), (320, 320), "red"),
    "tiles": (
        partial(make_heic, "navy", "red", "teal", "red", columns=2, size=(600, 500)),
        (600, 500),
        "navy",
    ),
    "tiles that are turned": (
        partial(make_heic, "navy", "red", columns=2, size=(640, 320), turns=1),
        (320, 640),
        "red",
    ),
}


@pytest.mark.parametrize("name", HEICS)
def test_a_heic_is_taken(name: str) -> None:
    """Of one frame, or of the tiles that phones make; upright."""
    make, size, first = HEICS[name]
    info, sent = images.inspect(make())
    assert (info.format, info.width, info.height, info.is_converted) == ("JPEG", *size, True)
    with Image.open(io.BytesIO(sent)) as picture:
        corner = cast("tuple[int, ...]", picture.getpixel((20, 20)))
    wanted = ImageColor.getrgb(first)
    assert all(abs(one - two) < 12 for one, two in zip(corner, wanted, strict=True))


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_a_heic_of_any_name_is_taken(brand: bytes) -> None:
    """As phones and cameras call it, with bytes behind its last box."""
    data = bytearray(HEIC.read_bytes()) + bytes(100)
    data[8:12] = brand
    info, _ = images.inspect(bytes(data))
    assert info.is_converted
