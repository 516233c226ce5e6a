"""Media folder backed by an S3 bucket.

A file is on the disk first and then in the bucket before it is reported as saved. A video that the
disk has lost is restored from the bucket. obstore reads the credentials, the region and the
endpoint from the environment (`AWS_…`).
"""

import asyncio
import mimetypes
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

import obstore
from obstore.exceptions import (
    BaseError,
    InvalidPathError,
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)
from obstore.store import S3Store
from yarl import URL

from domain.loopback import LOOPBACK_HOSTS
from storage.errors import BucketFailed, MediaUnavailable, StorageError
from storage.media import MediaFolder, SavedInput, StoredFile, highest_mark, outdated_marks

MAX_PRESIGN_LIFETIME: Final = timedelta(days=7)
"""S3 signs no URL for longer."""

_RETRY_TIMEOUT = timedelta(seconds=30)
_INPUTS = "inputs"
_MARKS = "high-water"
_CHUNK_BYTES = 1024 * 1024

_REFUSALS: Final = (
    FileNotFoundError,  # no such bucket
    InvalidPathError,
    NotSupportedError,
    PermissionDeniedError,
    UnauthenticatedError,
    UnknownConfigurationKeyError,
)

T = TypeVar("T")


class BucketRefusal(BucketFailed):
    """The bucket refuses what was asked for; waiting does not change that."""


