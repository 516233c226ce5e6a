"""High-water mark: the number of effects outside the database that were intended so far.

An effect is a submission to APIXO or a message to Discord. Its number is committed with the intent,
and the media store keeps it too before the effect happens. A database whose number is below the
media store's is therefore a copy from before effects that it does not know of.
"""

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.service_tables import belt


async def get(tx: AsyncConnection) -> int:
    """Return the mark of the database."""
    return (await tx.execute(_SELECT)).scalar_one()


async def lock(tx: AsyncConnection) -> int:
    """Return the mark, locked against other processes' claims until the transaction ends."""
    return (await tx.execute(_SELECT.with_for_update())).scalar_one()


async def advance(tx: AsyncConnection) -> None:
    """Count one more effect, or several that are intended together."""
    await tx.execute(_ADVANCE)


async def put(tx: AsyncConnection, number: int) -> None:
    """Set the mark."""
    await tx.execute(update(belt).values(high_water=number))


# Each effect runs these, and building a statement costs more than running it, so they are built
# once.
_SELECT = select(belt.c.high_water)
_ADVANCE = update(belt).values(high_water=belt.c.high_water + 1)
