"""Parts of a file that readers skip: whether there are any but those that play or show.

Only names and sizes of parts are read. A file with others is sent on as a copy, without them.
"""

import re
import struct
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from workflow.media_probe.movie_parts import is_plain_movie, media_bytes

_JPEG_MARKS: Final = {0xE0: b"JFIF\0", 0xE1: b"Exif\0\0", 0xEE: b"Adobe"}
"""How the segments begin that may stand ahead of the pixels; other application's may not."""

_JPEG_TABLES: Final = frozenset({*range(0xC0, 0xD0), 0xDA, 0xDB, 0xDC, 0xDD})
_SCAN: Final = 0xDA
_END_OF_JPEG: Final = b"\xff\xd9"
_PNG_CHUNKS: Final = frozenset(
    {
        *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB"),
        *(b"sBIT", b"bKGD", b"pHYs", b"hIST", b"cICP", b"mDCV", b"cLLI", b"eXIf"),
    }
)
_WEBP_CHUNKS: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"EXIF"})
_WAV_CHUNKS: Final = frozenset({b"fmt ", b"fact", b"data", b"ISFT"})
_WAV_FORMAT: Final = struct.Struct("<2xHIIHH")
_ENCODER_LIST: Final = re.compile(rb"INFOISFT.\0\0\0Lavf[0-9.]+\0*", re.DOTALL)
_JFIF_BYTES: Final = 16
"""Of a segment without a small picture."""

_INFO_BYTES: Final = 192
"""What an encoder says in the first frame of an MP3; the rest of that is empty."""

_MP3_TAGS: Final = re.compile(rb"ID3[\2-\4]|APETAGEX|LYRICSBEGIN")


def has_other_parts(data: bytes, name: str) -> bool:
    """Return whether a file of a format, by its name, holds more than what plays or shows."""
    match name:
        case "JPEG":
            return not _is_plain_jpeg(data)
        case "PNG":
            return not _are_known(_png_chunks(data), _PNG_CHUNKS)
        case "WebP":
            return not _are_known(_riff_chunks(data), _WEBP_CHUNKS)
        case "WAV":
            return data[:4] == b"RIFF" and not _is_plain_wav(data)
        case "MP4" | "MOV":
            return not is_plain_movie(data)
        case "MP3":
            return not _is_plain_mp3(data)
        case _:
            return False


def _are_known(parts: Iterable[bytes], known: Collection[bytes]) -> bool:
    return all(kind in known for kind in parts)


def _is_plain_jpeg(data: bytes) -> bool:
    """Return whether a JPEG has known segments, each at most once, and ends with its pixels."""
    at, seen = 2, set[int]()
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        kind, size = data[at + 1], int.from_bytes(data[at + 2 : at + 4])
        mark = _JPEG_MARKS.get(kind)
        if kind not in _JPEG_TABLES and (mark is None or kind in seen):
            return False
        if mark is not None and not data.startswith(mark, at + 4):
            return False
        if kind == 0xE0 and size != _JFIF_BYTES:
            return False
        seen.add(kind)
        at += 2 + size
        if kind == _SCAN:
            return data.find(_END_OF_JPEG, at) == len(data) - len(_END_OF_JPEG)
    return False


def _is_plain_mp3(data: bytes) -> bool:
    """Return whether an MP3 has no tag but that of its encoder, at its beginning."""
    if data.startswith(b"ID3") and (any(data[6:9]) or data[10:14] != b"TSSE"):
        return False
    return _MP3_TAGS.search(data, 1) is None and data[-128:-125] != b"TAG"


def has_other_bytes(data: bytes, name: str, used: int) -> bool:
    """Return whether more bytes stand among the samples of a file than the `used` ones."""
    match name:
        case "MP4" | "MOV":
            return media_bytes(data) != used
        case "MP3":
            start = 10 + data[8] * 128 + data[9] if data.startswith(b"ID3") else 0
            return any(data[start + _INFO_BYTES : len(data) - used])
        case _:
            return False


def _is_plain_wav(data: bytes) -> bool:
    """Return whether a WAV has known chunks, and says of its bytes what its samples need."""
    at = data.find(b"fmt ", 12) + 8
    channels, rate, byte_rate, block, bits = _WAV_FORMAT.unpack_from(data.ljust(at + 16), at)
    is_true = block == channels * bits // 8 and byte_rate == rate * block
    return is_true and _are_known(_riff_chunks(data), _WAV_CHUNKS)


def _png_chunks(data: bytes) -> Iterator[bytes]:
    """Yield the names of the chunks of a PNG, and an empty one for what follows its end."""
    at, kind = 8, b""
    while at < len(data) and kind != b"IEND":
        size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
        yield kind
        at += size + 12
    if at != len(data):
        yield b""


def _riff_chunks(data: bytes) -> Iterator[bytes]:
    """Yield the names of the chunks of a WAV or WebP, and an empty one for what follows."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind == b"LIST" and _ENCODER_LIST.fullmatch(data, at + 8, at + 8 + size):
            kind = b"ISFT"
        yield kind
        at += 8 + size + size % 2
    if at not in (len(data), len(data) + 1):
        yield b""
