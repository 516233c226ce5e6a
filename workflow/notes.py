"""Small facts that the service keeps about itself, by name."""

from storage import notes
from storage.database import Database


class Notes:
    """Keeps one text under each name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """Read what was kept last under a name."""
        return await self._database.read(lambda tx: notes.get(tx, name))

    async def put(self, name: str, text: str) -> None:
        """Keep a text under a name."""
        await self._database.transact(lambda tx: notes.put(tx, name, text))

    async def put_first(self, name: str, text: str) -> str:
        """Keep a text under a name that has none yet, and read what is kept there now."""
        return await self._database.transact(lambda tx: notes.put_first(tx, name, text))
