"""Knows small facts that outlive a restart, such as the hash of the commands last synced."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.conflicts import insert_or_update
from storage.schema import notes


async def get(tx: AsyncConnection, key: str) -> str | None:
    """Read a note."""
    return (await tx.execute(select(notes.c.value).where(notes.c.key == key))).scalar()


async def put(tx: AsyncConnection, key: str, value: str) -> None:
    """Write a note over what stood there."""
    await tx.execute(insert_or_update(tx, notes, "key"), {"key": key, "value": value})
