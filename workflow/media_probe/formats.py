"""What a file is, by its first bytes: its name and its type at Discord may be wrong."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

Content = Literal["picture", "movie", "sound", "animation", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFormat:
    """A file format.

    Attributes:
        name: as people call it, such as `MP4`.
        content: what such a file holds; `movie` may hold sound alone.
        demuxer: FFmpeg's reader of it; None where it is not read.
    """

    name: str
    content: Content
    demuxer: str | None = None


MOVIE_DEMUXER: Final = "mov,mp4,m4a,3gp,3g2,mj2"
"""FFmpeg's reader of MP4, MOV and their kin."""

_ISO_BOXES: Final = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp")
_BRANDS: Final[tuple[tuple[tuple[str, ...], str, Content], ...]] = (
    (("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"), "HEIC", "picture"),
    (("avif", "avis"), "AVIF", "picture"),
    (("M4A ", "M4B ", "M4P ", "F4A "), "M4A", "sound"),
    (("3gp", "3g2", "3ge", "3gg"), "3GP", "movie"),
    (("qt  ",), "MOV", "movie"),
)
_MARKS: Final = (
    (b"\x89PNG\r\n\x1a\n", FileFormat(name="PNG", content="picture")),
    (b"\xff\xd8\xff", FileFormat(name="JPEG", content="picture")),
    (b"GIF8", FileFormat(name="GIF", content="animation")),
    (b"BM", FileFormat(name="BMP", content="picture")),
    (b"II*\0", FileFormat(name="TIFF", content="picture")),
    (b"MM\0*", FileFormat(name="TIFF", content="picture")),
    (b"fLaC", FileFormat(name="FLAC", content="sound", demuxer="flac")),
    (b"OggS", FileFormat(name="OGG", content="sound", demuxer="ogg")),
    (b"RF64", FileFormat(name="WAV", content="sound", demuxer="wav")),
    (b"BW64", FileFormat(name="WAV", content="sound", demuxer="wav")),
    (b"riff\x2e\x91\xcf\x11", FileFormat(name="W64", content="sound", demuxer="w64")),
    (b"FLV", FileFormat(name="FLV", content="other")),
    (b"0&\xb2u\x8ef\xcf\x11", FileFormat(name="Windows Media", content="other")),
    (b"FORM", FileFormat(name="AIFF", content="other")),
    (b"caff", FileFormat(name="CAF", content="other")),
    (b"#!AMR", FileFormat(name="AMR", content="other")),
    (b"MThd", FileFormat(name="MIDI", content="other")),
    (b"\0\0\x01\xba", FileFormat(name="MPEG", content="other")),
    (b"\0\0\0\x0cJXL ", FileFormat(name="JPEG XL", content="other")),
    (b"\0\0\0\x0cjP  ", FileFormat(name="JPEG 2000", content="other")),
    (b"\xff\x4f\xff\x51", FileFormat(name="JPEG 2000", content="other")),
    (b"\0\0\x01\0", FileFormat(name="icon", content="other")),
    (b"\xff\x0a", FileFormat(name="JPEG XL", content="other")),
    (b"8BPS", FileFormat(name="Photoshop", content="other")),
    (b"%PDF", FileFormat(name="PDF", content="other")),
    (b"PK\x03\x04", FileFormat(name="ZIP", content="other")),
    (b"#EXTM3U", FileFormat(name="playlist", content="other")),
    (b"ffconcat", FileFormat(name="playlist", content="other")),
)
_RIFF: Final = {
    b"WAVE": FileFormat(name="WAV", content="sound", demuxer="wav"),
    b"AVI ": FileFormat(name="AVI", content="other"),
}
_MARKUP: Final = re.compile(rb"\s*<(\?xml|!doctype|html|svg|mpd)", re.IGNORECASE)
_MP3: Final = FileFormat(name="MP3", content="sound", demuxer="mp3")
_AAC: Final = FileFormat(name="AAC", content="sound", demuxer="aac")
_FLAC: Final = FileFormat(name="FLAC", content="sound", demuxer="flac")
_SYNC: Final = re.compile(rb"\xff[\xe2-\xe5\xf0-\xf5\xf8-\xfd][^\xf0-\xff]")
"""The head of a frame of MPEG audio: of layer 2 or 3, or AAC; of a bit rate that there is."""

_RATE_BITS: Final = 0x0C
_REPEATS: Final = 8
"""More often than chance repeats a head within the searched bytes."""

_SEARCHED_BYTES: Final = 65_536
"""How far ahead of its first frame a sound may begin with other bytes."""


def identify(data: bytes) -> FileFormat | None:
    """Return the format of a file, None if it is unknown here."""
    for mark, file_format in _MARKS:
        if data.startswith(mark):
            return file_format
    if data[:4] == b"RIFF":
        return _webp(data) if data[8:12] == b"WEBP" else _RIFF.get(data[8:12])
    if data[4:8] in _ISO_BOXES:
        return _iso(data)
    if data[:4] == b"\x1aE\xdf\xa3":
        name = "WebM" if b"webm" in data[:128] else "MKV"
        return FileFormat(name=name, content="movie", demuxer="matroska,webm")
    if _MARKUP.match(data):
        return FileFormat(name="web page", content="other")
    if data[:1] == b"G" and data[188:189] == b"G" and data[376:377] == b"G":
        return FileFormat(name="MPEG-TS", content="other")
    return _tagged_sound(data)


def _iso(data: bytes) -> FileFormat:
    if data[4:8] != b"ftyp":
        return FileFormat(name="MOV", content="movie", demuxer=MOVIE_DEMUXER)
    brand = data[8:12].decode("latin-1")
    for brands, name, content in _BRANDS:
        if brand.startswith(brands):
            is_picture = content == "picture"
            return FileFormat(
                name=name, content=content, demuxer=None if is_picture else MOVIE_DEMUXER
            )
    return FileFormat(name="MP4", content="movie", demuxer=MOVIE_DEMUXER)


def _webp(data: bytes) -> FileFormat:
    is_animated = data[12:16] == b"VP8X" and data[20:21] != b"" and data[20] & 2
    return FileFormat(name="WebP", content="animation" if is_animated else "picture")


def _tagged_sound(data: bytes) -> FileFormat | None:
    """Distinguish MP3, AAC and FLAC behind their tags; zeros may stand before the first frame."""
    at = 0
    while data[at : at + 3] == b"ID3" and len(data) >= at + 10:
        first, second, third, fourth = data[at + 6 : at + 10]
        at += 10 + (first << 21 | second << 14 | third << 7 | fourth)
    if data[:8] == b"APETAGEX":
        at = 32 + int.from_bytes(data[12:16], "little")
    if data[at : at + 4] == b"fLaC":
        return _FLAC
    head = data[at : at + _SEARCHED_BYTES]
    sync = _SYNC.search(head) if at else _SYNC.match(head.lstrip(b"\0")) or _repeated(head)
    if sync is None:
        return _MP3 if at else None
    is_mpeg_audio = sync[0][1] & 6
    return _MP3 if is_mpeg_audio else _AAC


def _repeated(data: bytes) -> re.Match[bytes] | None:
    """Return a head of a frame that is repeated: a recording may begin within a frame."""
    found = {(sync[0][1], sync[0][2] & _RATE_BITS): sync for sync in _SYNC.finditer(data)}
    counts = Counter((sync[0][1], sync[0][2] & _RATE_BITS) for sync in _SYNC.finditer(data))
    return next((found[head] for head, count in counts.most_common(1) if count >= _REPEATS), None)
