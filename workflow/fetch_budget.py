"""Budget of bytes fetched for one member: what a UTC day allows, over all servers and processes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.quotas import Period, period_end_ms, period_name
from storage import fetched_bytes
from workflow.context import Context
from workflow.errors import FetchBudgetSpent

MAX_BYTES_PER_DAY: Final = 2_000_000_000
"""Three times the largest request that there can be."""


@dataclass(slots=True)
class FetchCounter:
    """Counts the bytes that were really fetched."""

    size: int = 0

    def add(self, size: int) -> None:
        """Count some bytes."""
        self.size += size


@asynccontextmanager
async def fetching(context: Context, user_id: int, size: int) -> AsyncGenerator[FetchCounter]:
    """Reserve the announced size of a member's files; what is counted meanwhile takes its place.

    Raises:
        FetchBudgetSpent: the day's budget does not cover the size; nothing may be fetched.
    """
    now_ms, counter = context.now_ms(), FetchCounter()
    day = period_name(Period.DAY, now_ms)

    async def reserve(tx: AsyncConnection) -> bool:
        await fetched_bytes.remove_before(tx, day)
        return await fetched_bytes.add(tx, user_id, day, size, MAX_BYTES_PER_DAY)

    async def settle(tx: AsyncConnection) -> None:
        await fetched_bytes.correct(tx, user_id, day, counter.size - size)

    if not await context.database.transact(reserve):
        raise FetchBudgetSpent(MAX_BYTES_PER_DAY, period_end_ms(Period.DAY, now_ms))
    try:
        yield counter
    finally:
        if counter.size != size:
            await context.database.transact(settle)
