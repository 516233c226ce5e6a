"""Presigned URLs of an S3 bucket, for services without a public URL."""

from collections.abc import Callable
from datetime import timedelta

from storage.s3_bucket import S3Bucket
from storage.s3_media import input_key


class PresignedUrls:
    """Makes links into a bucket; each is valid for a week at most."""

    def __init__(self, bucket: S3Bucket, now_ms: Callable[[], int]) -> None:
        self._bucket = bucket
        self._now_ms = now_ms

    def url_for_input(self, name: str, until_ms: int) -> str:
        """Return the URL of a kept input, valid until `until_ms`, Unix milliseconds."""
        return self._url(input_key(name), until_ms)

    def url_for_result(self, name: str, until_ms: int) -> str:
        """Return the URL of a finished video, valid until `until_ms`, Unix milliseconds."""
        return self._url(name, until_ms)

    def _url(self, key: str, until_ms: int) -> str:
        lasting_ms = max(1_000, until_ms - self._now_ms())
        return self._bucket.presign_url(key, timedelta(milliseconds=lasting_ms))
