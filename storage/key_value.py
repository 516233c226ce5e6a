"""Key-value store for small facts that outlive a restart, such as the registered commands."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.service_tables import notes
from storage.upsert import insert_or_ignore, upsert


def bonus_notes_key(guild_id: int, user_id: int) -> str:
    """Return the key of what a member is to be told of their bonuses on a server."""
    return f"bonus notes {user_id} {guild_id}"


async def get(tx: AsyncConnection, key: str) -> str | None:
    """Return the value of a key, or None."""
    return (await tx.execute(select(notes.c.value).where(notes.c.key == key))).scalar()


async def put(tx: AsyncConnection, key: str, value: str) -> None:
    """Set the value of a key."""
    await tx.execute(upsert(tx, notes, "key"), {"key": key, "value": value})


async def remove(tx: AsyncConnection, key: str) -> None:
    """Remove a key, if it is there."""
    await tx.execute(delete(notes).where(notes.c.key == key))


async def list_prefixed(tx: AsyncConnection, prefix: str) -> list[tuple[str, str]]:
    """Return the keys that begin with a prefix, and their values."""
    found = select(notes.c.key, notes.c.value).where(notes.c.key.startswith(prefix))
    return [(row.key, row.value) for row in await tx.execute(found)]


async def put_if_absent(tx: AsyncConnection, key: str, value: str) -> str:
    """Set the value of a key that has none, and return the current value."""
    await tx.execute(insert_or_ignore(tx, notes, "key").values(key=key, value=value))
    return (await tx.execute(select(notes.c.value).where(notes.c.key == key))).scalar_one()


async def compare_and_set(tx: AsyncConnection, key: str, expected: str | None, value: str) -> bool:
    """Set a value if it is still `expected`; return False if it has changed meanwhile."""
    if expected is None:
        written = await tx.execute(
            insert_or_ignore(tx, notes, "key").values({"key": key, "value": value})
        )
    else:
        unchanged = update(notes).where(notes.c.key == key, notes.c.value == expected)
        written = await tx.execute(unchanged.values(value=value))
    return written.rowcount == 1


class KeyValueStore:
    """Stores one text under each name, a transaction each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """Return the text stored under a name, or None."""
        return await self._database.read(lambda tx: get(tx, name))

    async def put(self, name: str, text: str) -> None:
        """Store a text under a name."""
        await self._database.transact(lambda tx: put(tx, name, text))

    async def put_if_absent(self, name: str, text: str) -> str:
        """Store a text under a name that has none, and return the current text."""
        return await self._database.transact(lambda tx: put_if_absent(tx, name, text))
