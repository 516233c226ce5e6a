"""Real videos and sounds of exact lengths, as ordinary programs write them."""

import io
import struct
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av

_SIDE = 64
_RATE = 44_100

QUICK = {
    "libx264": {"threads": "1"},
    "libvpx": {"threads": "1", "deadline": "realtime", "cpu-used": "8"},
    "libopus": {"compression_level": "0"},
}
"""What has encoders write the same kind of file sooner, and not as small."""


def make_video(
    ms: int, *, kind: str = "mp4", sound_ms: int = 0, fragmented: bool = False, **options: str
) -> bytes:
    """Write a black video of some milliseconds, with silence of some if that is wanted."""
    rate, count = _pace(ms)
    if fragmented:
        options["movflags"] = "frag_keyframe+empty_moov"
    with TemporaryDirectory() as folder, _opened(folder, kind, options) as container:
        pictures: Any = container.add_stream("libx264", rate=rate)
        pictures.width = pictures.height = _SIDE
        pictures.pix_fmt = "yuv420p"
        pictures.options = {"preset": "ultrafast", "threads": "1"}
        sound: Any = container.add_stream("aac", rate=_RATE, layout="mono") if sound_ms else None
        for pts in range(count):
            frame = av.VideoFrame(_SIDE, _SIDE, "yuv420p")
            frame.pts, frame.time_base = pts, 1 / rate
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if sound is not None:
            _hush(container, sound, sound_ms)
        container.close()
        return (Path(folder) / "clip").read_bytes()


def make_audio(ms: int, kind: str = "mp3", **options: str) -> bytes:
    """Write silence: `mp3`, `wav`, or any other format of FFmpeg's."""
    codec = {"mp3": "libmp3lame", "wav": "pcm_s16le", "mp4": "aac", "ogg": "libopus"}[kind]
    rate = 48_000 if kind == "ogg" else _RATE
    data = io.BytesIO()
    with av.open(data, "w", format=kind, options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout="mono", options=QUICK.get(codec, {}))
        _hush(container, stream, ms)
    return data.getvalue()


def _opened(folder: str, kind: str, options: dict[str, str]) -> Any:
    # FFmpeg moves the header to the front of a real file only.
    return av.open(f"{folder}/clip", "w", format=kind, options=options)


def _pace(ms: int) -> tuple[Fraction, int]:
    """Find a frame rate of which a whole number of frames lasts so long: 20 to 40 ms each."""
    for length in range(40, 19, -1):
        if ms % length == 0:
            return Fraction(1000, length), ms // length
    return Fraction(1000, ms), 1


def _hush(container: Any, stream: Any, ms: int) -> None:
    left, pts = stream.rate * ms // 1000, 0
    while left:
        count = min(left, stream.codec_context.frame_size or 1024)
        frame = av.AudioFrame(stream.format.name, "mono", samples=count)
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        frame.sample_rate, frame.pts = stream.rate, pts
        frame.time_base = Fraction(1, stream.rate)
        container.mux(stream.encode(frame))
        left, pts = left - count, pts + count
    container.mux(stream.encode(None))


def make_encoded_video(frames: int, *, size: tuple[int, int], rate: Fraction) -> bytes:
    """Write a black MPEG-4 video of some frames, each of them encoded once."""
    data = io.BytesIO()
    with av.open(data, "w", format="mp4") as container:
        pictures: Any = container.add_stream("mpeg4", rate=rate)
        (pictures.width, pictures.height), pictures.pix_fmt = size, "yuv420p"
        frame = av.VideoFrame(*size, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for pts in range(frames):
            frame.pts, frame.time_base = pts, 1 / rate
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
    return data.getvalue()


def mp4_box(kind: bytes, *parts: bytes) -> bytes:
    """Write a box of an MP4."""
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body
