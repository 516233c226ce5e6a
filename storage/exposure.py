"""Exposure: what the operator bears, or may have to bear today, for tasks that nobody else pays.

An `adjust` on the operator's account books what a job may have cost at APIXO. The exposure of a UTC
day is what was booked on it, less later corrections of those bookings, plus the price of each
submission without an answer that is not booked yet. Jobs parked because the database was restored
from a copy do not count.
"""

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.jobs import JobState
from domain.money import ZERO, MicroUSD
from storage import key_value
from storage.billing import is_open_hold
from storage.schema import billing, in_states, jobs

_ACCEPTED_KEY = "exposure accepted"


async def get_for_job(tx: AsyncConnection, job_id: str) -> MicroUSD:
    """Return what the operator bears of a job."""
    summed = await tx.execute(
        select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
            billing.c.job_id == job_id, billing.c.account == "operator"
        )
    )
    return MicroUSD(int(summed.scalar_one()))


async def get_for_day(tx: AsyncConnection, now_ms: int) -> MicroUSD:
    """Return the exposure of the UTC day of a moment."""
    start_ms = now_ms - now_ms % DAY_MS
    day = {"start_ms": start_ms, "end_ms": start_ms + DAY_MS}
    # SUM over 64-bit integers returns a Decimal on PostgreSQL.
    return MicroUSD(int((await tx.execute(_EXPOSURE, day)).scalar_one()))


async def is_limit_reached(tx: AsyncConnection, now_ms: int, limit: MicroUSD | None) -> bool:
    """Return whether the day's exposure, less the accepted part, has reached a limit."""
    if limit is None:
        return False
    amount = await get_for_day(tx, now_ms)
    return amount >= limit and amount - await get_accepted(tx, now_ms) >= limit


async def get_accepted(tx: AsyncConnection, now_ms: int) -> MicroUSD:
    """Return the part of the day's exposure that the operator has accepted."""
    day, _, amount = (await key_value.get(tx, _ACCEPTED_KEY) or "").partition(":")
    return MicroUSD(int(amount)) if day == str(now_ms // DAY_MS) else ZERO


async def accept(tx: AsyncConnection, now_ms: int) -> None:
    """Record that the operator accepts the current exposure of the day."""
    amount = await get_for_day(tx, now_ms)
    await key_value.put(tx, _ACCEPTED_KEY, f"{now_ms // DAY_MS}:{amount}")


# The worker runs these in every cycle, and building a statement costs more than running it, so they
# are built once.
_UNBOOKED = select(func.coalesce(func.sum(jobs.c.price_micro), 0)).where(
    in_states([JobState.SUBMIT_UNKNOWN]),
    jobs.c.restored_at_ms.is_(None),
    exists().where(billing.c.job_id == jobs.c.id, billing.c.kind == "hold", is_open_hold()),
)
_BOOKED_TODAY = billing.alias()
_BOOKED = select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
    billing.c.account == "operator",
    billing.c.created_at_ms >= bindparam("start_ms"),
    billing.c.job_id.in_(
        select(_BOOKED_TODAY.c.job_id).where(
            _BOOKED_TODAY.c.account == "operator",
            _BOOKED_TODAY.c.amount_micro > 0,
            _BOOKED_TODAY.c.created_at_ms >= bindparam("start_ms"),
            _BOOKED_TODAY.c.created_at_ms < bindparam("end_ms"),
        )
    ),
)
_EXPOSURE = select(_UNBOOKED.scalar_subquery() + _BOOKED.scalar_subquery())
