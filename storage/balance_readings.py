"""Readings of APIXO's balance, each with the spending that the ledger expects until then.

Expected is what was charged, and what the operator's account paid; nothing for failed tasks, nor
for tasks whose end is unknown. Refunds to members are not subtracted: APIXO keeps that money.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, and_, exists, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.failures import ENDED_BY_OPERATOR
from domain.jobs import AT_APIXO, JobState
from domain.money import MicroUSD
from storage.schema import billing, jobs
from storage.service_tables import balance_readings

_END_UNKNOWN: Final = AT_APIXO | {JobState.STUCK, JobState.SUBMIT_UNKNOWN}
"""No spending is expected yet, even where the operator's account covers the worst case."""

_MAY_HAVE_A_TASK: Final = _END_UNKNOWN | {JobState.QUARANTINED}


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceReading:
    """One reading, with the total spending expected until then.

    `in_flight` sums the prices of the tasks that APIXO may or may not have charged already.
    """

    at_ms: int
    balance: MicroUSD
    expected: MicroUSD
    in_flight: MicroUSD


async def add(tx: AsyncConnection, at_ms: int, balance: MicroUSD) -> None:
    """Record a balance that was just read, with what the ledger expects now."""
    # One statement, one snapshot: a task is in flight or in the ledger, never neither.
    paid, not_taken, in_flight = (await tx.execute(_SUMS)).one()
    await tx.execute(
        insert(balance_readings).values(
            at_ms=at_ms,
            balance_micro=balance,
            # SUM over 64-bit integers returns a Decimal on PostgreSQL.
            expected_micro=int(paid) - int(not_taken),
            in_flight_micro=int(in_flight),
        )
    )


async def list_latest(tx: AsyncConnection, limit: int) -> list[BalanceReading]:
    """Return the latest readings, oldest first."""
    found = await tx.execute(
        select(balance_readings).order_by(balance_readings.c.id.desc()).limit(limit)
    )
    return _rows_to_readings(reversed(found.all()))


async def list_since(tx: AsyncConnection, at_ms: int) -> list[BalanceReading]:
    """Return the readings since a moment, oldest first."""
    found = await tx.execute(
        select(balance_readings)
        .where(balance_readings.c.at_ms >= at_ms)
        .order_by(balance_readings.c.id)
    )
    return _rows_to_readings(found)


_AMOUNT = func.coalesce(func.sum(billing.c.amount_micro), 0)
_IS_PAID = or_(
    billing.c.kind == "charge",
    and_(billing.c.kind == "adjust", billing.c.account == "operator"),
)
_IS_FOR_FAILED = and_(
    jobs.c.state == JobState.FAILED,
    func.coalesce(jobs.c.fail_code, "")
    != ENDED_BY_OPERATOR,  # a job that the operator ended may have had a paid task
    billing.c.kind == "charge",
)
_PAID = select(_AMOUNT).where(_IS_PAID)
_NOT_TAKEN = (
    select(_AMOUNT)
    .select_from(jobs)
    .join(billing, billing.c.job_id == jobs.c.id)
    .where(_IS_PAID, or_(jobs.c.state.in_(_END_UNKNOWN), _IS_FOR_FAILED))
)
_IN_FLIGHT = select(func.coalesce(func.sum(jobs.c.price_micro), 0)).where(
    jobs.c.state.in_(_MAY_HAVE_A_TASK),
    ~exists().where(billing.c.job_id == jobs.c.id, billing.c.kind == "charge"),
)
_SUMS = select(_PAID.scalar_subquery(), _NOT_TAKEN.scalar_subquery(), _IN_FLIGHT.scalar_subquery())


def _rows_to_readings(found: Iterable[Row[Any]]) -> list[BalanceReading]:
    return [
        BalanceReading(
            at_ms=row.at_ms,
            balance=MicroUSD(row.balance_micro),
            expected=MicroUSD(row.expected_micro),
            in_flight=MicroUSD(row.in_flight_micro),
        )
        for row in found
    ]
