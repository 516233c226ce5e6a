"""Knows whether the belt is paused: then nothing is submitted to APIXO, by any process."""

from dataclasses import dataclass

from sqlalchemy import Select, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import belt


@dataclass(frozen=True, slots=True)
class BeltState:
    """Until when the belt is paused, and why; both None while it was not."""

    paused_until_ms: int | None
    reason: str | None

    def paused(self, now_ms: int) -> bool:
        """Tell whether the pause still lasts."""
        return self.paused_until_ms is not None and self.paused_until_ms > now_ms


async def pause(tx: AsyncConnection, until_ms: int, reason: str) -> None:
    """Stop submitting until a moment; a pause that lasts longer stays as it is."""
    shorter = or_(belt.c.paused_until_ms.is_(None), belt.c.paused_until_ms < until_ms)
    await tx.execute(
        update(belt).where(shorter).values(paused_until_ms=until_ms, pause_reason=reason)
    )


async def state(tx: AsyncConnection) -> BeltState:
    """Read the belt's state."""
    return await _read(tx, _STATE)


async def lock(tx: AsyncConnection) -> BeltState:
    """Read the belt's state and keep every other transaction from submitting till this one ends.

    On SQLite a transaction that writes keeps the others out from its beginning.
    """
    return await _read(tx, _STATE.with_for_update())


_STATE = select(belt.c.paused_until_ms, belt.c.pause_reason)


async def _read(tx: AsyncConnection, statement: Select[int | None, str | None]) -> BeltState:
    row = (await tx.execute(statement)).one()
    return BeltState(row.paused_until_ms, row.pause_reason)
