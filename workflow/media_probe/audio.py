"""Format and length of MP3 and WAV files."""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from workflow.media_probe.types import (
    ClipInfo,
    MediaFault,
    UnusableMedia,
    header_seconds,
    to_microseconds,
)

_RATES: Final[Mapping[int, tuple[int, ...]]] = MappingProxyType(
    {0: (11025, 12000, 8000), 2: (22050, 24000, 16000), 3: (44100, 48000, 32000)}
)
"""Samples per second by the version bits of a frame: MPEG 2.5, 2 and 1."""

_VERSION_1: Final = 3
_KBITS_1: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_KBITS_2: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)

_FRAME_HEADER: Final = re.compile(
    rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb][%s]"
    % re.escape(bytes(byte for byte in range(256) if 0 < byte >> 4 < 15 and byte >> 2 & 3 < 3))
)
"""A frame header: eleven ones, a version, Layer III, a valid bit rate and sample rate."""

_HEADERS: Final = (b"Xing", b"Info", b"VBRI")
_PADDING_ENCODERS: Final = (b"LAME", b"Lavc", b"Lavf")


@dataclass(frozen=True, slots=True)
class _Frame:
    at: int
    size: int
    samples: int
    rate: int

    @property
    def seconds(self) -> Fraction:
        return Fraction(self.samples, self.rate)


def is_mp3(data: bytes) -> bool:
    """Return whether a file begins like an MP3: with a tag or a frame."""
    return data[:3] == b"ID3" or _FRAME_HEADER.match(data) is not None


def mp3_seconds(data: bytes) -> Fraction:
    """Return the length of an MP3 in seconds, without the encoder's padding.

    Raises:
        UnusableMedia: it has no frames, or its length contradicts its header.
    """
    frames = list(_frames(data))
    if not frames:
        raise UnusableMedia(MediaFault.UNSUPPORTED_FORMAT)
    first, *others = frames
    header = _header(data, first)
    if header is None:
        return sum((frame.seconds for frame in others), first.seconds)
    counted = sum((frame.seconds for frame in others), Fraction())
    if abs(header_seconds(data) - counted) > 2 * first.seconds:
        raise UnusableMedia(MediaFault.DAMAGED)
    return max(Fraction(), counted - Fraction(_silent_samples(data, header), first.rate))


def _frames(data: bytes) -> Iterator[_Frame]:
    """Yield the complete frames; junk between them is skipped, as players do."""
    at = _after_tag(data)
    while head := _FRAME_HEADER.search(data, at):
        frame = _frame(data, head.start())
        at = frame.at + frame.size
        if at <= len(data):
            yield frame
        else:
            at = frame.at + 1


def _after_tag(data: bytes) -> int:
    """Return where an ID3v2 tag ends, 0 without one; its length has seven bits per byte."""
    if data[:3] != b"ID3" or len(data) < 10:
        return 0
    first, second, third, fourth = data[6:10]
    return 10 + (first << 21 | second << 14 | third << 7 | fourth)


def _frame(data: bytes, at: int) -> _Frame:
    version = data[at + 1] >> 3 & 3
    kbits_code, rate_code, padding = data[at + 2] >> 4, data[at + 2] >> 2 & 3, data[at + 2] >> 1 & 1
    rate = _RATES[version][rate_code]
    kbits = (_KBITS_1 if version == _VERSION_1 else _KBITS_2)[kbits_code]
    samples = 1152 if version == _VERSION_1 else 576
    return _Frame(at, samples // 8 * kbits * 1000 // rate + padding, samples, rate)


def _header(data: bytes, frame: _Frame) -> int | None:
    """Return the position of a Xing, Info or VBRI header in the first frame; None without one."""
    positions = (data.find(mark, frame.at, frame.at + 50) for mark in _HEADERS)
    return next((position for position in positions if position != -1), None)


def _silent_samples(data: bytes, header: int) -> int:
    """Read how many samples of padding the encoder added; 0 where the header has no such field."""
    if data[header : header + 4] == b"VBRI":
        return 0
    (flags,) = struct.unpack_from(">I", data, header + 4)
    tag = header + 8 + 4 * (flags & 1) + 2 * (flags & 2) + 25 * (flags & 4) + (flags & 8) // 2
    if data[tag : tag + 4] not in _PADDING_ENCODERS:
        return 0
    pair = int.from_bytes(data[tag + 21 : tag + 24])
    return (pair >> 12) + (pair & 0xFFF)


_PCM, _FLOAT, _EXTENSIBLE = 0x0001, 0x0003, 0xFFFE


def is_wav(data: bytes) -> bool:
    """Return whether a file begins like a WAV."""
    return data[:4] == b"RIFF" and data[8:12] == b"WAVE"


def wav_seconds(data: bytes) -> Fraction:
    """Return the length of a WAV in seconds.

    Raises:
        UnusableMedia: it is cut off, contradicts itself, or is compressed.
    """
    chunks = _chunks(data)
    if not chunks.keys() >= {b"fmt ", b"data"}:
        raise UnusableMedia(MediaFault.DAMAGED)
    layout = chunks[b"fmt "]
    coding, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", layout)
    if coding == _EXTENSIBLE:
        (coding,) = struct.unpack_from("<H", layout, 24)
    if coding not in {_PCM, _FLOAT}:
        raise UnusableMedia(MediaFault.COMPRESSED_WAV)
    if not rate or not block or block != channels * ((bits + 7) // 8):
        raise UnusableMedia(MediaFault.DAMAGED)
    return Fraction(len(chunks[b"data"]), block * rate)


def _chunks(data: bytes) -> dict[bytes, memoryview]:
    """Read the top-level chunks; each must be complete, and `fmt ` and `data` must not repeat."""
    chunks = dict[bytes, memoryview]()
    at = 12
    while len(data) - at >= 8:
        kind, size = struct.unpack_from("<4sI", data, at)
        at += 8
        if size > len(data) - at or (kind in chunks and kind in {b"fmt ", b"data"}):
            raise UnusableMedia(MediaFault.DAMAGED)
        chunks[kind] = memoryview(data)[at : at + size]
        at += size + size % 2
    return chunks


def probe(data: bytes) -> ClipInfo:
    """Return the format and length of an audio file.

    Raises:
        UnusableMedia: it is neither MP3 nor WAV, cut off, compressed within a WAV, or of no length.
    """
    if is_wav(data):
        return ClipInfo(suffix="wav", microseconds=to_microseconds(wav_seconds(data)))
    if is_mp3(data):
        return ClipInfo(suffix="mp3", microseconds=to_microseconds(mp3_seconds(data)))
    raise UnusableMedia(MediaFault.UNSUPPORTED_FORMAT)
