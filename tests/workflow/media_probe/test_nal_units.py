"""What cameras and programs add to the pictures of H.264 and HEVC: it is not sent on."""

import io
import struct
from functools import cache
from typing import Any

import av
import pytest

from tests.harness.media_measures import measure
from tests.workflow.media_probe.test_personal_data import RAW
from workflow.media_probe.inspection import inspect
from workflow.media_probe.types import MediaKind

ANYBODY = bytes(range(16))
LONG = RAW * 20
CAPTION = b"\xb5\0\x31GA94"


@cache
def encoded(codec: str) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as target:
        stream: Any = target.add_stream(codec, rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "x265-params": "log-level=error"}
        for number in range(21):
            frame = av.VideoFrame(64, 64, "yuv420p")
            frame.pts = number
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return out.getvalue()


def with_unit(codec: str, unit: bytes) -> bytes:
    """Put a unit ahead of each picture."""
    out, plain = io.BytesIO(), io.BytesIO(encoded(codec))
    with av.open(plain) as source, av.open(out, "w", format="mp4") as target:
        copy = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                made = av.Packet(struct.pack(">I", len(unit)) + unit + bytes(packet))
                made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
                made.time_base, made.is_keyframe = packet.time_base, packet.is_keyframe
                made.stream = copy
                target.mux(made)
    return out.getvalue()


def message(head: bytes, kind: int, contents: bytes) -> bytes:
    """Write a supplemental message; its size is a sum of bytes."""
    size = b"\xff" * (len(contents) // 255) + bytes([len(contents) % 255])
    return head + bytes([kind]) + size + contents + b"\x80"


def configured() -> bytes:
    """Put a message into the configuration of an HEVC track, as x265 does."""
    data, unit = encoded("libx265"), message(b"\x4e\1", 5, ANYBODY + RAW)
    at = data.index(b"hvcC") + 4
    arrays = b"\x27\0\1" + struct.pack(">H", len(unit)) + unit
    made = bytearray(data[: at + 23] + arrays + data[at + 23 :])
    made[at + 22] += 1
    for kind in (b"hvcC", b"hev1", b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        place = made.rindex(kind, 0, at) - 4
        (size,) = struct.unpack_from(">I", made, place)
        struct.pack_into(">I", made, place, size + len(arrays))
    return bytes(made)


UNITS = {
    "H.264, of anybody": ("libx264", message(b"\x06", 5, ANYBODY + RAW)),
    "H.264, long": ("libx264", message(b"\x06", 5, ANYBODY + LONG)),
    "H.264, a caption": ("libx264", message(b"\x06", 4, CAPTION + RAW)),
    "H.264, behind another": (
        "libx264",
        message(message(b"\x06", 6, b"\x80")[:-1], 5, ANYBODY + RAW),
    ),
    "H.264, no message": ("libx264", b"\x1e" + RAW),
    "HEVC, of anybody": ("libx265", message(b"\x4e\1", 5, ANYBODY + RAW)),
    "HEVC, behind the picture": ("libx265", message(b"\x50\1", 5, ANYBODY + RAW)),
    "HEVC, no message": ("libx265", b"\x7c\1" + RAW),
}


@pytest.mark.parametrize("name", UNITS)
def test_what_stands_between_the_pictures_is_left_out(name: str) -> None:
    """Without another encoding: the pictures are those that came."""
    codec, unit = UNITS[name]
    data = with_unit(codec, unit)
    assert RAW in data
    info, sent = inspect(MediaKind.VIDEO, data)
    assert info.is_converted
    assert RAW not in sent
    assert measure(sent).longest_ms == 2100
    assert pictures(sent) == pictures(data)


def pictures(data: bytes) -> list[bytes]:
    """Decode to the planes of each frame."""
    with av.open(io.BytesIO(data)) as container:
        return [
            b"".join(bytes(plane) for plane in frame.planes) for frame in container.decode(video=0)
        ]


def test_a_message_in_the_configuration_is_left_out() -> None:
    """By encoding the pictures again."""
    data = configured()
    assert RAW in data
    info, sent = inspect(MediaKind.VIDEO, data)
    assert info.is_converted
    assert RAW not in sent
    assert measure(sent).longest_ms == 2100


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_an_encoders_own_settings_may_stay(codec: str) -> None:
    """They name nobody, and nearly every clip of a program has them."""
    data = encoded(codec)
    assert codec[3:].encode() in data
    assert inspect(MediaKind.VIDEO, data)[1] is data
