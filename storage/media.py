"""Media folder for videos and members' files, in which a file is complete or absent.

Finished videos are named after their job. A smaller copy, made where the video itself is too large,
is next to it as `<job>.fit.mp4` and is removed with it. Inputs, the files that members attached,
are named after the SHA-256 of their bytes: in one subfolder until a job is made of them, then in
another, from which they are removed when unused for long enough.

The high-water mark (see `storage.high_water`) is the name of an empty file in a third place. So
several processes may raise it at once: what counts is the highest name.
"""

import asyncio
import errno
import fcntl
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Generator,
    Iterable,
)
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from storage.errors import MediaTooLarge, MediaUnavailable, NotAVideo, StorageError

_NAME = re.compile(r"[a-z0-9]+\.mp4", re.ASCII)
_VIDEO_OR_COPY = re.compile(r"[a-z0-9]+(?:\.fit)?\.mp4", re.ASCII)
_INPUT = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}", re.ASCII)
_MARK = re.compile(r"[0-9]{1,18}", re.ASCII)
_PART_SUFFIX = ".part"
_MARKS = "high-water"
_PENDING = "pending-inputs"
_SIGNATURE_BYTES = 8
_FULL = (errno.ENOSPC, errno.EDQUOT)
_BLOCK_BYTES = 256 * 1024
"""Chunks are buffered to this size, because each call to a thread costs time."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A finished file: its name, its size in bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SavedInput:
    """An input as it was saved; `version` is None if the same bytes were there before."""

    name: str
    version: int | None


class MediaFolder:
    """A folder of videos and inputs, readable only by the service's user."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._inputs = self._path / "inputs"
        self._pending = self._path / _PENDING

    async def save_video(
        self, name: str, chunks: AsyncIterator[bytes], *, max_bytes: int
    ) -> StoredFile:
        """Write a video from a stream; it gets its name only when it is complete on the disk.

        Raises:
            MediaTooLarge: there are more than `max_bytes`.
            NotAVideo: it does not begin like an MP4.
            OSError: the disk is full or the folder is not writable.
            ValueError: not a valid video name.
        """
        part = _Part(self.video_path(name), _check_signature)
        try:
            await _write(part, chunks, max_bytes)
            return await asyncio.to_thread(part.finish)
        finally:
            await asyncio.to_thread(part.discard)

    async def restore_video(self, name: str, *, max_bytes: int) -> StoredFile | None:
        """Return a video that is stored already, though its job may not know; None if it is not."""
        return await asyncio.to_thread(_describe, self.video_path(name))

    def video_path(self, name: str) -> Path:
        """Return the path of a video, whether it exists or not.

        Raises:
            ValueError: the name has other than lower-case letters and digits before `.mp4`.
        """
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name for a video.")
        return self._path / name

    def has_video(self, name: str) -> bool:
        """Return whether a video exists."""
        return self.video_path(name).is_file()

    async def save_copy(self, name: str, make: Callable[[BinaryIO], Awaitable[None]]) -> Path:
        """Save a smaller copy of a video, written by `make`, and return its path.

        A process that `make` starts may keep the file open: the file is not swept before it has
        ended.

        Raises:
            NotAVideo: the copy does not begin like an MP4.
            OSError: the disk is full or the folder is not writable.
            ValueError: not a valid video name.
        """
        part = _Part(self.copy_path(name))
        try:
            await make(await asyncio.to_thread(part.open))
            await asyncio.to_thread(part.finish_external)
        finally:
            await asyncio.to_thread(part.discard)
        return self.copy_path(name)

    def copy_path(self, name: str) -> Path:
        """Return the path of the smaller copy of a video, whether it exists or not.

        Raises:
            ValueError: not a valid video name.
        """
        return self.video_path(name).with_suffix(".fit.mp4")

    def remove_video(self, name: str) -> None:
        """Remove a video and its smaller copy, if they exist.

        Raises:
            ValueError: not a valid video name.
        """
        self.video_path(name).unlink(missing_ok=True)
        self.copy_path(name).unlink(missing_ok=True)

    async def save_input(self, data: bytes, suffix: str) -> SavedInput:
        """Save a member's file until a job is made of it; one that exists already is touched.

        Raises:
            OSError: the disk is full or the folder is not writable.
            ValueError: the suffix is not one to five lower-case letters and digits.
        """
        return await asyncio.to_thread(self._save_input, data, suffix)

    async def keep_input(self, name: str) -> SavedInput | None:
        """Keep a saved input for a job; return None if it does not exist.

        Raises:
            OSError: the disk is full or the folder is not writable.
            ValueError: not a name that `save_input` returns.
        """
        return await asyncio.to_thread(self._keep_input, name)

    def discard_input(self, saved: SavedInput) -> bool:
        """Remove an input, unless it was kept or touched since; return whether it was."""
        paths = (self._kept_path(saved.name), self._pending_path(saved.name))
        return any(_remove_version(path, saved.version) for path in paths)

    def input_path(self, name: str) -> Path | None:
        """Return the path of an input, or None if it does not exist.

        Raises:
            ValueError: not a name that `save_input` returns.
        """
        paths = (self._kept_path(name), self._pending_path(name))
        return next((path for path in paths if path.is_file()), None)

    def touch_input(self, name: str) -> bool:
        """Protect an input from being swept soon; return whether it exists.

        Raises:
            ValueError: not a name that `save_input` returns.
        """
        paths = (self._kept_path(name), self._pending_path(name))
        return any(_touch(path) is not None for path in paths)

    def list_old_inputs(self, older_than_s: float) -> list[str]:
        """Return the names of kept inputs last touched more than `older_than_s` seconds ago."""
        return [path.name for path in _find_old(self._inputs, _INPUT, older_than_s)]

    def list_old_videos(self, older_than_s: float) -> list[str]:
        """Return the names of videos older than `older_than_s` seconds, or with such a copy."""
        names = [path.name for path in _find_old(self._path, _VIDEO_OR_COPY, older_than_s)]
        return sorted({f"{name.partition('.')[0]}.mp4" for name in names})

    def remove_old_inputs(self, older_than_s: float, exclude: Collection[str] = ()) -> int:
        """Remove kept inputs older than `older_than_s` seconds, except `exclude`; count them."""
        before = time.time() - older_than_s
        old = _find_old(self._inputs, _INPUT, older_than_s)
        return sum(self._remove_old(path, before) for path in old if path.name not in exclude)

    def remove_pending_inputs(self, older_than_s: float) -> int:
        """Remove inputs of no job, last touched more than `older_than_s` seconds ago."""
        before = time.time() - older_than_s
        old = _find_old(self._pending, _INPUT, older_than_s)
        return sum(_remove_if_older(path, before) for path in old)

    def remove_partial_files(self) -> int:
        """Remove partial files that a crash left behind, and return how many; files in use stay."""
        return sum(_remove_abandoned(part) for part in self._path.rglob(f"*{_PART_SUFFIX}"))

    def check_writable(self) -> None:
        """Create the folder, and check that it is writable.

        Raises:
            MediaUnavailable: its disk is full.
            StorageError: it is not writable.
        """
        part = self._path / f"{token_hex(16)}{_PART_SUFFIX}"
        try:
            _create(part).close()
            part.unlink()
        except OSError as error:
            sentence = f"{self._path} cannot be written to: {error.strerror}."
            kind = MediaUnavailable if error.errno in _FULL else StorageError
            raise kind(sentence) from error

    async def read_high_water(self) -> int:
        """Return the high-water mark; 0 if there is none.

        Raises:
            OSError: the folder cannot be read.
        """
        return await asyncio.to_thread(self._read_high_water)

    async def raise_high_water(self, number: int) -> None:
        """Keep a high-water mark, and remove the earlier ones; a lower one than that is ignored.

        Raises:
            OSError: the folder is not writable.
        """
        await asyncio.to_thread(self._raise_high_water, number)

    def free_bytes(self) -> int:
        """Return the free space of the disk in bytes."""
        _make_folder(self._path)
        return shutil.disk_usage(self._path).free

    def _read_high_water(self) -> int:
        with suppress(FileNotFoundError):
            return highest_mark(path.name for path in (self._path / _MARKS).iterdir())
        return 0

    def _raise_high_water(self, number: int) -> None:
        folder = self._path / _MARKS
        _make_folder(folder)
        (folder / str(number)).touch(mode=0o600)
        _sync_folder(folder)
        for name in outdated_marks([path.name for path in folder.iterdir()]):
            (folder / name).unlink(missing_ok=True)

    def _save_input(self, data: bytes, suffix: str) -> SavedInput:
        name = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
        path = self._pending_path(name)
        if self.touch_input(name):
            return SavedInput(name, None)
        part = _Part(path)
        try:
            part.write(data)
            part.finish()
        finally:
            part.discard()
        return SavedInput(name, part.version)

    def _keep_input(self, name: str) -> SavedInput | None:
        kept, pending = self._kept_path(name), self._pending_path(name)
        _make_folder(self._inputs)
        is_new = False
        with suppress(FileNotFoundError), _folder_lock(self._pending):
            is_new = not kept.exists()
            pending.replace(kept)
        _sync_folder(self._inputs)
        version = _touch(kept)
        return None if version is None else SavedInput(name, version if is_new else None)

    def _kept_path(self, name: str) -> Path:
        return self._inputs / _checked_input(name)

    def _pending_path(self, name: str) -> Path:
        return self._pending / _checked_input(name)

    def _remove_old(self, path: Path, before: float) -> bool:
        return _remove_if_older(path, before)


