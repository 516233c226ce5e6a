"""Media store in an S3 bucket; the folder is a cache of bounded size.

A file is on the disk first and then in the bucket before it is reported as saved, and is fetched to
the disk of any host that uses it. Where the bucket does not answer, what is on the disk counts.

An input in the bucket is in use while it, or the mark beside it, is young. To touch or keep one is
to write its mark, and then to look for the file; to remove one is to take it aside, and then to
look at the mark. So one of both sees the other.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO
from weakref import WeakValueDictionary

import structlog

from storage.errors import BucketFailed
from storage.media import (
    InputState,
    MediaFolder,
    SavedInput,
    is_input_name,
    is_video_name,
)
from storage.media_cache import evict, pinned, record_use
from storage.media_marks import HIGH_WATER_MARKS, highest_mark, outdated_marks
from storage.partial_files import PartialFile, StoredFile, write_stream
from storage.s3_bucket import S3Bucket

_log = structlog.get_logger(__name__)

_INPUTS = "inputs"
_TOUCHED = "touched-inputs"
_ASIDE = "removed-inputs"
_LARGEST_BYTES = 1 << 40


class S3MediaFolder(MediaFolder):
    """A bucket, and a folder with what this host has used last."""

    listing_interval_s = 60.0
    """A bucket asks money for it."""

    def __init__(self, path: Path, bucket: S3Bucket, max_cache_bytes: int) -> None:
        super().__init__(path)
        self._bucket = bucket
        self._max_cache_bytes = max_cache_bytes
        self._mark = ""
        self._fetching = WeakValueDictionary[str, asyncio.Lock]()

    async def save_video(
        self, name: str, chunks: AsyncIterator[bytes], *, max_bytes: int
    ) -> StoredFile:
        """Save a video to the disk, then to the bucket; raises what the folder's method does.

        Raises:
            Outage: the bucket failed; the video stays on the disk for `restore_video`.
        """
        stored = await super().save_video(name, chunks, max_bytes=max_bytes)
        await self._upload_video(name)
        return stored

    async def restore_video(self, name: str, *, max_bytes: int) -> StoredFile | None:
        """Restore a video from the bucket or to it; None if neither it nor the disk has it.

        None too where the bucket does not answer and the disk has nothing: the video may be
        downloaded meanwhile.
        """
        is_here = await super().has_video(name)
        try:
            if not await asyncio.to_thread(self._bucket.has, name):
                if not is_here:
                    return None
                await self._upload_video(name)
            async with self.use_video(name):
                return await super().restore_video(name, max_bytes=max_bytes)
        except BucketFailed:
            if is_here:
                raise
            return None

    async def has_video(self, name: str) -> bool:
        """Return whether a video is on the disk or in the bucket."""
        return await super().has_video(name) or await asyncio.to_thread(self._bucket.has, name)

    @asynccontextmanager
    async def use_video(self, name: str) -> AsyncGenerator[Path]:
        """Fetch a video to the disk if it is not there; raises what the folder's method does."""
        async with self._use(name, self.video_path(name)) as path:
            yield path

    async def save_copy(self, name: str, make: Callable[[BinaryIO], Awaitable[None]]) -> Path:
        """Save a smaller copy to the disk alone; each host that needs one makes it."""
        path = await super().save_copy(name, make)
        await asyncio.to_thread(self._evict)
        return path

    async def keep_input(self, name: str) -> SavedInput | None:
        """Keep an input for a job on the disk and in the bucket; None if neither has it.

        Raises:
            OSError: the disk or the bucket failed.
        """
        kept = await super().keep_input(name)
        shared = await asyncio.to_thread(self._mark_and_share, name)
        if shared is None or shared.mark is None or kept is None:
            return shared
        return replace(shared, version=kept.version)

    def discard_input(self, saved: SavedInput) -> bool:
        """Remove an input from the disk and the bucket, unless it was kept or touched since."""
        removed = super().discard_input(saved)
        if removed and saved.mark:
            kept = saved.mark.encode()
            self._take_out(
                saved.name, lambda: self._bucket.read_bytes(_touched_key(saved.name)) == kept
            )
        return removed

    def read_input_state(self, name: str) -> InputState:
        """Return the state of an input on this disk and in the bucket."""
        mark = self._bucket.read_bytes(_touched_key(name))
        return replace(super().read_input_state(name), mark=mark)

    def erase_input(self, state: InputState) -> None:
        """Remove an input from this disk and the bucket, unless it was touched since."""
        super().erase_input(state)
        key = _touched_key(state.name)
        self._take_out(state.name, lambda: self._bucket.read_bytes(key) == state.mark)

    async def has_input(self, name: str) -> bool:
        """Return whether an input is on the disk or in the bucket."""
        if self.input_path(name) is not None:
            return True
        return await asyncio.to_thread(self._bucket.has, input_key(name))

    @asynccontextmanager
    async def use_input(self, name: str) -> AsyncGenerator[Path]:
        """Fetch an input to the disk if it is not there; raises what the folder's method does."""
        if self.is_pending(name):
            async with super().use_input(name) as path:
                yield path
            return
        async with self._use(input_key(name), self._kept_path(name)) as path:
            yield path

    def touch_input(self, name: str) -> bool:
        """Protect an input from being swept soon, and have it in the bucket for other hosts."""
        super().touch_input(name)
        return self._mark_and_share(name) is not None

    def list_old_inputs(self, older_than_s: float) -> list[str]:
        """Return the names of old inputs in the bucket or on the disk."""
        before = time.time() - older_than_s
        old = {name for name, used_at_s in self._input_uses().items() if used_at_s < before}
        return sorted(old.union(super().list_old_inputs(older_than_s)))

    def remove_old_inputs(self, older_than_s: float, exclude: Collection[str] = ()) -> int:
        """Remove old inputs, except `exclude`, and what the bucket has no more; count them."""
        before = time.time() - older_than_s
        uses = self._input_uses()
        old = [name for name, at_s in uses.items() if at_s < before and name not in exclude]
        removed = {
            name for name in old if self._take_out(name, partial(self._is_old, name, before))
        }
        kept = uses.keys() - removed
        super().remove_old_inputs(older_than_s, kept.union(exclude))
        self._remove_traces(kept, before)
        return len(removed)

    def list_old_videos(self, older_than_s: float) -> list[str]:
        """Return the names of videos that were put into the bucket that long ago."""
        before = time.time() - older_than_s
        found = self._bucket.list_objects()
        return sorted(
            each.name for each in found if each.written_at_s < before and is_video_name(each.name)
        )

    def list_dropped_videos(self, older_than_s: float) -> list[str]:
        """Return the names of videos this old on this disk that the bucket has no more."""
        in_bucket = {each.name for each in self._bucket.list_objects()}
        on_disk = super().list_old_videos(older_than_s)
        return [name for name in on_disk if name not in in_bucket]

    def remove_video(self, name: str) -> None:
        """Remove a video from the bucket, and with its smaller copy from the disk."""
        self._bucket.delete(name)
        super().remove_video(name)

    @asynccontextmanager
    async def _use(self, key: str, path: Path) -> AsyncGenerator[Path]:
        async with AsyncExitStack() as stack:
            await self._pin(stack, key, path)
            await asyncio.to_thread(record_use, path)
            await asyncio.to_thread(self._evict)
            yield path

    async def _pin(self, stack: AsyncExitStack, key: str, path: Path) -> None:
        while True:
            await self._fetch(key, path)
            with suppress(FileNotFoundError):  # evicted before it was pinned
                await stack.enter_async_context(pinned(path))
                return

    async def _fetch(self, key: str, path: Path) -> None:
        """Have an object on the disk; several users at once share one request."""
        async with self._fetching.setdefault(key, asyncio.Lock()):
            if await asyncio.to_thread(self._is_current, key, path):
                return
            part = PartialFile(path)
            try:
                await write_stream(part, self._bucket.read(key), _LARGEST_BYTES)
                await asyncio.to_thread(part.finish)
            finally:
                await asyncio.to_thread(part.discard)

    def _is_current(self, key: str, path: Path) -> bool:
        """Return whether the disk has what the bucket still has, as far as the bucket answers."""
        try:
            return path.is_file() and self._bucket.has(key)
        except BucketFailed:
            return True

    async def _upload_video(self, name: str) -> None:
        path = self.video_path(name)
        async with pinned(path):
            await asyncio.to_thread(self._bucket.put, name, path)
            await asyncio.to_thread(record_use, path)
            await asyncio.to_thread(self._evict)

    def _evict(self) -> None:
        removed = evict(self.list_files(), self._max_cache_bytes, self._is_in_bucket)
        if removed:
            _log.info("cached files evicted", files=removed)

    def _is_in_bucket(self, path: Path) -> bool:
        if path == self.copy_path(f"{path.name.partition('.')[0]}.mp4"):
            return True  # it can be made again
        key = path.name if is_video_name(path.name) else input_key(path.name)
        try:
            return self._bucket.has(key)
        except BucketFailed:
            return False

    def _input_uses(self) -> dict[str, float]:
        """Return when each input in the bucket was last touched, in Unix seconds."""
        marks = {each.name: each.written_at_s for each in self._bucket.list_objects(_TOUCHED)}
        return {
            each.name: max(each.written_at_s, marks.get(each.name, 0))
            for each in self._bucket.list_objects(_INPUTS)
            if is_input_name(each.name)
        }

    def _is_old(self, name: str, before_s: float) -> bool:
        touched_at_s = self._bucket.written_at_s(_touched_key(name))
        return touched_at_s is None or touched_at_s < before_s

    def _mark_and_share(self, name: str) -> SavedInput | None:
        """Mark an input, and put it into the bucket if need be; None if it is nowhere."""
        key, mark = input_key(name), token_hex(8)
        self._bucket.put(_touched_key(name), mark.encode())
        if self._bucket.has(key):
            return SavedInput(name, None)
        path = self.input_path(name)
        if path is None:
            return None
        self._bucket.put(key, path)
        return SavedInput(name, None, mark)

    def _take_out(self, name: str, is_unused: Callable[[], bool]) -> bool:
        """Remove an input from the bucket, unless it is used by now; return whether it was."""
        key, aside = input_key(name), f"{_ASIDE}/{token_hex(8)}.{name}"
        if not self._bucket.copy(key, aside):
            return False
        self._bucket.delete(key)
        removed = is_unused()
        if removed:
            self._bucket.delete(_touched_key(name))
        else:
            self._bucket.copy(aside, key)
        self._bucket.delete(aside)
        return removed

    def _remove_traces(self, kept: Collection[str], before_s: float) -> None:
        """Remove the marks of inputs that are gone, and what a crash left aside."""
        for each in self._bucket.list_objects(_TOUCHED):
            if each.name not in kept and each.written_at_s < before_s:
                self._bucket.delete(_touched_key(each.name))
        for each in self._bucket.list_objects(_ASIDE):
            if each.written_at_s < before_s:
                self._bucket.delete(f"{_ASIDE}/{each.name}")

    def _list_names(self, folder: str) -> list[str]:
        return [each.name for each in self._bucket.list_objects(folder)]

    def _put_name(self, folder: str, name: str) -> None:
        self._bucket.put(f"{folder}/{name}", b"")

    def _remove_name(self, folder: str, name: str) -> None:
        self._bucket.delete(f"{folder}/{name}")

    def _read_high_water(self) -> int:
        names = self._list_names(HIGH_WATER_MARKS)
        for name in outdated_marks(names):
            self._remove_name(HIGH_WATER_MARKS, name)
        return highest_mark(names)

    def _raise_high_water(self, number: int) -> None:
        earlier, self._mark = self._mark, str(number)
        self._put_name(HIGH_WATER_MARKS, self._mark)
        # Lower than the new one, so nobody needs it, whatever other processes have written.
        if earlier and earlier != self._mark:
            self._remove_name(HIGH_WATER_MARKS, earlier)


def input_key(name: str) -> str:
    """Return the key of an input; a video's key is its name."""
    return f"{_INPUTS}/{name}"


def _touched_key(name: str) -> str:
    return f"{_TOUCHED}/{name}"
