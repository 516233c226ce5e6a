"""Makes short films of plain colours, whose every picture can be told from the others."""

# pyright: reportUnknownMemberType=false

import io
import random
from collections.abc import Sequence
from math import sqrt
from typing import Any

import av
from PIL import Image

RATE = 24
SOUND_RATE = 44_100
Colour = tuple[int, int, int]


def colours(count: int) -> list[Colour]:
    """Make as many colours, each far from its neighbours."""
    return [(40 + n * 71 % 180, 40 + n * 37 % 180, 40 + n * 113 % 180) for n in range(count)]


def make_video(
    shown: Sequence[Colour],
    *,
    size: tuple[int, int] = (64, 36),
    key_every: int = 250,
    is_loud: bool = False,
    noise: int = 0,
    repeat: int = 1,
) -> bytes:
    """Make a film of a picture for each colour, a second of sound for each second if it is loud.

    `noise` (0 to 255) makes pictures hard to compress; each is shown `repeat` times.
    """
    out, dice = io.BytesIO(), random.Random(1)  # noqa: S311 - noise, repeatable
    with av.open(out, "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.thread_count = 1
        video.options = {"crf": "10", "g": str(key_every), "bf": "3", "preset": "superfast"}
        audio = container.add_stream("aac", rate=SOUND_RATE, layout="mono") if is_loud else None
        for n, colour in enumerate([colour for colour in shown for _ in range(repeat)]):
            picture = Image.new("RGB", size, colour)
            if noise:
                grain = Image.frombytes("L", size, dice.randbytes(size[0] * size[1]))
                picture = Image.blend(picture, grain.convert("RGB"), noise / 255)
            frame = av.VideoFrame.from_image(picture)
            frame.pts = n
            container.mux(video.encode(frame))
            if audio is not None and n % RATE == 0:
                container.mux(audio.encode(_sound(n // RATE)))
        for stream in (video, audio):
            container.mux([] if stream is None else stream.encode(None))
    return out.getvalue()


def decode_frames(data: bytes) -> tuple[list[Colour], dict[str, Any]]:
    """Decode a film: the colour of each picture, and what is to be said of it."""
    with av.open(io.BytesIO(data), "r") as container:
        video = container.streams.video[0]
        pictures = [mean_color(frame.to_image()) for frame in container.decode(video)]
        about = {
            "seconds": (container.duration or 0) / av.time_base,
            "size": (video.width, video.height),
            "codecs": [stream.codec_context.name for stream in container.streams],
            "bytes": len(data),
        }
    return pictures, about


def audio_seconds(data: bytes) -> float:
    """Decode the sound of a film, and return its length."""
    with av.open(io.BytesIO(data), "r") as container:
        return sum(frame.samples for frame in container.decode(audio=0)) / SOUND_RATE


def mean_color(picture: Image.Image) -> Colour:
    """Return the colour of a picture."""
    pixel = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    red, green, blue = pixel
    return round(red), round(green), round(blue)


def open_image(data: bytes) -> Image.Image:
    """Read a picture."""
    return Image.open(io.BytesIO(data))


def color_distance(one: Colour, other: Colour) -> float:
    """Return how far apart two colours are."""
    return sqrt(sum((a - b) ** 2 for a, b in zip(one, other, strict=True)))


def _sound(second: int) -> "av.AudioFrame":
    data = b"".join((n % 100 * 200).to_bytes(2, "little") for n in range(SOUND_RATE))
    frame = av.AudioFrame("s16", "mono", samples=SOUND_RATE)
    frame.planes[0].update(data)
    frame.sample_rate = SOUND_RATE
    frame.pts = second * SOUND_RATE
    return frame
