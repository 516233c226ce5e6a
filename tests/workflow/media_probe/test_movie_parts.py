"""Boxes of movies that name people, devices and dates, or hold bytes that nothing plays."""

import struct
from collections.abc import Callable

import pytest

from tests.harness.media_samples import make_video, mp4_box
from tests.workflow.media_probe.test_personal_data import RAW, tagged
from workflow.media_probe.inspection import inspect
from workflow.media_probe.movie_parts import is_plain_movie, media_bytes
from workflow.media_probe.types import MediaKind

SAMPLES = (b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov")
NO_COMPRESSOR = b"\0\x48\0\0\0\x48" + bytes(6) + b"\0\1" + bytes(32)


def changed(old: bytes, new: bytes, *boxes: bytes) -> bytes:
    """Change the only or first place of some bytes in a movie, and the sizes of boxes around it."""
    data = make_video(2000)
    at = data.index(old)
    made = bytearray(data[:at] + new + data[at + len(old) :])
    for kind in boxes:
        place = made.rindex(kind, 0, at + 8) - 4
        (size,) = struct.unpack_from(">I", made, place)
        struct.pack_into(">I", made, place, size + len(new) - len(old))
    return bytes(made)


def between_samples() -> bytes:
    """Add bytes of no sample to the box of samples, which is ahead of the header."""
    data = make_video(2000)
    start, end = data.index(b"mdat") - 4, data.index(b"moov") - 4
    box = struct.pack(">I", end - start + len(RAW)) + data[start + 4 : end] + RAW
    return data[:start] + box + data[end:]


NAMED: dict[str, Callable[[], bytes]] = {
    "a track": lambda: changed(b"VideoHandler", RAW, b"hdlr", *SAMPLES[3:]),
    "a compressor": lambda: changed(
        NO_COMPRESSOR, NO_COMPRESSOR[:14] + bytes([len(RAW)]) + RAW.ljust(31, b"\0")
    ),
    "a place of samples": lambda: changed(
        mp4_box(b"url ", b"\0\0\0\1"),
        mp4_box(b"url ", b"\0\0\0\1file:///home/", RAW, b"\0"),
        *(b"dref", b"dinf"),
        *SAMPLES[2:],
    ),
    "a box of the samples' description": lambda: changed(
        b"\0\0\0\x14btrt", mp4_box(b"udta", RAW) + b"\0\0\0\x14btrt", b"avc1", *SAMPLES
    ),
    "a profile of colours": lambda: changed(
        b"\0\0\0\x14btrt", mp4_box(b"colr", b"prof", RAW) + b"\0\0\0\x14btrt", b"avc1", *SAMPLES
    ),
    "an encoder": lambda: changed(
        b"Lavf62.12.102", RAW, b"data", b"\xa9too", b"ilst", b"meta", b"udta", b"moov"
    ),
    "no sample": between_samples,
}


@pytest.mark.parametrize("name", NAMED)
def test_a_movie_is_sent_on_without_what_names_anybody(name: str) -> None:
    """The name of a track, of the camera's encoder, of a folder; what lies between the samples."""
    data = NAMED[name]()
    assert RAW in data
    info, sent = inspect(MediaKind.VIDEO, data)
    assert (info.microseconds, info.is_converted) == (2_000_000, True)
    assert RAW not in sent


@pytest.mark.parametrize("kind", ["mp4", "mov"])
def test_the_day_of_recording_is_not_sent_on(kind: str) -> None:
    dated = tagged(make_video(2000), kind, creation_time="2026-05-01T10:20:30Z")
    assert not is_plain_movie(dated)
    info, sent = inspect(MediaKind.VIDEO, dated)
    assert info.is_converted
    assert is_plain_movie(sent)


def test_the_bytes_of_samples_are_counted_in_all_their_boxes() -> None:
    data = make_video(2000)
    size = media_bytes(data)
    assert 0 < size < len(data)
    assert media_bytes(data + mp4_box(b"mdat", RAW)) == size + len(RAW)
    assert media_bytes(data + struct.pack(">I4sQ", 1, b"mdat", 16 + len(RAW)) + RAW) == (
        size + len(RAW)
    )


@pytest.mark.parametrize("tail", [b"\0\0\0\x02free", b"\0\0\x01\0mdat", b"\0\0\0\1mdat" + bytes(8)])
def test_what_is_no_box_is_not_plain(tail: bytes) -> None:
    """Too short, too long, or shorter than its head."""
    assert is_plain_movie(make_video(2000))
    assert not is_plain_movie(make_video(2000) + tail)
