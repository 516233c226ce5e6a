"""Media store named by `MEDIA_STORE`: a folder, or a bucket with a work folder."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from bot.errors import CannotStart
from storage.media import MediaFolder
from workflow.context import MediaUrls

WORK_FOLDER: Final = Path("data/media")
"""Local folder in front of a bucket: a cache."""


def media_folder_path(media_store: str) -> Path:
    """Return the local folder of the videos."""
    return WORK_FOLDER if media_store.startswith("s3://") else Path(media_store)


def open_media(
    media_store: str, now_ms: Callable[[], int], *, cache_gb: float = 5
) -> tuple[MediaFolder, MediaUrls | None]:
    """Open the media store and check that it is writable; with URLs into it, if it makes any.

    In front of a bucket is a folder of about `cache_gb`. Blocks on the disk and the network.

    Raises:
        CannotStart: the library for buckets is not installed.
        StorageError: the store is not writable.
    """
    folder = MediaFolder(media_folder_path(media_store))
    folder.check_writable()
    if not media_store.startswith("s3://"):
        return folder, None
    try:
        from storage.s3_bucket import S3Bucket  # noqa: PLC0415 - an extra, it may lack
        from storage.s3_media import S3MediaFolder  # noqa: PLC0415 - as above
        from workflow.urls.presigned_urls import PresignedUrls  # noqa: PLC0415 - as above
    except ImportError:
        raise CannotStart(
            "MEDIA_STORE: s3:// needs the package obstore: pip install -r requirements.txt"
        ) from None
    bucket = S3Bucket(media_store)
    bucket.check_usable()
    media = S3MediaFolder(WORK_FOLDER, bucket, round(cache_gb * 10**9))
    return media, PresignedUrls(bucket, now_ms)
