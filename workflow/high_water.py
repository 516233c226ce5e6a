"""High-water mark of this process: the number of intended effects that the media store has.

The database counts each intended effect (`storage.high_water`); before the effect happens the media
store has to know the number. A database below the media store's number is a copy that was restored.
"""

import asyncio

import structlog

from storage import high_water
from storage.database import Database
from storage.media import MediaFolder
from workflow.errors import DatabaseReplaced, MarkNotKept

_log = structlog.get_logger(__name__)


class HighWaterMark:
    """Raises the media store's mark to the database's, and remembers the number."""

    def __init__(self) -> None:
        self._kept = 0
        self._lock = asyncio.Lock()
        self.is_checked = False
        """Whether this process has compared both marks."""

    async def keep(self, database: Database, media: MediaFolder) -> None:
        """Have the media store know every effect intended so far; call it before an effect.

        Raises:
            MarkNotKept: the media store does not take it.
            DatabaseReplaced: the database has gone back since the last call.
        """
        async with self._lock:
            number = await database.read(high_water.get)
            if number < self._kept:
                self.is_checked = False
                raise DatabaseReplaced("the database was replaced by an earlier copy")
            if number == self._kept:
                return
            try:
                await media.raise_high_water(number)
            except OSError as error:
                raise MarkNotKept(type(error).__name__) from error
            self._kept = number

    async def keep_if_possible(self, database: Database, media: MediaFolder) -> None:
        """Have the media store know every effect intended so far, unless it is out of order.

        What is paid is posted all the same; the next effect raises the mark for both.

        Raises:
            DatabaseReplaced: the database has gone back since the last call.
        """
        try:
            await self.keep(database, media)
        except MarkNotKept as error:
            _log.warning("high-water mark not kept", error=error)
