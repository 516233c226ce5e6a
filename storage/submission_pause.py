"""Submission pause and stop, shared by all processes.

A pause ends by itself, a stop when the operator ends it.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, case, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.service_tables import belt

OUT_OF_CREDIT: Final = "out of funds"
"""Reason of a pause that ends as soon as there is credit again."""


@dataclass(frozen=True, slots=True)
class SubmissionPause:
    """Until when and why submissions are paused; since when, by whom and why they are stopped.

    `out_of_credit_since_ms` is since when APIXO has been out of credit. Fields that do not apply
    are None.
    """

    paused_until_ms: int | None
    reason: str | None
    stopped_at_ms: int | None = None
    stopped_by: str | None = None
    stop_reason: str | None = None
    out_of_credit_since_ms: int | None = None

    @property
    def is_out_of_credit(self) -> bool:
        """Whether APIXO is out of credit, as far as is known."""
        return self.out_of_credit_since_ms is not None

    def is_paused(self, now_ms: int) -> bool:
        """Return whether nothing is submitted: during a pause, or an operator stop."""
        is_stopped = self.stopped_at_ms is not None
        return is_stopped or (self.paused_until_ms is not None and self.paused_until_ms > now_ms)


async def pause(tx: AsyncConnection, until_ms: int, reason: str) -> None:
    """Pause submissions until a moment; a longer pause is kept."""
    shorter = or_(belt.c.paused_until_ms.is_(None), belt.c.paused_until_ms < until_ms)
    await tx.execute(
        update(belt).where(shorter).values(paused_until_ms=until_ms, pause_reason=reason)
    )


async def stop(tx: AsyncConnection, now_ms: int, by: str, reason: str) -> None:
    """Stop submissions until the operator resumes them."""
    await tx.execute(update(belt).values(stopped_at_ms=now_ms, stopped_by=by, stop_reason=reason))


async def resume(tx: AsyncConnection) -> None:
    """End the operator's stop, and any pause."""
    ended = ("paused_until_ms", "pause_reason", "stopped_at_ms", "stopped_by", "stop_reason")
    await tx.execute(update(belt).values(dict.fromkeys(ended)))


async def mark_out_of_credit(tx: AsyncConnection, now_ms: int) -> bool:
    """Record that APIXO is out of credit; return False if that was known."""
    marked = await tx.execute(
        update(belt).where(belt.c.short_since_ms.is_(None)).values(short_since_ms=now_ms)
    )
    return marked.rowcount == 1


async def clear_out_of_credit(
    tx: AsyncConnection, *, unless_paused_at_ms: int | None = None
) -> bool:
    """Record that there is credit again, and end its pause; return False if none was missing.

    With `unless_paused_at_ms`, do nothing if submissions are paused at that moment.
    """
    is_over = belt.c.short_since_ms.is_not(None)
    if unless_paused_at_ms is not None:
        is_over &= or_(
            belt.c.paused_until_ms.is_(None), belt.c.paused_until_ms <= unless_paused_at_ms
        )
    was_for_credit = belt.c.pause_reason == OUT_OF_CREDIT
    kept_until = case((was_for_credit, null()), else_=belt.c.paused_until_ms)
    ended = await tx.execute(
        update(belt).where(is_over).values(short_since_ms=None, paused_until_ms=kept_until)
    )
    return ended.rowcount == 1


async def get(tx: AsyncConnection) -> SubmissionPause:
    """Return the submission pause."""
    return await _read(tx, _SELECT_PAUSE)


async def lock(tx: AsyncConnection) -> SubmissionPause:
    """Return the submission pause, locked against claims of other processes.

    On SQLite a writing transaction excludes the others from its beginning.
    """
    return await _read(tx, _SELECT_PAUSE.with_for_update())


_COLUMNS = (
    *("paused_until_ms", "pause_reason", "stopped_at_ms", "stopped_by", "stop_reason"),
    "short_since_ms",
)
_SELECT_PAUSE = select(*(belt.c[name] for name in _COLUMNS))


async def _read(tx: AsyncConnection, statement: Select[*tuple[Any, ...]]) -> SubmissionPause:
    return SubmissionPause(*(await tx.execute(statement)).one())
