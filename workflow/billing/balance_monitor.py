"""Balance alerts: low balance and exhausted credit, each sent to the operator once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from domain.reports import ReportPeriod, period_days
from storage import reports
from storage.reports import SpendingFilter
from workflow.billing import credit
from workflow.billing.reconciliation import BalanceReader, Reconciliation, latest_reconciliation
from workflow.context import Context
from workflow.reliability import reset_run_once, run_once_per

_LOW_BALANCE_ALERT: Final = "low balance told"
_CREDIT_ALERT: Final = "out of funds told"
_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class LowBalance:
    """The balance is below the floor; `days_left` is at the spending rate of the last week."""

    balance: MicroUSD
    floor: MicroUSD
    days_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditExhausted:
    """APIXO credit is exhausted and submissions are paused; the balance is None if unknown."""

    since_ms: int
    balance: MicroUSD | None


BalanceAlert = LowBalance | CreditExhausted
SendBalanceAlert = Callable[[BalanceAlert], Awaitable[bool]]
"""Sends an alert to the operator; returns whether it was sent."""


async def alert_low_balance(
    context: Context, reading: Reconciliation, send: SendBalanceAlert
) -> None:
    """Alert the operator when the balance falls below the floor, once until it has recovered."""
    floor = context.policy.balance_alert
    if floor is None or reading.balance >= floor:
        await reset_run_once(context, _LOW_BALANCE_ALERT)
        return
    days_left = await _days_left(context, reading.balance)
    alert = LowBalance(balance=reading.balance, floor=floor, days_left=days_left)
    await run_once_per(context, _LOW_BALANCE_ALERT, "below", lambda _: send(alert))


async def alert_credit_exhausted(
    context: Context, since_ms: int, reading: Reconciliation | None, send: SendBalanceAlert
) -> None:
    """Alert the operator that credit is exhausted, once per shortage."""
    balance = None if reading is None else reading.balance
    alert = CreditExhausted(since_ms=since_ms, balance=balance)
    await run_once_per(context, _CREDIT_ALERT, str(since_ms), lambda _: send(alert))


async def _days_left(context: Context, balance: MicroUSD) -> float | None:
    """Estimate how many days a balance lasts; None if nothing was spent in the last week."""

    async def sum_last_week(tx: AsyncConnection) -> int:
        days = period_days(ReportPeriod.WEEK, context.now_ms())
        return (await reports.get_total(tx, SpendingFilter(), days)).charged

    spent = await context.database.read(sum_last_week)
    return max(0, balance) * _DAYS / spent if spent else None


class BalanceMonitor:
    """Reads the balance, alerts the operator through `send`, and ends or expires a shortage."""

    def __init__(self, context: Context, send: SendBalanceAlert) -> None:
        self._context = context
        self._send = send
        self._reader = BalanceReader(context)

    async def check(self) -> None:
        """Do the balance work that is due."""
        since_ms = (await credit.get_submission_pause(self._context)).out_of_credit_since_ms
        reading = await self._reader.read_if_due(since_ms)
        if reading is not None:
            await alert_low_balance(self._context, reading, self._send)
        if since_ms is not None:
            known = await latest_reconciliation(self._context)
            await alert_credit_exhausted(self._context, since_ms, known, self._send)
            if not await credit.resume_if_covered(self._context, since_ms):
                await credit.release_expired_jobs(self._context, since_ms)