class S3Bucket:
    """A prefix in a bucket, given as `s3://bucket/prefix`."""

    def __init__(self, url: str) -> None:
        self._url = URL(url)
        endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
        # Plain HTTP is allowed for a local S3 server only.
        self._store = S3Store(
            self._url.host,
            prefix=self._url.path.strip("/") or None,
            client_options={"allow_http": URL(endpoint).host in LOOPBACK_HOSTS},
            retry_config={"max_retries": 3, "retry_timeout": _RETRY_TIMEOUT},
        )

    def put(self, key: str, path: Path) -> None:
        """Upload a file under a key, replacing what is there.

        Raises:
            OSError: the upload failed.
        """
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        self._call(lambda: obstore.put(self._store, key, path, attributes={"Content-Type": kind}))

    def has(self, key: str) -> bool:
        """Return whether there is an object under a key.

        Raises:
            OSError: the bucket does not answer.
        """
        try:
            obstore.head(self._store, key)
        except FileNotFoundError:
            return False
        except BaseError as error:
            raise self._to_os_error(error) from None
        return True

    def delete(self, key: str) -> None:
        """Delete a key, if it exists.

        Raises:
            OSError: the deletion failed.
        """
        self._call(lambda: obstore.delete(self._store, key))

    def list_marks(self) -> list[str]:
        """Return the names of the high-water marks.

        Raises:
            OSError: the bucket does not answer.
        """
        # One of the overloads returns what a library makes that is not installed.
        listed = obstore.list(self._store, prefix=_MARKS)  # pyright: ignore[reportUnknownMemberType]
        pages = self._call(lambda: [*listed])
        return [found["path"].rpartition("/")[2] for page in pages for found in page]

    def put_mark(self, name: str) -> None:
        """Write a high-water mark.

        Raises:
            OSError: the write failed.
        """
        self._call(lambda: obstore.put(self._store, f"{_MARKS}/{name}", b""))

    def delete_mark(self, name: str) -> None:
        """Delete a high-water mark.

        Raises:
            OSError: the deletion failed.
        """
        self.delete(f"{_MARKS}/{name}")

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Stream the object of a key.

        Raises:
            FileNotFoundError: there is none.
            OSError: the bucket does not answer.
        """
        try:
            found = await obstore.get_async(self._store, key)
            async for chunk in found.stream(_CHUNK_BYTES):
                yield bytes(chunk)
        except BaseError as error:
            raise self._to_os_error(error) from None

    def presign_url(self, key: str, lifetime: timedelta) -> str:
        """Return a URL that serves the object of a key to anybody, for a week at most."""
        return self._call(
            lambda: obstore.sign(self._store, "GET", key, min(lifetime, MAX_PRESIGN_LIFETIME))
        )

    def check_writable(self) -> None:
        """Check that the bucket accepts files.

        Raises:
            MediaUnavailable: it does not answer.
            StorageError: it refuses them.
        """
        try:
            self._call(lambda: obstore.put(self._store, "proof", b""))
            self.delete("proof")
        except BucketRefusal as error:
            raise StorageError(str(error)) from error
        except OSError as error:
            raise MediaUnavailable(str(error)) from error

    def _call(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (BaseError, FileNotFoundError) as error:
            raise self._to_os_error(error) from None

    def _to_os_error(self, error: Exception) -> OSError:
        # The library's own message is long, and quotes whatever the server answered.
        kind = BucketRefusal if isinstance(error, _REFUSALS) else BucketFailed
        return kind(f"the bucket {self._url.host} does not do it: {type(error).__name__}")


class S3MediaFolder(MediaFolder):
    """A folder with a bucket behind it: files are saved to and removed from both."""

    def __init__(self, path: Path, bucket: S3Bucket) -> None:
        super().__init__(path)
        self._bucket = bucket
        self._mark = ""

    async def save_video(
        self, name: str, chunks: AsyncIterator[bytes], *, max_bytes: int
    ) -> StoredFile:
        """Save a video to the disk, then to the bucket; raises what the folder's method does.

        Raises:
            OSError: the disk or the bucket failed.
        """
        stored = await super().save_video(name, chunks, max_bytes=max_bytes)
        await asyncio.to_thread(self._bucket.put, name, self.video_path(name))
        return stored

    async def restore_video(self, name: str, *, max_bytes: int) -> StoredFile | None:
        """Restore a video to the disk; None if it is not in the bucket."""
        try:
            return await super().save_video(name, self._bucket.read(name), max_bytes=max_bytes)
        except FileNotFoundError:
            return None

    async def keep_input(self, name: str) -> SavedInput | None:
        """Keep an input for a job on the disk and in the bucket; None if it does not exist.

        Raises:
            OSError: the disk or the bucket failed.
        """
        saved = await super().keep_input(name)
        if saved is not None and await asyncio.to_thread(self._put_input, name):
            return saved
        return saved and SavedInput(name, None)

    def discard_input(self, saved: SavedInput) -> bool:
        """Remove an input from the disk and the bucket, unless it was kept or touched since."""
        removed = super().discard_input(saved)
        if removed:
            self._bucket.delete(input_key(saved.name))
        return removed

    def remove_video(self, name: str) -> None:
        """Remove a video from the bucket, and with its smaller copy from the disk."""
        self._bucket.delete(name)
        super().remove_video(name)

    def _read_high_water(self) -> int:
        names = self._bucket.list_marks()
        for name in outdated_marks(names):
            self._bucket.delete_mark(name)
        return highest_mark(names)

    def _raise_high_water(self, number: int) -> None:
        earlier, self._mark = self._mark, str(number)
        self._bucket.put_mark(self._mark)
        # Lower than the new one, so nobody needs it, whatever other processes have written.
        if earlier and earlier != self._mark:
            self._bucket.delete_mark(earlier)

    def _put_input(self, name: str) -> bool:
        """Put an input into the bucket; return whether it was not there before."""
        path, key = self.input_path(name), input_key(name)
        if path is None or self._bucket.has(key):
            return False
        self._bucket.put(key, path)
        return True

    def _remove_old(self, path: Path, before: float) -> bool:
        removed = super()._remove_old(path, before)
        if removed:
            self._bucket.delete(input_key(path.name))
        return removed


def input_key(name: str) -> str:
    """Return the key of an input; a video's key is its name."""
    return f"{_INPUTS}/{name}"
