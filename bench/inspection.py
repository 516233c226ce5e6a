"""Looking into members' files, against ffprobe on the same files, one after the other.

Each file is decoded as a whole, here and there (`ffprobe -count_frames`). Where ffprobe is missing,
the floor is a decode by libavformat in this process. Making a clean copy is reported apart.
"""

import asyncio
import io
import shutil
import struct
import subprocess
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import av
from PIL import Image

from bench.figures import Figure, report, scaled
from bench.process_watch import PeakMemory, confined_bytes, longest_stall
from workflow.media_probe.probe import MediaProbe
from workflow.media_probe.types import MediaKind

_ROUNDS: Final = 3
_START_S: Final = 0.15
"""What the start of the child may take besides."""

_FFPROBE: Final = shutil.which("ffprobe")
_PICTURE, _VIDEO, _AUDIO = MediaKind.PICTURE, MediaKind.VIDEO, MediaKind.AUDIO
_MB: Final = 1_000_000

File = tuple[MediaKind, bytes]


def measure(share: float = 1) -> bool:
    """Print the ratios, and what the children take."""
    photo, clip, sound = _photo(share), _clip(share), _sound(share)
    pile = [(_PICTURE, photo)] * 9 + [(_VIDEO, clip)] * 3 + [(_AUDIO, sound)] * 3
    cases: Mapping[str, list[File]] = {
        "a 12 MP photo": [(_PICTURE, photo)],
        "a 10 s clip of 45 MB": [(_VIDEO, clip)],
        "a 15 s WAV": [(_AUDIO, sound)],
        "nine photos at once": [(_PICTURE, photo)] * 9,
        "a pile of 9 + 3 + 3": pile,
    }
    rounds = scaled(_ROUNDS, share)
    figures = asyncio.run(_measured(cases, rounds))
    cleaned = asyncio.run(_seconds([(_VIDEO, _clip(share, tags={"location": "+1+1/"}))], rounds))
    floor = "ffprobe" if _FFPROBE is not None else "libavformat, for there is no ffprobe"
    title = f"Members' files looked into, less {_START_S} s, against {floor}"
    bare_s = _floor_s([(_VIDEO, clip)], rounds)
    print(f"making the clip clean: {cleaned:.2f} s, {cleaned / bare_s:.2f} ×")
    return report(title, figures)


async def _measured(cases: Mapping[str, list[File]], rounds: int) -> list[Figure]:
    figures = list[Figure]()
    start = await _seconds([(_AUDIO, _sound(0.15))], rounds)
    with PeakMemory(confined_bytes) as memory:
        stall = await longest_stall(_all_seconds(cases, rounds, figures))
    figures.append(Figure("the start of the child", start, _START_S, " s"))
    figures.append(Figure("peak memory of a child", memory.peak / _MB, 400, " MB"))
    figures.append(Figure("the longest stall of the event loop", stall, 0.05, " s"))
    return figures


async def _all_seconds(cases: Mapping[str, list[File]], rounds: int, figures: list[Figure]) -> None:
    for name, files in cases.items():
        ours = await _seconds(files, rounds)
        floor = await asyncio.to_thread(_floor_s, files, rounds)
        figures.append(Figure(name, max(0.0, ours - _START_S) / floor, 1.5, " ×"))


async def _seconds(files: Sequence[File], rounds: int) -> float:
    """Look into files as a request does: clips in turn, pictures beside them; the best of some."""
    probe, found = MediaProbe(), list[float]()

    async def look_in_turn(kinds: tuple[MediaKind, ...]) -> None:
        for kind, data in files:
            if kind in kinds:
                await probe.inspect(kind, data)

    await probe.inspect(_AUDIO, _sound(0.15))  # the template is there ahead
    for _ in range(rounds):
        began = time.perf_counter()
        pictures = [probe.inspect(kind, data) for kind, data in files if kind is _PICTURE]
        await asyncio.gather(look_in_turn((_VIDEO, _AUDIO)), *pictures)
        found.append(time.perf_counter() - began)
    return min(found)


def _floor_s(files: Sequence[File], rounds: int) -> float:
    """Return how long the floor takes for files, one after the other; the best of some."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / str(number) for number in range(len(files))]
        for path, (_, data) in zip(paths, files, strict=True):
            path.write_bytes(data)
        return min(_floor_round_s(paths) for _ in range(rounds))


def _floor_round_s(paths: Sequence[Path]) -> float:
    began = time.perf_counter()
    for path in paths:
        _count_frames(path)
    return time.perf_counter() - began


def _count_frames(path: Path) -> None:
    if _FFPROBE is None:
        with av.open(str(path)) as container:
            for _ in container.decode(container.streams.video[:1] or container.streams.audio[:1]):
                pass
        return
    command = (_FFPROBE, "-v", "error", "-count_frames", "-show_streams", str(path))
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - files of ours


def _photo(share: float) -> bytes:
    """Make a photo of 12 megapixels, with a camera's grain."""
    side = scaled(4_000, share, 320)
    size = (side, side * 3 // 4)
    out = io.BytesIO()
    Image.effect_noise(size, 20).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


def _frame(image: Image.Image) -> Any:
    frames: Any = av.VideoFrame
    return frames.from_image(image)


def _clip(share: float, tags: Mapping[str, str] | None = None) -> bytes:
    """Make a 10 s clip of 45 MB: one second of grain at 1080p, ten times."""
    size = (scaled(1_920, share, 320) // 2 * 2, scaled(1_080, share, 240) // 2 * 2)
    rate, out = 30, io.BytesIO()
    container: Any = av.open(out, "w", format="mp4")
    with container as target:
        target.metadata.update(tags or {})
        stream: Any = target.add_stream("libx264", rate=rate)
        (stream.width, stream.height), stream.pix_fmt = size, "yuv420p"
        stream.bit_rate = 34_000_000
        bound = {"maxrate": "36000000", "bufsize": "6000000"}
        stream.options = {"preset": "ultrafast", "bf": "0", "g": str(rate), **bound}
        packets = list[Any]()
        for number in range(rate):
            frame = _frame(Image.effect_noise(size, 30).convert("RGB"))
            frame.pts, frame.time_base = number, Fraction(1, rate)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        kept = [(bytes(packet), packet.is_keyframe, packet.time_base) for packet in packets]
        for number in range(len(kept) * scaled(10, share, 3)):
            data, is_keyframe, base = kept[number % len(kept)]
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, base
            packet.pts = packet.dts = round(Fraction(number, rate) / base)
            packet.duration = round(Fraction(1, rate) / base)
            packet.is_keyframe = is_keyframe
            target.mux(packet)
    return out.getvalue()


def _sound(share: float) -> bytes:
    """Make a WAV of 15 s at most, in stereo at 48 kHz."""
    size = scaled(15_000, share, 2_000) * 48 * 4
    form = struct.pack("<HHIIHH", 1, 2, 48_000, 192_000, 4, 16)
    head = struct.pack("<4sI4s4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16)
    return head + form + struct.pack("<4sI", b"data", size) + bytes(size)
