"""Opens what `MEDIA_STORE` names: a folder, or a bucket with a folder to work in."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from bot.errors import CannotStart
from storage.media import MediaFolder
from workflow.context import Links

WORK_FOLDER: Final = Path("data/media")
"""Where videos lie on their way into a bucket, and afterwards for as long as there is room."""


def folder_of(media_store: str) -> Path:
    """Tell in which folder of this machine videos lie."""
    return WORK_FOLDER if media_store.startswith("s3://") else Path(media_store)


def open_media(media_store: str, now_ms: Callable[[], int]) -> tuple[MediaFolder, Links | None]:
    """Prove the place of videos and inputs, and open it with what makes links into it, if any.

    It waits for the disk, and for the bucket.

    Raises:
        CannotStart: the library for buckets is not installed.
        StorageError: the place does not take files.
    """
    folder = MediaFolder(folder_of(media_store))
    folder.prove()
    if not media_store.startswith("s3://"):
        return folder, None
    try:
        from storage.s3_media import Bucket, MediaBucket  # noqa: PLC0415 - an extra, it may lack
        from workflow.urls.presigned_urls import PresignedLinks  # noqa: PLC0415 - as above
    except ImportError:
        raise CannotStart("MEDIA_STORE: for s3:// the extra `s3` has to be installed") from None
    bucket = Bucket(media_store)
    bucket.prove()
    return MediaBucket(WORK_FOLDER, bucket), PresignedLinks(bucket, now_ms)
