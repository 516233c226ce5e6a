"""Media folder for videos and members' files, in which a file is complete or absent.

Finished videos are named after their job. A smaller copy, made where the video itself is too large,
is next to it as `<job>.fit.mp4` and is removed with it. Inputs, the files that members attached,
are named after the SHA-256 of their bytes: in one subfolder until a job is made of them, then in
another, from which they are removed when unused for long enough.

The high-water mark (see `storage.high_water`) is the name of an empty file in a third place. So
several processes may raise it at once. Erasures are marked in the same way (`storage.media_marks`).
"""

import asyncio
import errno
import hashlib
import os
import re
import shutil
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
)
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from domain.erasures import Erasure
from storage.errors import MediaUnavailable, StorageError
from storage.media_cache import folder_lock, pinned
from storage.media_marks import (
    ERASURE_MARKS,
    HIGH_WATER_MARKS,
    highest_mark,
    name_erasure,
    outdated_marks,
    parse_erasures,
)
from storage.partial_files import (
    PART_SUFFIX,
    PartialFile,
    StoredFile,
    check_signature,
    create_file,
    make_folder,
    remove_abandoned,
    sync_folder,
    write_stream,
)

_NAME = re.compile(r"[a-z0-9]+\.mp4", re.ASCII)
_VIDEO_OR_COPY = re.compile(r"[a-z0-9]+(?:\.fit)?\.mp4", re.ASCII)
_INPUT = re.compile(r"[0-9a-f]{64}\.[a-z0-9]{1,5}", re.ASCII)
_PENDING = "pending-inputs"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True, slots=True)
class SavedInput:
    """An input as it was saved; `version` is None if the same bytes were there before.

    `mark` is what a bucket noted with it, if the file is new there.
    """

    name: str
    version: int | None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class InputState:
    """An input as it is: the versions of its files, and what a bucket noted last."""

    name: str
    versions: frozenset[int]
    mark: bytes | None = None


