"""Reads the books of a service that runs, ran or has yet to start, without standing in its way."""

from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database
from storage.errors import StorageError
from storage.snapshot import Snapshot, read_snapshot

_MOST_ROWS = 50


class SnapshotReader:
    """Keeps the database open between two readings; each sees one moment and locks nothing."""

    def __init__(self) -> None:
        self._url = ""
        self._database: Database | None = None

    async def read(self, database_url: str) -> Snapshot | None:
        """Read the sums and the newest rows; None while there is nothing that can be read."""
        try:
            database = await self._opened(database_url)
            return await database.read(lambda tx: read_snapshot(tx, _MOST_ROWS))
        except (StorageError, SQLAlchemyError, OSError):
            await self.close()
            return None

    async def close(self) -> None:
        """Let the database go; the next reading opens it again."""
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    async def _opened(self, url: str) -> Database:
        if self._database is not None and url == self._url:
            return self._database
        await self.close()
        self._database = await Database.open(url, read_only=True)
        self._url = url
        return self._database
