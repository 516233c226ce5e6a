"""Knows where videos and members' files lie: a folder where a file is whole or not there.

Finished videos go by the name of their job, and a smaller copy of one, made for where the video
itself is too large, lies beside it as `<job>.fit.mp4` and goes with it. Inputs, the files that
members gave, lie in a folder within, each under the SHA-256 of its bytes, and go when nobody has
asked for them for long enough.
"""

import asyncio
import fcntl
import hashlib
import os
import re
import shutil
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from storage.errors import MediaTooLarge, NotAVideo, StorageError

_NAME = re.compile(r"[a-z0-9]+\.mp4", re.ASCII)
_NAME_OR_COPY = re.compile(r"[a-z0-9]+(?:\.fit)?\.mp4", re.ASCII)
_INPUT = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}", re.ASCII)
_PART = ".part"
_MARK_ENDS = 8
_BLOCK = 256 * 1024
"""Smaller chunks are gathered to this many bytes, for each trip off the event loop costs."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A finished file: its name, its bytes, its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


class MediaFolder:
    """A folder of videos and inputs that only this service's user can read."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._inputs = self._path / "inputs"

    async def save_video(
        self, name: str, chunks: AsyncIterator[bytes], *, max_bytes: int
    ) -> StoredFile:
        """Write a video as it comes; it has its name only when all of it is on the disk.

        Raises:
            TooLarge: there are more than `max_bytes`.
            NotAVideo: it does not begin like an MP4.
            OSError: the disk is full or the folder cannot be written.
            ValueError: no name for a video.
        """
        part = _Part(self.video_path(name), _check_mark)
        try:
            await _write(part, chunks, max_bytes)
            return await asyncio.to_thread(part.finish)
        finally:
            await asyncio.to_thread(part.discard)

    async def restore_video(self, name: str, *, max_bytes: int) -> StoredFile | None:
        """Bring a video back that was kept elsewhere too; a folder alone has nothing to bring."""
        return None

    def video_path(self, name: str) -> Path:
        """Tell where a video lies, or would.

        Raises:
            ValueError: the name has other than lower-case letters and digits before `.mp4`.
        """
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name for a video.")
        return self._path / name

    def has_video(self, name: str) -> bool:
        """Tell whether a video is there."""
        return self.video_path(name).is_file()

    async def save_copy(self, name: str, make: Callable[[BinaryIO], Awaitable[None]]) -> Path:
        """Keep a smaller copy of a video as `make` writes it, and tell where it lies.

        What `make` starts may hold on to the file: it is not swept before that has ended.

        Raises:
            NotAVideo: what was made does not begin like an MP4.
            OSError: the disk is full or the folder cannot be written.
            ValueError: no name for a video.
        """
        part = _Part(self.copy_path(name))
        try:
            await make(await asyncio.to_thread(part.open))
            await asyncio.to_thread(part.finish_made)
        finally:
            await asyncio.to_thread(part.discard)
        return self.copy_path(name)

    def copy_path(self, name: str) -> Path:
        """Tell where the smaller copy of a video lies, or would.

        Raises:
            ValueError: no name for a video.
        """
        return self.video_path(name).with_suffix(".fit.mp4")

    def remove_video(self, name: str) -> None:
        """Remove a video and its smaller copy, where they are there.

        Raises:
            ValueError: no name for a video.
        """
        self.video_path(name).unlink(missing_ok=True)
        self.copy_path(name).unlink(missing_ok=True)

    async def save_input(self, data: bytes, suffix: str) -> str:
        """Keep a member's file and tell its name; one that is there already is young again.

        Raises:
            OSError: the disk is full or the folder cannot be written.
            ValueError: the suffix is not one to five lower-case letters and digits.
        """
        return await asyncio.to_thread(self._keep_input, data, suffix)

    def input_path(self, name: str) -> Path | None:
        """Tell where an input lies, or None if it is not there (any more).

        Raises:
            ValueError: no name that `keep_input` gives.
        """
        path = self._input(name)
        return path if path.is_file() else None

    def touch_input(self, name: str) -> bool:
        """Make an input young again, so that no sweep takes it soon; tell whether it is there.

        Raises:
            ValueError: no name that `keep_input` gives.
        """
        path = self._input(name)
        with suppress(FileNotFoundError), _held(self._inputs):
            os.utime(path)
            return True
        return False

    def list_old_inputs(self, older_than_s: float) -> list[str]:
        """List the inputs not kept or touched for so many seconds."""
        return [path.name for path in _old(self._inputs, _INPUT, older_than_s)]

    def list_old_videos(self, older_than_s: float) -> list[str]:
        """List the videos that were kept so many seconds ago, or of which a copy was."""
        names = [path.name for path in _old(self._path, _NAME_OR_COPY, older_than_s)]
        return sorted({f"{name.partition('.')[0]}.mp4" for name in names})

    def remove_old_inputs(self, older_than_s: float, but: Collection[str] = ()) -> int:
        """Remove the inputs not kept or touched for so many seconds, `but` some, and count them."""
        before = time.time() - older_than_s
        old = [path for path in _old(self._inputs, _INPUT, older_than_s) if path.name not in but]
        return sum(self._remove_old(path, before) for path in old)

    def remove_partial_files(self) -> int:
        """Remove what a crash left half-written, and count it; files in the making are left."""
        return sum(_remove_abandoned(part) for part in self._path.rglob(f"*{_PART}"))

    def check_writable(self) -> None:
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

    def _keep_input(self, data: bytes, suffix: str) -> str:
        name = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
        path = self._input(name)
        if self.touch_input(name):
            # Whoever wrote it may not have come to this yet.
            _sync_folder(self._inputs)
            return name
        part = _Part(path)
        try:
            part.write(data)
            part.finish()
        finally:
            part.discard()
        return name

    def _input(self, name: str) -> Path:
        if _INPUT.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name for an input.")
        return self._inputs / name

    def _remove_old(self, path: Path, before: float) -> bool:
        with suppress(FileNotFoundError), _held(self._inputs):
            if path.stat().st_mtime < before:
                path.unlink()
                return True
        return False


