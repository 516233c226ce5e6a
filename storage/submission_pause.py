"""Knows whether the belt may submit: neither while it is paused nor while the operator stops it.

A pause ends by itself, a stop when the operator ends it; both hold for every process.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, case, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import belt

OUT_OF_CREDIT: Final = "out of funds"
"""The reason of a pause that ends as soon as there is money."""


@dataclass(frozen=True, slots=True)
class SubmissionPause:
    """Until when the belt is paused, and why; since when the operator stops it, who and why.

    `short_since_ms` is since when APIXO has wanted money first. What was or is not so is None.
    """

    paused_until_ms: int | None
    reason: str | None
    stopped_at_ms: int | None = None
    stopped_by: str | None = None
    stop_reason: str | None = None
    out_of_credit_since_ms: int | None = None

    @property
    def is_out_of_credit(self) -> bool:
        """Tell whether APIXO wants money first, as far as is known."""
        return self.out_of_credit_since_ms is not None

    def is_paused(self, now_ms: int) -> bool:
        """Tell whether nothing is submitted: a pause lasts, or the operator stops the belt."""
        is_stopped = self.stopped_at_ms is not None
        return is_stopped or (self.paused_until_ms is not None and self.paused_until_ms > now_ms)


async def pause(tx: AsyncConnection, until_ms: int, reason: str) -> None:
    """Stop submitting until a moment; a pause that lasts longer stays as it is."""
    shorter = or_(belt.c.paused_until_ms.is_(None), belt.c.paused_until_ms < until_ms)
    await tx.execute(
        update(belt).where(shorter).values(paused_until_ms=until_ms, pause_reason=reason)
    )


async def stop(tx: AsyncConnection, now_ms: int, by: str, reason: str) -> None:
    """Stop submitting until the operator ends it."""
    await tx.execute(update(belt).values(stopped_at_ms=now_ms, stopped_by=by, stop_reason=reason))


async def resume(tx: AsyncConnection) -> None:
    """End the operator's stop, and whatever pause there is."""
    ended = ("paused_until_ms", "pause_reason", "stopped_at_ms", "stopped_by", "stop_reason")
    await tx.execute(update(belt).values(dict.fromkeys(ended)))


async def mark_out_of_credit(tx: AsyncConnection, now_ms: int) -> bool:
    """Note that APIXO wants money first; False if that was known."""
    noted = await tx.execute(
        update(belt).where(belt.c.short_since_ms.is_(None)).values(short_since_ms=now_ms)
    )
    return noted.rowcount == 1


async def clear_out_of_credit(
    tx: AsyncConnection, *, unless_paused_at_ms: int | None = None
) -> bool:
    """Note that there is money again, and end the pause for it; False if there was no shortage.

    With a moment, only if the belt is not paused then.
    """
    is_over = belt.c.short_since_ms.is_not(None)
    if unless_paused_at_ms is not None:
        is_over &= or_(
            belt.c.paused_until_ms.is_(None), belt.c.paused_until_ms <= unless_paused_at_ms
        )
    was_for_money = belt.c.pause_reason == OUT_OF_CREDIT
    kept_until = case((was_for_money, null()), else_=belt.c.paused_until_ms)
    ended = await tx.execute(
        update(belt).where(is_over).values(short_since_ms=None, paused_until_ms=kept_until)
    )
    return ended.rowcount == 1


async def get(tx: AsyncConnection) -> SubmissionPause:
    """Read the belt's state."""
    return await _read(tx, _STATE)


async def lock(tx: AsyncConnection) -> SubmissionPause:
    """Read the belt's state and keep every other transaction from submitting till this one ends.

    On SQLite a transaction that writes keeps the others out from its beginning.
    """
    return await _read(tx, _STATE.with_for_update())


_COLUMNS = (
    *("paused_until_ms", "pause_reason", "stopped_at_ms", "stopped_by", "stop_reason"),
    "short_since_ms",
)
_STATE = select(*(belt.c[name] for name in _COLUMNS))


async def _read(tx: AsyncConnection, statement: Select[*tuple[Any, ...]]) -> SubmissionPause:
    return SubmissionPause(*(await tx.execute(statement)).one())
