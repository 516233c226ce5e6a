"""Width and height of pictures, and of videos in MP4."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from PIL import Image, UnidentifiedImageError

_VIDEOS: Final = ("video/mp4", "video/quicktime")
_MOST_BYTES: Final = 16 * 1024 * 1024
_UNKNOWN: Final = (None, None)

Dimensions = tuple[int, int] | tuple[None, None]


def read_dimensions(path: Path, content_type: str | None) -> Dimensions:
    """Look up a file's width and height in pixels; Discord leaves out what it cannot read."""
    try:
        if content_type in _VIDEOS:
            return _video_size(path)
        if (content_type or "").startswith("image/"):
            with Image.open(path) as image:
                return image.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        pass
    return _UNKNOWN


def _video_size(path: Path) -> Dimensions:
    """Find the first track with a picture (ISO 14496-12: `tkhd` in `trak` in `moov`)."""
    with path.open("rb") as file:
        movie = _movie(file, path.stat().st_size)
    for kind, track in _boxes(movie):
        for inner, header in _boxes(track) if kind == b"trak" else ():
            # Its last eight bytes are width and height, each with 16 bits behind the point.
            width, height = (int.from_bytes(header[at : at + 2]) for at in (-8, -4))
            if inner == b"tkhd" and width and height:
                return width, height
    return _UNKNOWN


def _movie(file: BinaryIO, size: int) -> bytes:
    """Read the box that describes the tracks, which may stand before or behind them."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        length, kind, head = _header(file.read(16))
        if kind == b"moov":
            file.seek(at + head)
            return file.read(min(length - head, _MOST_BYTES))
        at += length
    return b""


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        length, kind, head = _header(data[at : at + 16])
        yield kind, data[at + head : at + length]
        at += length


def _header(data: bytes) -> tuple[int, bytes, int]:
    """Read a box's length, kind, and the length of its header.

    Raises:
        ValueError: this is no box.
    """
    length, head = int.from_bytes(data[:4]), 8
    if length == 1:
        length, head = int.from_bytes(data[8:16]), 16
    if length < head:
        raise ValueError("no box of a video")
    return length, data[4:8], head
