"""Requests to Discord that all processes may make together, as slots of time in the database.

A slot belongs to the process that claims it, so the limit holds whatever the number of processes.
"""

from typing import Final

from sqlalchemy import BigInteger, String, cast, func, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import key_value
from storage.service_tables import notes

_KEY: Final = "next slot of requests"


async def claim(tx: AsyncConnection, slot_us: int) -> int:
    """Claim the next free slot of PostgreSQL's clock; return in how many microseconds it begins."""
    now_us = cast(func.extract("epoch", func.clock_timestamp()) * 1_000_000, BigInteger)
    value_us = cast(notes.c.value, BigInteger)
    ends_us = cast(func.greatest(value_us, now_us) + slot_us, String)
    left_us = value_us - now_us
    claimed = update(notes).where(notes.c.key == _KEY).values(value=ends_us).returning(left_us)
    ends_in_us = (await tx.execute(claimed)).scalar()
    if ends_in_us is None:
        await key_value.put_if_absent(tx, _KEY, "0")
        ends_in_us = (await tx.execute(claimed)).scalar_one()
    return max(0, ends_in_us - slot_us)
