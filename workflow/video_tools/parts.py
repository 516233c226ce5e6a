"""Several videos in one file: how a confined process with one input is given them."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

PROGRESS_BYTES: Final = 8
"""At the head of the file, where the process writes how far it is, in percent."""

_CHUNK_BYTES: Final = 1 << 20


class Part(io.RawIOBase):
    """A video within such a file, as a file of its own."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self._descriptor = descriptor
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place in it, and return that place."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        """Return the place in it."""
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return its next bytes."""
        left = max(0, self._size - self._at)
        wanted = left if size < 0 else min(size, left)
        data = os.pread(self._descriptor, wanted, self._start + self._at)
        self._at += len(data)
        return data


def write_parts(videos: Sequence[Path], target: BinaryIO) -> list[int]:
    """Write videos behind a head for the progress; return their sizes.

    Raises:
        FileNotFoundError: one is not there.
    """
    target.write(bytes(PROGRESS_BYTES))
    sizes = list[int]()
    for video in videos:
        before = target.tell()
        with video.open("rb") as source:
            while chunk := source.read(_CHUNK_BYTES):
                target.write(chunk)
        sizes.append(target.tell() - before)
    target.flush()
    return sizes


def open_parts(descriptor: int, sizes: Sequence[int]) -> list[Part]:
    """Return the videos of a file."""
    starts = [PROGRESS_BYTES + sum(sizes[:index]) for index in range(len(sizes))]
    return [Part(descriptor, start, size) for start, size in zip(starts, sizes, strict=True)]


def write_progress(descriptor: int, percent: int) -> None:
    """Write how far the process is."""
    os.pwrite(descriptor, percent.to_bytes(PROGRESS_BYTES), 0)


def read_progress(descriptor: int) -> int:
    """Return how far the process says it is, in percent; what it says is not trusted."""
    return min(100, int.from_bytes(os.pread(descriptor, PROGRESS_BYTES, 0)))
