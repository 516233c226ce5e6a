"""Members' files as a job has them."""

from storage.media import MediaFolder


async def keep_input(media: MediaFolder, data: bytes, suffix: str) -> str:
    """Save a file and keep it for a job; return its name."""
    saved = await media.save_input(data, suffix)
    assert await media.keep_input(saved.name) is not None
    return saved.name
