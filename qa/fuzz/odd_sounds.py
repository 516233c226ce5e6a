"""Odd WAV and MP3 files: lying headers, doubled chunks and tags, joined and cut files."""

import struct
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Final

from tests.harness.media_samples import make_audio

_SIZES: Final = (0, 1, 100, 44_100, 200_000, 2_000_000_000, 2**32 - 1)
_FRAMES: Final = (0, 1, 10, 77, 500, 2**31)


def random_wav(dice: Random) -> bytes:
    """Make a WAV that is odd in one to three ways."""
    data = bytearray(dice.choice(_wavs()))
    for _ in range(dice.randrange(1, 4)):
        dice.choice(_WAV_WAYS)(data, dice)
    return bytes(data)


def random_mp3(dice: Random) -> bytes:
    """Make an MP3 that is odd in one to three ways."""
    data = bytearray(dice.choice(_mp3s()))
    for _ in range(dice.randrange(1, 4)):
        dice.choice(_MP3_WAYS)(data, dice)
    return bytes(data)


@cache
def _wavs() -> tuple[bytes, ...]:
    return make_audio(2_500, "wav"), make_audio(3_001, "wav"), make_audio(6_000, "wav")


@cache
def _mp3s() -> tuple[bytes, ...]:
    return (
        make_audio(2_500),
        make_audio(4_000, write_xing="0"),
        make_audio(3_000, id3v2_version="4"),
    )


def _riff_size(data: bytearray, dice: Random) -> None:
    data[4:8] = struct.pack("<I", dice.choice(_SIZES))


def _data_size(data: bytearray, dice: Random) -> None:
    at = data.find(b"data") + 4
    data[at : at + 4] = struct.pack("<I", dice.choice(_SIZES))


def _format(data: bytearray, dice: Random) -> None:
    """Change the kind, channels, rate, bytes a second, or bits of the samples."""
    at = data.find(b"fmt ") + 8
    place, size = dice.choice(((0, 2), (2, 2), (4, 4), (8, 4), (12, 2), (14, 2)))
    number = dice.choice((0, 1, 2, 3, 4, 8, 16, 24, 8_000, 22_050, 44_100, 48_000, 96_000))
    data[at + place : at + place + size] = (number % (1 << 8 * size)).to_bytes(size, "little")


def _chunk(data: bytearray, dice: Random) -> None:
    """Add a chunk, before or behind the samples."""
    kind = dice.choice((b"LIST", b"fact", b"data", b"junk", b"bext", b"id3 "))
    body = dice.randbytes(dice.choice((0, 4, 30, 88_200)))
    chunk = struct.pack("<4sI", kind, len(body)) + body
    at = dice.choice((data.find(b"data"), len(data)))
    data[at:at] = chunk


def _rf64(data: bytearray, dice: Random) -> None:
    sizes = struct.pack("<QQQI", *(dice.choice(_SIZES) for _ in range(3)), 0)
    data[:12] = b"RF64\xff\xff\xff\xffWAVE" + struct.pack("<4sI", b"ds64", len(sizes)) + sizes


def _frame_count(data: bytearray, dice: Random) -> None:
    """Let the first frame lie about how many there are."""
    for mark in (b"Xing", b"Info"):
        at = data.find(mark)
        if at > 0:
            data[at + 8 : at + 12] = struct.pack(">I", dice.choice(_FRAMES))
            data[at + 12 : at + 16] = struct.pack(">I", dice.choice(_SIZES))


def _padding(data: bytearray, dice: Random) -> None:
    """Let it lie about what its encoder padded."""
    at = data.find(b"Lavc") if b"Lavc" in data else data.find(b"LAME")
    if at > 0:
        data[at + 21 : at + 24] = dice.randbytes(3)


def _tags(data: bytearray, dice: Random) -> None:
    """Add tags: before, once more, or behind."""
    size = dice.choice((0, 10, 200, 5_000))
    id3 = b"ID3\4\0\0" + bytes((0, 0, size >> 7, size & 127)) + bytes(size)
    ape = b"APETAGEX" + struct.pack("<IIII", 2_000, size + 32, 0, 0) + bytes(8 + size)
    match dice.randrange(4):
        case 0:
            data[:0] = id3
        case 1:
            data[:0] = id3 * 2
        case 2:
            data += b"TAG" + bytes(125)
        case _:
            data += ape


def _join(data: bytearray, dice: Random) -> None:
    """Join it with another one, of another rate perhaps."""
    data += dice.choice((*_mp3s(), *_wavs(), bytes(3_000)))


def _other_rate(data: bytearray, dice: Random) -> None:
    """Change the header of some frames: bit rate, sampling rate, channels, version."""
    at = data.find(b"\xff\xfb")
    for _ in range(dice.randrange(1, 20)):
        at = data.find(b"\xff\xfb", at + 1)
        if at < 0:
            return
        data[at + dice.choice((1, 2, 3))] ^= 1 << dice.randrange(8)


def _cut(data: bytearray, dice: Random) -> None:
    """Drop a piece, or the end."""
    at = dice.randrange(len(data))
    del data[at : at + dice.choice((1, 417, 5_000, len(data)))]


def _zeros_ahead(data: bytearray, dice: Random) -> None:
    data[:0] = bytes(dice.choice((1, 100, 4_000)))


_WAV_WAYS: Final[tuple[Callable[[bytearray, Random], None], ...]] = (
    *(_riff_size, _data_size, _format, _chunk, _rf64, _join, _cut),
)
_MP3_WAYS: Final[tuple[Callable[[bytearray, Random], None], ...]] = (
    *(_frame_count, _padding, _tags, _join, _other_rate, _cut, _zeros_ahead),
)
