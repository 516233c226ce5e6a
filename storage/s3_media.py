"""Knows how videos and members' files are kept in an S3 bucket, with a folder to work in.

What is kept is on the disk first and then in the bucket, before anybody is told that it is kept. A
video that the disk has lost comes back from there. obstore reads the credentials, the region and
the endpoint from the environment (`AWS_…`).
"""

import asyncio
import mimetypes
import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Final, TypeVar

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store
from yarl import URL

from domain.loopback import LOOPBACK_HOSTS
from storage.errors import StorageError
from storage.media import MediaFolder, StoredFile

MAX_PRESIGN_LIFETIME: Final = timedelta(days=7)
"""S3 signs no address for longer."""

_PATIENCE = timedelta(seconds=30)
_INPUTS = "inputs"
_CHUNK_BYTES = 1024 * 1024

T = TypeVar("T")


class S3Bucket:
    """A part of a bucket, named as `s3://bucket/prefix`."""

    def __init__(self, url: str) -> None:
        self._url = URL(url)
        endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
        self._store = S3Store(
            self._url.host,
            prefix=self._url.path.strip("/") or None,
            client_options={"allow_http": URL(endpoint).host in LOOPBACK_HOSTS},
            retry_config={"max_retries": 3, "retry_timeout": _PATIENCE},
        )

    def put(self, key: str, path: Path) -> None:
        """Put a file into the bucket under a key, over what is there.

        Raises:
            OSError: the bucket does not take it.
        """
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        self._ask(lambda: obstore.put(self._store, key, path, attributes={"Content-Type": kind}))

    def delete(self, key: str) -> None:
        """Delete what has a key, if anything has.

        Raises:
            OSError: the bucket does not do it.
        """
        self._ask(lambda: obstore.delete(self._store, key))

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Read what has a key, piece by piece.

        Raises:
            FileNotFoundError: nothing has it.
            OSError: the bucket does not answer.
        """
        try:
            found = await obstore.get_async(self._store, key)
            async for chunk in found.stream(_CHUNK_BYTES):
                yield bytes(chunk)
        except BaseError as error:
            raise self._refusal(error) from None

    def presign_url(self, key: str, lasting: timedelta) -> str:
        """Sign an address at which whoever has it can get what has a key, a week at most."""
        return self._ask(
            lambda: obstore.sign(self._store, "GET", key, min(lasting, MAX_PRESIGN_LIFETIME))
        )

    def check_writable(self) -> None:
        """Prove that the bucket takes files.

        Raises:
            StorageError: it does not.
        """
        try:
            self._ask(lambda: obstore.put(self._store, "proof", b""))
            self.delete("proof")
        except OSError as error:
            raise StorageError(str(error)) from error

    def _ask(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (BaseError, FileNotFoundError) as error:
            raise self._refusal(error) from None

    def _refusal(self, error: Exception) -> OSError:
        # The library's own words are long, and hold whatever the other side has said.
        return OSError(f"the bucket {self._url.host} does not do it: {type(error).__name__}")


class S3MediaFolder(MediaFolder):
    """A bucket behind a folder: what is kept is in both, what is removed is in neither."""

    def __init__(self, path: Path, bucket: S3Bucket) -> None:
        super().__init__(path)
        self._bucket = bucket

    async def save_video(
        self, name: str, chunks: AsyncIterator[bytes], *, max_bytes: int
    ) -> StoredFile:
        """Write a video as it comes to the disk, then to the bucket; raises what the folder's does.

        Raises:
            OSError: the disk or the bucket does not take it.
        """
        stored = await super().save_video(name, chunks, max_bytes=max_bytes)
        await asyncio.to_thread(self._bucket.put, name, self.video_path(name))
        return stored

    async def restore_video(self, name: str, *, max_bytes: int) -> StoredFile | None:
        """Bring a video back to the disk; None if it is not in the bucket."""
        try:
            return await super().save_video(name, self._bucket.read(name), max_bytes=max_bytes)
        except FileNotFoundError:
            return None

    async def save_input(self, data: bytes, suffix: str) -> str:
        """Keep a member's file on the disk and in the bucket, and tell its name.

        Raises:
            OSError: the disk or the bucket does not take it.
        """
        name = await super().save_input(data, suffix)
        await asyncio.to_thread(self._bucket.put, input_key(name), self._input(name))
        return name

    def remove_video(self, name: str) -> None:
        """Remove a video from the bucket, and with its smaller copy from the disk."""
        self._bucket.delete(name)
        super().remove_video(name)

    def _remove_old(self, path: Path, before: float) -> bool:
        removed = super()._remove_old(path, before)
        if removed:
            self._bucket.delete(input_key(path.name))
        return removed


def input_key(name: str) -> str:
    """Tell under which key an input is kept; a video's key is its name."""
    return f"{_INPUTS}/{name}"
