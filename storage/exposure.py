"""Knows what the operator bears, and may come to bear today, for tasks that nobody else pays.

An `adjust` on the operator's account books what a job may have cost at APIXO. The exposure of a UTC
day is what was booked on it, less what was taken back of that since, and the price of each
submission without an answer that is not booked yet.
"""

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.jobs import JobState
from domain.money import ZERO, MicroUSD
from storage import key_value
from storage.billing import is_open_hold
from storage.schema import billing, jobs

_ACCEPTED = "exposure accepted"


async def get_for_job(tx: AsyncConnection, job_id: str) -> MicroUSD:
    """Tell what the operator bears of a job."""
    summed = await tx.execute(
        select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
            billing.c.job_id == job_id, billing.c.account == "operator"
        )
    )
    return MicroUSD(int(summed.scalar_one()))


async def get_for_day(tx: AsyncConnection, now_ms: int) -> MicroUSD:
    """Tell the exposure of the UTC day of a moment."""
    # Sums of 64-bit integers are Decimals on PostgreSQL.
    unbooked = int((await tx.execute(_UNBOOKED)).scalar_one())
    return MicroUSD(await _booked(tx, now_ms) + unbooked)


async def is_limit_reached(tx: AsyncConnection, now_ms: int, limit: MicroUSD | None) -> bool:
    """Tell whether the day's exposure, less what the operator has accepted of it, is at a limit."""
    if limit is None:
        return False
    return await get_for_day(tx, now_ms) - await get_accepted(tx, now_ms) >= limit


async def get_accepted(tx: AsyncConnection, now_ms: int) -> MicroUSD:
    """Tell how much of the day's exposure the operator has accepted."""
    day, _, amount = (await key_value.get(tx, _ACCEPTED) or "").partition(":")
    return MicroUSD(int(amount)) if day == str(now_ms // DAY_MS) else ZERO


async def accept(tx: AsyncConnection, now_ms: int) -> None:
    """Note that the operator accepts what the exposure of the day is now."""
    amount = await get_for_day(tx, now_ms)
    await key_value.put(tx, _ACCEPTED, f"{now_ms // DAY_MS}:{amount}")


async def _booked(tx: AsyncConnection, now_ms: int) -> int:
    start_ms = now_ms - now_ms % DAY_MS
    day = {"start_ms": start_ms, "end_ms": start_ms + DAY_MS}
    return int((await tx.execute(_BOOKED, day)).scalar_one())


# Every turn of the belt asks, and a statement costs more to build than to run: so they are built
# once.
_UNBOOKED = select(func.coalesce(func.sum(jobs.c.price_micro), 0)).where(
    jobs.c.state == JobState.SUBMIT_UNKNOWN,
    exists().where(billing.c.job_id == jobs.c.id, billing.c.kind == "hold", is_open_hold()),
)
_TODAY = billing.alias()
_BOOKED = select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
    billing.c.account == "operator",
    billing.c.created_at_ms >= bindparam("start_ms"),
    billing.c.job_id.in_(
        select(_TODAY.c.job_id).where(
            _TODAY.c.account == "operator",
            _TODAY.c.amount_micro > 0,
            _TODAY.c.created_at_ms >= bindparam("start_ms"),
            _TODAY.c.created_at_ms < bindparam("end_ms"),
        )
    ),
)
