"""Database and media store without a service around them, for commands that change both."""

import asyncio
import time
from dataclasses import dataclass

from bot.media_store import open_media
from storage.database import Database
from storage.media import MediaFolder


@dataclass(frozen=True, slots=True)
class OfflineContext:
    """What an erasure needs of `workflow.context.Context`."""

    database: Database
    media: MediaFolder

    def now_ms(self) -> int:
        """Return the time in Unix milliseconds."""
        return time.time_ns() // 1_000_000


async def open_media_store(media_store: str) -> MediaFolder:
    """Open the media store; raises what `bot.media_store.open_media` does."""
    media, _ = await asyncio.to_thread(open_media, media_store, lambda: 0)
    return media
