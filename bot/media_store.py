"""Opens what `MEDIA_STORE` names: a folder, or a bucket with a folder to work in."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from bot.errors import CannotStart
from storage.media import MediaFolder
from workflow.context import MediaUrls

WORK_FOLDER: Final = Path("data/media")
"""Where videos lie on their way into a bucket, and afterwards for as long as there is room."""


def media_folder_path(media_store: str) -> Path:
    """Tell in which folder of this machine videos lie."""
    return WORK_FOLDER if media_store.startswith("s3://") else Path(media_store)


def open_media(media_store: str, now_ms: Callable[[], int]) -> tuple[MediaFolder, MediaUrls | None]:
    """Prove the place of videos and inputs, and open it with what makes links into it, if any.

    It waits for the disk, and for the bucket.

    Raises:
        CannotStart: the library for buckets is not installed.
        StorageError: the place does not take files.
    """
    folder = MediaFolder(media_folder_path(media_store))
    folder.check_writable()
    if not media_store.startswith("s3://"):
        return folder, None
    try:
        from storage.s3_media import S3Bucket, S3MediaFolder  # noqa: PLC0415 - an extra, it may lack
        from workflow.urls.presigned_urls import PresignedUrls  # noqa: PLC0415 - as above
    except ImportError:
        raise CannotStart("MEDIA_STORE: for s3:// the extra `s3` has to be installed") from None
    bucket = S3Bucket(media_store)
    bucket.check_writable()
    return S3MediaFolder(WORK_FOLDER, bucket), PresignedUrls(bucket, now_ms)
