"""Knows the addresses that a bucket answers itself, for where the service has no public one."""

from collections.abc import Callable
from datetime import timedelta

from storage.s3_media import S3Bucket, input_key


class PresignedUrls:
    """Makes links into a bucket; each lasts for a week at most."""

    def __init__(self, bucket: S3Bucket, now_ms: Callable[[], int]) -> None:
        self._bucket = bucket
        self._now_ms = now_ms

    def url_for_input(self, name: str, until_ms: int) -> str:
        """Give an address of a kept input that is good until then, in Unix milliseconds."""
        return self._address(input_key(name), until_ms)

    def url_for_result(self, name: str, until_ms: int) -> str:
        """Give an address of a finished video that is good until then, in Unix milliseconds."""
        return self._address(name, until_ms)

    def _address(self, key: str, until_ms: int) -> str:
        lasting_ms = max(1_000, until_ms - self._now_ms())
        return self._bucket.presign_url(key, timedelta(milliseconds=lasting_ms))