def _checked_input(name: str) -> str:
    if _INPUT.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name for an input.")
    return name


def _touch(path: Path) -> int | None:
    """Give a file a new version, which is its time, and return it; None if it does not exist."""
    with suppress(FileNotFoundError), _folder_lock(path.parent):
        version = max(time.time_ns(), path.stat().st_mtime_ns + 1)
        os.utime(path, ns=(version, version))
        return version
    return None


def _remove_version(path: Path, version: int | None) -> bool:
    with suppress(FileNotFoundError), _folder_lock(path.parent):
        if path.stat().st_mtime_ns == version:
            path.unlink()
            return True
    return False


def _remove_if_older(path: Path, before: float) -> bool:
    with suppress(FileNotFoundError), _folder_lock(path.parent):
        if path.stat().st_mtime < before:
            path.unlink()
            return True
    return False


def highest_mark(names: Iterable[str]) -> int:
    """Return the highest of the marks that these names are."""
    return max((int(name) for name in names if _MARK.fullmatch(name)), default=0)


def outdated_marks(names: Collection[str]) -> list[str]:
    """Return the names of all marks but the highest."""
    highest = highest_mark(names)
    return [name for name in names if _MARK.fullmatch(name) and int(name) < highest]


class _Part:
    """A partial file. After a cancellation a thread may still be writing it.

    So every method takes the lock, and nothing is opened after `discard`.
    """

    def __init__(self, target: Path, check: Callable[[bytes], None] | None = None) -> None:
        self.size = 0
        self.version = time.time_ns()
        self._target = target
        self._check = check
        self._path = target.with_name(f"{target.name}.{token_hex(4)}{_PART_SUFFIX}")
        self._file: BinaryIO | None = None
        self._sha256 = hashlib.sha256()
        self._write_lock = threading.Lock()
        self._discarded = False

    def write(self, block: bytes) -> None:
        with self._write_lock:
            if self._discarded:
                return
            if self._file is None:
                if self._check is not None:
                    self._check(block)
                self._file = _create(self._path)
            self._file.write(block)
            self._sha256.update(block)
            self.size += len(block)

    def open(self) -> BinaryIO:
        """Create the file and return it, for a writer other than `write`."""
        with self._write_lock:
            if self._discarded:
                raise FileNotFoundError(self._path)
            self._file = _create(self._path)
            return self._file

    def finish_external(self) -> None:
        with self._path.open("rb") as file:
            _check_signature(file.read(_SIGNATURE_BYTES))
        self._finish()

    def finish(self) -> StoredFile:
        self._finish()
        return StoredFile(self._target.name, self.size, self._sha256.hexdigest())

    def discard(self) -> None:
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
            _sync_folder(self._target.parent)  # makes the rename durable


async def _write(part: _Part, chunks: AsyncIterator[bytes], max_bytes: int) -> None:
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


def _describe(path: Path) -> StoredFile | None:
    """Return a finished file with its size and hash; None if it does not exist."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return StoredFile(path.name, file.tell(), sha256)
    return None


def _check_signature(block: bytes) -> None:
    if block[4:8] != b"ftyp":
        raise NotAVideo("The file does not begin like an MP4.")


def _create(path: Path) -> BinaryIO:
    _make_folder(path.parent)
    # O_EXCL and O_NOFOLLOW: never write through an existing file or symbolic link.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    file = os.fdopen(os.open(path, flags, 0o600), "wb")
    # The kernel drops the lock with the process, which tells abandoned files from those in use.
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


@contextmanager
def _folder_lock(folder: Path) -> Generator[None]:
    """Hold the lock of the folder, across processes, against touching and sweeping inputs."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _find_old(folder: Path, name: re.Pattern[str], older_than_s: float) -> list[Path]:
    """Return the files with a matching name that are older than `older_than_s` seconds."""
    before = time.time() - older_than_s
    old: list[Path] = []
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            if name.fullmatch(path.name) and path.stat().st_mtime < before:
                old.append(path)
    return old


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
