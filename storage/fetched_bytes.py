"""Bytes of members' files that were fetched, summed for each member and UTC day."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.service_tables import fetched_bytes
from storage.upsert import insert_or_ignore


async def add(tx: AsyncConnection, user_id: int, day: str, size: int, most: int) -> bool:
    """Add to a day's sum, unless that exceeds `most`; return whether it was added."""
    row = {"user_id": user_id, "day": day, "bytes": 0}
    await tx.execute(insert_or_ignore(tx, fetched_bytes, "user_id", "day").values(row))
    changed = await tx.execute(
        update(fetched_bytes)
        .where(
            fetched_bytes.c.user_id == user_id,
            fetched_bytes.c.day == day,
            fetched_bytes.c.bytes + size <= most,
        )
        .values(bytes=fetched_bytes.c.bytes + size)
    )
    return changed.rowcount == 1


async def correct(tx: AsyncConnection, user_id: int, day: str, change: int) -> None:
    """Change a day's sum by a signed number of bytes."""
    await tx.execute(
        update(fetched_bytes)
        .where(fetched_bytes.c.user_id == user_id, fetched_bytes.c.day == day)
        .values(bytes=fetched_bytes.c.bytes + change)
    )


async def get(tx: AsyncConnection, user_id: int, day: str) -> int:
    """Return the sum of a member's day."""
    found = select(fetched_bytes.c.bytes).where(
        fetched_bytes.c.user_id == user_id, fetched_bytes.c.day == day
    )
    return (await tx.execute(found)).scalar() or 0


async def remove_before(tx: AsyncConnection, day: str) -> None:
    """Remove the sums of earlier days."""
    await tx.execute(delete(fetched_bytes).where(fetched_bytes.c.day < day))
