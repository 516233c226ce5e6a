"""Read-only access to the database of a service, whether it runs, ran or has yet to start."""

from sqlalchemy.exc import SQLAlchemyError

from storage.database import Database
from storage.errors import StorageError
from storage.snapshot import Snapshot, read_snapshot

_MAX_ROWS = 50


class SnapshotReader:
    """Keeps the database open between reads; each read is one snapshot without locks."""

    def __init__(self) -> None:
        self._url = ""
        self._database: Database | None = None

    async def read(self, database_url: str) -> Snapshot | None:
        """Return the totals and the newest rows; None while nothing can be read."""
        try:
            database = await self._open(database_url)
            return await database.read(lambda tx: read_snapshot(tx, _MAX_ROWS))
        except (StorageError, SQLAlchemyError, OSError):
            await self.close()
            return None

    async def close(self) -> None:
        """Close the database; the next read opens it again."""
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    async def _open(self, url: str) -> Database:
        if self._database is not None and url == self._url:
            return self._database
        await self.close()
        self._database = await Database.open(url, read_only=True)
        self._url = url
        return self._database
