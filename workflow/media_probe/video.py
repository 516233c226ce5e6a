"""Format and length of MP4 and MOV files, from their boxes and tracks.

Source: ISO/IEC 14496-12, and Apple's QuickTime File Format for MOV.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from workflow.media_probe.types import (
    ClipInfo,
    MediaFault,
    UnusableMedia,
    header_seconds,
    to_microseconds,
)

_QUICKTIME: Final = b"qt  "
_PICTURES: Final = b"vide"
_SOUND: Final = b"soun"


def probe(data: bytes) -> ClipInfo:
    """Return the format and length of a video: the greater of its header's and its tracks' lengths.

    A header can lie, and a reference video is billed by its length, so the worst case is taken: in
    a trimmed video the trimmed parts count too.

    Raises:
        UnusableMedia: it is no video, truncated, without a video track, or of unknown length.
    """
    if data[4:8] != b"ftyp":
        raise UnusableMedia(MediaFault.UNSUPPORTED_FORMAT)
    top = list(_boxes(memoryview(data)))
    kinds = {kind for kind, _ in top}
    if b"moov" not in kinds:
        raise UnusableMedia(MediaFault.UNSUPPORTED_FORMAT)
    if b"moof" in kinds:
        raise UnusableMedia(MediaFault.LENGTH_UNKNOWN)
    tracks = list(_tracks(_only(top, b"moov")))
    if not any(track.is_video for track in tracks):
        raise UnusableMedia(MediaFault.NO_VIDEO_TRACK)
    if not all(track.seconds for track in tracks if track.is_video):
        raise UnusableMedia(MediaFault.LENGTH_UNKNOWN)
    return ClipInfo(
        suffix="mov" if data[8:12] == _QUICKTIME else "mp4",
        microseconds=to_microseconds(
            max(header_seconds(data), *(track.seconds for track in tracks))
        ),
    )


@dataclass(frozen=True, slots=True)
class _Track:
    is_video: bool
    seconds: Fraction


_Box = tuple[bytes, memoryview]


def _boxes(data: memoryview) -> Iterator[_Box]:
    """Yield the boxes at one level; fewer than eight bytes at the end are padding."""
    at = 0
    while len(data) - at >= 8:
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        elif size == 0:
            size = len(data) - at
        if not head <= size <= len(data) - at:
            raise UnusableMedia(MediaFault.DAMAGED)
        yield kind, data[at + head : at + size]
        at += size


def _only(boxes: list[_Box], kind: bytes) -> memoryview:
    """Return the only box of a kind; of two, another reader might use the other."""
    found = [body for name, body in boxes if name == kind]
    if len(found) != 1:
        raise UnusableMedia(MediaFault.DAMAGED)
    return found[0]


def _tracks(movie: memoryview) -> Iterator[_Track]:
    boxes = list(_boxes(movie))
    ticks_per_second = _timescale(_only(boxes, b"mvhd"))
    for kind, body in boxes:
        if kind == b"trak":
            yield from _track(list(_boxes(body)), ticks_per_second)


def _track(boxes: list[_Box], movie_ticks: int) -> Iterator[_Track]:
    """Yield a video or audio track; there are others, for time codes and the like."""
    media = list(_boxes(_only(boxes, b"mdia")))
    handler = bytes(_only(media, b"hdlr")[8:12])
    if handler == _PICTURES:
        yield _Track(is_video=True, seconds=_media_seconds(media))
    elif handler == _SOUND:
        edited = [body for kind, body in boxes if kind == b"edts"]
        # The edit list skips the encoder's padding before the first sound.
        seconds = _edited_seconds(edited[0], movie_ticks) if edited else _media_seconds(media)
        yield _Track(is_video=False, seconds=seconds)


def _media_seconds(media: list[_Box]) -> Fraction:
    samples = list(_boxes(_only(list(_boxes(_only(media, b"minf"))), b"stbl")))
    times = _only(samples, b"stts")
    (count,) = struct.unpack_from(">I", times, 4)
    runs = struct.iter_unpack(">II", times[8 : 8 + 8 * count])
    return Fraction(sum(many * ticks for many, ticks in runs), _timescale(_only(media, b"mdhd")))


def _edited_seconds(edits: memoryview, movie_ticks: int) -> Fraction:
    body = _only(list(_boxes(edits)), b"elst")
    (count,) = struct.unpack_from(">I", body, 4)
    wide = body[0] == 1
    size = 20 if wide else 12
    parts = struct.iter_unpack(">QqI" if wide else ">IiI", body[8 : 8 + size * count])
    return Fraction(sum(ticks for ticks, _, _ in parts), movie_ticks)


def _timescale(header: memoryview) -> int:
    """Read the ticks per second from a movie or media header."""
    (ticks,) = struct.unpack_from(">I", header, 20 if header[0] == 1 else 12)
    if not ticks:
        raise UnusableMedia(MediaFault.LENGTH_UNKNOWN)
    return ticks
