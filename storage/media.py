"""Knows where finished videos lie: a folder in which a file is either whole or not there."""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from storage.errors import NotAVideo, StorageError, TooLarge

_NAME = re.compile(r"[a-z0-9]+\.mp4", re.ASCII)
_PART = ".part"
_BLOCK = 256 * 1024
"""Smaller chunks are gathered to this many bytes, for each trip off the event loop costs."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A finished file: its name, its bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


class MediaFolder:
    """A folder of finished videos that only this service's user can read."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()

    async def keep(self, name: str, chunks: AsyncIterator[bytes], *, max_bytes: int) -> StoredFile:
        """Write a video as it comes; it has its name only when all of it is on the disk.

        Raises:
            TooLarge: there are more than `max_bytes`.
            NotAVideo: it does not begin like an MP4.
            OSError: the disk is full or the folder cannot be written.
            ValueError: no name for a video.
        """
        target = self.path(name)
        part = _Part(target)
        try:
            await _write(part, chunks, max_bytes)
            return await asyncio.to_thread(part.finish)
        finally:
            await asyncio.to_thread(part.discard)

    def path(self, name: str) -> Path:
        """Tell where a video lies, or would.

        Raises:
            ValueError: the name has other than lower-case letters and digits before `.mp4`.
        """
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name for a video.")
        return self._path / name

    def exists(self, name: str) -> bool:
        """Tell whether a video is there."""
        return self.path(name).is_file()

    def sweep(self) -> int:
        """Remove what a crash left half-written, and count it; files in the making are left."""
        return sum(_remove_abandoned(part) for part in self._path.glob(f"*{_PART}"))

    def prove(self) -> None:
        """Make the folder, and prove that files can be written to it.

        Raises:
            StorageError: they cannot.
        """
        part = self._path / f"{token_hex(16)}{_PART}"
        try:
            _create(part).close()
            part.unlink()
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written to: {error.strerror}.") from error

    def free_bytes(self) -> int:
        """Tell how much the disk still takes."""
        _make_folder(self._path)
        return shutil.disk_usage(self._path).free


class _Part:
    """A file in the making. When `keep` is cancelled, a thread may still be at work on it.

    So everything here waits for its turn, and nothing is opened after `discard`.
    """

    def __init__(self, target: Path) -> None:
        self.size = 0
        self._target = target
        self._path = target.with_name(f"{target.name}.{token_hex(4)}{_PART}")
        self._file: BinaryIO | None = None
        self._sha256 = hashlib.sha256()
        self._turn = threading.Lock()
        self._discarded = False

    def write(self, block: bytes) -> None:
        with self._turn:
            if self._discarded:
                return
            if self._file is None:
                _check_mark(block)
                self._file = _create(self._path)
            self._file.write(block)
            self._sha256.update(block)
            self.size += len(block)

    def finish(self) -> StoredFile:
        with self._turn:
            if self._file is None:
                raise NotAVideo("The file is empty.")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._path.replace(self._target)
            _sync_folder(self._target.parent)
        return StoredFile(self._target.name, self.size, self._sha256.hexdigest())

    def discard(self) -> None:
        with self._turn:
            self._discarded = True
            if self._file is not None:
                self._path.unlink(missing_ok=True)
                self._file.close()


async def _write(part: _Part, chunks: AsyncIterator[bytes], max_bytes: int) -> None:
    block = bytearray()
    async for chunk in chunks:
        block += chunk
        if part.size + len(block) > max_bytes:
            raise TooLarge(f"The file has more than {max_bytes:,} bytes.")
        if len(block) >= _BLOCK:
            await asyncio.to_thread(part.write, bytes(block))
            block.clear()
    if block:
        await asyncio.to_thread(part.write, bytes(block))


def _check_mark(block: bytes) -> None:
    if block[4:8] != b"ftyp":
        raise NotAVideo("The file does not begin like an MP4.")


def _create(path: Path) -> BinaryIO:
    _make_folder(path.parent)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.fdopen(os.open(path, flags, 0o600), "wb")
    # The system takes the lock back with the process: so `sweep` knows what a crash left.
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def _remove_abandoned(path: Path) -> bool:
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False


def _make_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
