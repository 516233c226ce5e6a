"""Objects in an S3 bucket.

obstore reads the credentials, the region and the endpoint from the environment (`AWS_…`).
"""

import asyncio
import mimetypes
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
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

MAX_PRESIGN_LIFETIME: Final = timedelta(days=7)
"""S3 signs no URL for longer."""

_RETRY_TIMEOUT = timedelta(seconds=30)
_CHUNK_BYTES = 1024 * 1024
_PROOF = "proof"

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


@dataclass(frozen=True, slots=True)
class BucketObject:
    """An object: the last part of its key, and when it was written, in Unix seconds."""

    name: str
    written_at_s: float


class S3Bucket:
    """A prefix in a bucket, given as `s3://bucket/prefix`.

    Every method raises `BucketFailed` where the bucket refuses a request or does not answer.
    """

    def __init__(self, url: str) -> None:
        self._url = URL(url)
        endpoint = os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT") or ""
        # Plain HTTP is for a server on this machine, or in a network that nobody else is in.
        is_private = os.environ.get("AWS_ALLOW_HTTP", "").lower() == "true"
        self._store = S3Store(
            self._url.host,
            prefix=self._url.path.strip("/") or None,
            client_options={"allow_http": is_private or URL(endpoint).host in LOOPBACK_HOSTS},
            retry_config={"max_retries": 3, "retry_timeout": _RETRY_TIMEOUT},
        )

    def put(self, key: str, content: Path | bytes) -> None:
        """Upload a file under a key, replacing what is there."""
        kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
        attributes = {"Content-Type": kind}
        self._call(lambda: obstore.put(self._store, key, content, attributes=attributes))

    def written_at_s(self, key: str) -> float | None:
        """Return when an object was written, in Unix seconds; None if there is none."""
        try:
            found = obstore.head(self._store, key)
        except FileNotFoundError:
            self._confirm()
            return None
        except BaseError as error:
            raise self._to_os_error(error) from None
        return found["last_modified"].timestamp()

    def has(self, key: str) -> bool:
        """Return whether there is an object under a key."""
        return self.written_at_s(key) is not None

    def delete(self, key: str) -> None:
        """Delete a key, if it exists."""
        self._call(lambda: obstore.delete(self._store, key))

    def copy(self, key: str, to: str) -> bool:
        """Copy an object to another key; return whether there is one."""
        try:
            obstore.copy(self._store, key, to)
        except FileNotFoundError:
            self._confirm()
            return False
        except BaseError as error:
            raise self._to_os_error(error) from None
        return True

    def read_bytes(self, key: str) -> bytes | None:
        """Return the content of a small object; None if there is none."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except FileNotFoundError:
            self._confirm()
            return None
        except BaseError as error:
            raise self._to_os_error(error) from None

    def list_objects(self, folder: str | None = None) -> list[BucketObject]:
        """Return the objects of a folder of keys, or those in none; not those in its subfolders."""
        # One of the overloads returns what a library makes that is not installed.
        found = self._call(lambda: obstore.list_with_delimiter(self._store, folder))  # pyright: ignore[reportUnknownMemberType]
        return [
            BucketObject(each["path"].rpartition("/")[2], each["last_modified"].timestamp())
            for each in found["objects"]
        ]

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """Stream the object of a key.

        Raises:
            FileNotFoundError: there is none.
        """
        try:
            found = await obstore.get_async(self._store, key)
            left = found.meta["size"]
            async for chunk in found.stream(_CHUNK_BYTES):
                left -= len(chunk)
                yield bytes(chunk)
        except FileNotFoundError:
            await asyncio.to_thread(self._confirm)
            raise FileNotFoundError(key) from None
        except BaseError as error:
            raise self._to_os_error(error) from None
        if left:
            raise BucketFailed(f"the bucket {self._url.host} has cut a file short")

    def presign_url(self, key: str, lifetime: timedelta) -> str:
        """Return a URL that serves the object of a key to anybody, for a week at most."""
        return self._call(
            lambda: obstore.sign(self._store, "GET", key, min(lifetime, MAX_PRESIGN_LIFETIME))
        )

    def check_usable(self) -> None:
        """Check that the bucket lets us do all that the service does with it.

        Raises:
            MediaUnavailable: it does not answer.
            StorageError: it refuses something.
        """
        try:
            self.put(_PROOF, b"")
            self.copy(_PROOF, f"{_PROOF}-copy")
            self.read_bytes(f"{_PROOF}-copy")
            self.list_objects()
            self.delete(f"{_PROOF}-copy")
            self.delete(_PROOF)
        except BucketRefusal as error:
            raise StorageError(str(error)) from error
        except OSError as error:
            raise MediaUnavailable(str(error)) from error

    def _confirm(self) -> None:
        """Raise unless the bucket is there: without one, S3 denies that there is any object."""
        self.list_objects(_PROOF)

    def _call(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (BaseError, FileNotFoundError) as error:
            raise self._to_os_error(error) from None

    def _to_os_error(self, error: Exception) -> OSError:
        # The library's own message is long, and quotes whatever the server answered.
        kind = BucketRefusal if isinstance(error, _REFUSALS) else BucketFailed
        return kind(f"the bucket {self._url.host} does not do it: {type(error).__name__}")
