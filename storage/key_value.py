"""Knows small facts that outlive a restart, such as the hash of the commands last synced."""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import Database
from storage.schema import notes
from storage.upsert import insert_or_ignore, upsert


async def get(tx: AsyncConnection, key: str) -> str | None:
    """Read a note."""
    return (await tx.execute(select(notes.c.value).where(notes.c.key == key))).scalar()


async def put(tx: AsyncConnection, key: str, value: str) -> None:
    """Write a note over what stood there."""
    await tx.execute(upsert(tx, notes, "key"), {"key": key, "value": value})


async def put_if_absent(tx: AsyncConnection, key: str, value: str) -> str:
    """Write a note where none stood yet, and read what stands there now."""
    await tx.execute(insert_or_ignore(tx, notes, "key").values(key=key, value=value))
    return (await tx.execute(select(notes.c.value).where(notes.c.key == key))).scalar_one()


async def compare_and_set(tx: AsyncConnection, key: str, expected: str | None, value: str) -> bool:
    """Write a note over what was read before; False if somebody else has written meanwhile."""
    if expected is None:
        written = await tx.execute(
            insert_or_ignore(tx, notes, "key").values({"key": key, "value": value})
        )
    else:
        known = update(notes).where(notes.c.key == key, notes.c.value == expected)
        written = await tx.execute(known.values(value=value))
    return written.rowcount == 1


class KeyValueStore:
    """Keeps one text under each name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str | None:
        """Read what was kept last under a name."""
        return await self._database.read(lambda tx: get(tx, name))

    async def put(self, name: str, text: str) -> None:
        """Keep a text under a name."""
        await self._database.transact(lambda tx: put(tx, name, text))

    async def put_if_absent(self, name: str, text: str) -> str:
        """Keep a text under a name that has none yet, and read what is kept there now."""
        return await self._database.transact(lambda tx: put_if_absent(tx, name, text))