class _Part:
    """A file in the making. When `keep` is cancelled, a thread may still be at work on it.

    So everything here waits for its turn, and nothing is opened after `discard`.
    """

    def __init__(self, target: Path, check: Callable[[bytes], None] | None = None) -> None:
        self.size = 0
        self._target = target
        self._check = check
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
                if self._check is not None:
                    self._check(block)
                self._file = _create(self._path)
            self._file.write(block)
            self._sha256.update(block)
            self.size += len(block)

    def open(self) -> BinaryIO:
        """Give the file to whoever writes it in the place of `write`."""
        with self._turn:
            if self._discarded:
                raise FileNotFoundError(self._path)
            self._file = _create(self._path)
            return self._file

    def finish_made(self) -> None:
        with self._path.open("rb") as file:
            _check_mark(file.read(_MARK_ENDS))
        self._finish()

    def finish(self) -> StoredFile:
        self._finish()
        return StoredFile(self._target.name, self.size, self._sha256.hexdigest())

    def discard(self) -> None:
        with self._turn:
            self._discarded = True
            if self._file is not None:
                self._path.unlink(missing_ok=True)
                self._file.close()

    def _finish(self) -> None:
        with self._turn:
            if self._file is None:
                raise NotAVideo("The file is empty.")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._path.replace(self._target)
            _sync_folder(self._target.parent)


async def _write(part: _Part, chunks: AsyncIterator[bytes], max_bytes: int) -> None:
    block = bytearray()
    async for chunk in chunks:
        block += chunk
        if part.size + len(block) > max_bytes:
            raise MediaTooLarge(f"The file has more than {max_bytes:,} bytes.")
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


@contextmanager
def _held(folder: Path) -> Generator[None]:
    """Let nobody else, in this process or another, touch or sweep inputs meanwhile."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _old(folder: Path, name: re.Pattern[str], older_than_s: float) -> list[Path]:
    """List the files of a folder with such a name that nobody has touched since."""
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
