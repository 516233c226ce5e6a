"""Partial files: a file is written under another name, and gets its own when it is complete."""

import asyncio
import fcntl
import hashlib
import os
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, Final

from storage.errors import MediaTooLarge, NotAVideo

PART_SUFFIX: Final = ".part"
_SIGNATURE_BYTES = 8
_BLOCK_BYTES = 256 * 1024
"""Chunks are buffered to this size, because each call to a thread costs time."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A finished file: its name, its size in bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


class PartialFile:
    """A partial file. After a cancellation a thread may still be writing it.

    So every method takes the lock, and nothing is opened after `discard`.
    """

    def __init__(self, target: Path, check: Callable[[bytes], None] | None = None) -> None:
        self.size = 0
        self.version = time.time_ns()
        self._target = target
        self._check = check
        self._path = target.with_name(f"{target.name}.{token_hex(4)}{PART_SUFFIX}")
        self._file: BinaryIO | None = None
        self._sha256 = hashlib.sha256()
        self._write_lock = threading.Lock()
        self._discarded = False

    def write(self, block: bytes) -> None:
        """Append a block, unless the file was discarded."""
        with self._write_lock:
            if self._discarded:
                return
            if self._file is None:
                if self._check is not None:
                    self._check(block)
                self._file = create_file(self._path)
            self._file.write(block)
            self._sha256.update(block)
            self.size += len(block)

    def open(self) -> BinaryIO:
        """Create the file and return it, for a writer other than `write`."""
        with self._write_lock:
            if self._discarded:
                raise FileNotFoundError(self._path)
            self._file = create_file(self._path)
            return self._file

    def finish_external(self) -> None:
        """Give the file its name; what another writer wrote has to begin like an MP4."""
        with self._path.open("rb") as file:
            check_signature(file.read(_SIGNATURE_BYTES))
        self._finish()

    def finish(self) -> StoredFile:
        """Give the file its name."""
        self._finish()
        return StoredFile(self._target.name, self.size, self._sha256.hexdigest())

    def discard(self) -> None:
        """Remove the file, unless it is finished."""
        with self._write_lock:
            self._discarded = True
            if self._file is not None:
                self._path.unlink(missing_ok=True)
                self._file.close()

    def _finish(self) -> None:
        with self._write_lock:
            if self._file is None:
                raise NotAVideo("The file is empty.")
            self._file.flush()
            os.utime(self._file.fileno(), ns=(self.version, self.version))
            os.fsync(self._file.fileno())
            self._path.replace(self._target)
            # Still locked, but as a file in use is (see `storage.media_cache`).
            fcntl.flock(self._file, fcntl.LOCK_SH)
            sync_folder(self._target.parent)  # makes the rename durable


async def write_stream(part: PartialFile, chunks: AsyncIterator[bytes], max_bytes: int) -> None:
    """Write a stream.

    Raises:
        MediaTooLarge: there are more than `max_bytes`.
    """
    block = bytearray()
    async for chunk in chunks:
        block += chunk
        # Checked before writing, so that the disk never takes more than the limit.
        if part.size + len(block) > max_bytes:
            raise MediaTooLarge(f"The file has more than {max_bytes:,} bytes.")
        if len(block) >= _BLOCK_BYTES:
            await asyncio.to_thread(part.write, bytes(block))
            block.clear()
    if block:
        await asyncio.to_thread(part.write, bytes(block))


def check_signature(block: bytes) -> None:
    """Check the first bytes of a file.

    Raises:
        NotAVideo: it does not begin like an MP4.
    """
    if block[4:8] != b"ftyp":
        raise NotAVideo("The file does not begin like an MP4.")


def create_file(path: Path) -> BinaryIO:
    """Create a file, and lock it for as long as it is open."""
    make_folder(path.parent)
    # O_EXCL and O_NOFOLLOW: never write through an existing file or symbolic link.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.fdopen(os.open(path, flags, 0o600), "wb")
    # The kernel drops the lock with the process, which tells abandoned files from those in use.
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


def remove_abandoned(path: Path) -> bool:
    """Remove a file that nobody has locked; return whether it was."""
    with suppress(FileNotFoundError, BlockingIOError), path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
        return True
    return False


def make_folder(path: Path) -> None:
    """Make a folder, for the service's user alone."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def sync_folder(path: Path) -> None:
    """Make what was renamed in a folder durable."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