class MediaFolder:
    """A folder of videos and inputs, readable only by the service's user."""

    listing_interval_s = 2.0
    """How often it may be listed."""

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
        part = PartialFile(self.video_path(name), check_signature)
        try:
            await write_stream(part, chunks, max_bytes)
            return await asyncio.to_thread(part.finish)
        finally:
            await asyncio.to_thread(part.discard)

    async def restore_video(self, name: str, *, max_bytes: int) -> StoredFile | None:
        """Return a video that is stored already, though its job may not know; None if it is not."""
        return await asyncio.to_thread(_describe, self.video_path(name))

    def video_path(self, name: str) -> Path:
        """Return the path of a video on this host's disk, whether it exists or not.

        Raises:
            ValueError: the name has other than lower-case letters and digits before `.mp4`.
        """
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name for a video.")
        return self._path / name

    async def has_video(self, name: str) -> bool:
        """Return whether a video exists.

        Raises:
            Outage: the media store does not answer.
            ValueError: not a valid video name.
        """
        return self.video_path(name).is_file()

    def use_video(self, name: str) -> AbstractAsyncContextManager[Path]:
        """Have a video on this host's disk for a while, and its path.

        Raises:
            FileNotFoundError: there is no such video.
            Outage: the media store does not answer.
            ValueError: not a valid video name.
        """
        return pinned(self.video_path(name))

    async def save_copy(self, name: str, make: Callable[[BinaryIO], Awaitable[None]]) -> Path:
        """Save a smaller copy of a video, written by `make`, and return its path.

        A process that `make` starts may keep the file open: the file is not swept before it has
        ended.

        Raises:
            NotAVideo: the copy does not begin like an MP4.
            OSError: the disk is full or the folder is not writable.
            ValueError: not a valid video name.
        """
        part = PartialFile(self.copy_path(name))
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

    def read_input_state(self, name: str) -> InputState:
        """Return the state of an input, for `erase_input`."""
        versions = set[int]()
        for path in (self._kept_path(name), self._pending_path(name)):
            with suppress(FileNotFoundError):
                versions.add(path.stat().st_mtime_ns)
        return InputState(name, frozenset(versions))

    def erase_input(self, state: InputState) -> None:
        """Remove an input's files, unless they were touched since."""
        paths = (self._kept_path(state.name), self._pending_path(state.name))
        for path, version in product(paths, state.versions):
            _remove_version(path, version)

    def input_path(self, name: str) -> Path | None:
        """Return the path of an input on this host's disk, or None if it is not there.

        Raises:
            ValueError: not a name that `save_input` returns.
        """
        paths = (self._kept_path(name), self._pending_path(name))
        return next((path for path in paths if path.is_file()), None)

    async def has_input(self, name: str) -> bool:
        """Return whether an input exists; raises what `use_input` does but for its absence."""
        return self.input_path(name) is not None

    def use_input(self, name: str) -> AbstractAsyncContextManager[Path]:
        """Have an input on this host's disk for a while, and its path.

        Raises:
            FileNotFoundError: there is no such input.
            Outage: the media store does not answer.
            ValueError: not a name that `save_input` returns.
        """
        return pinned(self.input_path(name) or self._kept_path(name))

    def is_pending(self, name: str) -> bool:
        """Return whether this host's disk has an input of which no job was made."""
        return self.input_path(name) == self._pending_path(name)

    def touch_input(self, name: str) -> bool:
        """Protect an input from being swept soon; return whether it exists.

        Raises:
            ValueError: not a name that `save_input` returns.
        """
        return self._touch(name)

    def list_old_inputs(self, older_than_s: float) -> list[str]:
        """Return the names of kept inputs last touched more than `older_than_s` seconds ago."""
        return [path.name for path in _find_old(self._inputs, _INPUT, older_than_s)]

    def list_dropped_videos(self, older_than_s: float) -> list[str]:
        """Return the names of videos this old on this disk that the media store has no more."""
        return []

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

    def list_files(self) -> list[Path]:
        """Return the videos, smaller copies and kept inputs on this host's disk."""
        videos = (path for path in self._path.glob("*") if _VIDEO_OR_COPY.fullmatch(path.name))
        return [*videos, *(path for path in self._inputs.glob("*") if is_input_name(path.name))]

    def remove_partial_files(self) -> int:
        """Remove partial files that a crash left behind, and return how many; files in use stay."""
        return sum(remove_abandoned(part) for part in self._path.rglob(f"*{PART_SUFFIX}"))

    def check_writable(self) -> None:
        """Create the folder, and check that it is writable.

        Raises:
            MediaUnavailable: its disk is full.
            StorageError: it is not writable.
        """
        part = self._path / f"{token_hex(16)}{PART_SUFFIX}"
        try:
            create_file(part).close()
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

    async def list_erasures(self) -> list[Erasure]:
        """Return the erasures that are marked; raises OSError if the store does not answer."""
        return parse_erasures(await asyncio.to_thread(self._list_names, ERASURE_MARKS))

    async def mark_erasure(self, erasure: Erasure) -> None:
        """Mark an erasure; raises OSError if the store does not take the mark."""
        await asyncio.to_thread(self._put_name, ERASURE_MARKS, name_erasure(erasure))

    def free_bytes(self) -> int:
        """Return the free space of the disk in bytes."""
        make_folder(self._path)
        return shutil.disk_usage(self._path).free

    def _list_names(self, folder: str) -> list[str]:
        with suppress(FileNotFoundError):
            return [path.name for path in (self._path / folder).iterdir()]
        return []

    def _put_name(self, folder: str, name: str) -> None:
        make_folder(self._path / folder)
        (self._path / folder / name).touch(mode=0o600)
        sync_folder(self._path / folder)

    def _remove_name(self, folder: str, name: str) -> None:
        (self._path / folder / name).unlink(missing_ok=True)

    def _read_high_water(self) -> int:
        return highest_mark(self._list_names(HIGH_WATER_MARKS))

    def _raise_high_water(self, number: int) -> None:
        self._put_name(HIGH_WATER_MARKS, str(number))
        for name in outdated_marks(self._list_names(HIGH_WATER_MARKS)):
            self._remove_name(HIGH_WATER_MARKS, name)

    def _save_input(self, data: bytes, suffix: str) -> SavedInput:
        name = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
        path = self._pending_path(name)
        if self._touch(name):
            return SavedInput(name, None)
        part = PartialFile(path)
        try:
            part.write(data)
            part.finish()
        finally:
            part.discard()
        return SavedInput(name, part.version)

    def _touch(self, name: str) -> bool:
        paths = (self._kept_path(name), self._pending_path(name))
        return any(_touch(path) is not None for path in paths)

    def _keep_input(self, name: str) -> SavedInput | None:
        kept, pending = self._kept_path(name), self._pending_path(name)
        make_folder(self._inputs)
        is_new = False
        with suppress(FileNotFoundError), folder_lock(self._pending):
            is_new = not kept.exists()
            pending.replace(kept)
        sync_folder(self._inputs)
        version = _touch(kept)
        return None if version is None else SavedInput(name, version if is_new else None)

    def _kept_path(self, name: str) -> Path:
        return self._inputs / _checked_input(name)

    def _pending_path(self, name: str) -> Path:
        return self._pending / _checked_input(name)

    def _remove_old(self, path: Path, before: float) -> bool:
        return _remove_if_older(path, before)


def is_video_name(name: str) -> bool:
    """Return whether a file of this name is a finished video."""
    return _NAME.fullmatch(name) is not None


def is_input_name(name: str) -> bool:
    """Return whether a file of this name is an input."""
    return _INPUT.fullmatch(name) is not None


def _checked_input(name: str) -> str:
    if _INPUT.fullmatch(name) is None:
        raise ValueError(f"{name!r} is no name for an input.")
    return name


def _touch(path: Path) -> int | None:
    """Give a file a new version, which is its time, and return it; None if it does not exist."""
    with suppress(FileNotFoundError), folder_lock(path.parent):
        version = max(time.time_ns(), path.stat().st_mtime_ns + 1)
        os.utime(path, ns=(version, version))
        return version
    return None


def _remove_version(path: Path, version: int | None) -> bool:
    with suppress(FileNotFoundError), folder_lock(path.parent):
        if path.stat().st_mtime_ns == version:
            path.unlink()
            return True
    return False


def _remove_if_older(path: Path, before: float) -> bool:
    with suppress(FileNotFoundError), folder_lock(path.parent):
        if path.stat().st_mtime < before:
            path.unlink()
            return True
    return False


def _describe(path: Path) -> StoredFile | None:
    """Return a finished file with its size and hash; None if it does not exist."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return StoredFile(path.name, file.tell(), sha256)
    return None


def _find_old(folder: Path, name: re.Pattern[str], older_than_s: float) -> list[Path]:
    """Return the files with a matching name that are older than `older_than_s` seconds."""
    before = time.time() - older_than_s
    old: list[Path] = []
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            if name.fullmatch(path.name) and path.stat().st_mtime < before:
                old.append(path)
    return old
