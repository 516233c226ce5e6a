"""Knows what the operator has to be told about money, and tells it once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from domain.reports import ReportPeriod, Sums, days_of
from storage import reports
from storage.reports import Whose
from workflow.billing import credit
from workflow.billing.reconciliation import BalanceReader, Reading, latest
from workflow.context import Context
from workflow.reliability import forget, once

_LOW: Final = "low balance told"
_SHORT: Final = "out of funds told"
_DAYS: Final = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class LowBalance:
    """The balance is below the floor; at the pace of the last days it lasts so long, if known."""

    balance: MicroUSD
    floor: MicroUSD
    days_left: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfFunds:
    """APIXO wants money first, and nothing is submitted; the balance is None if it is not known."""

    since_ms: int
    balance: MicroUSD | None


News = LowBalance | OutOfFunds
Tell = Callable[[News], Awaitable[bool]]
"""Tells the operator; False if that did not work."""


async def about_balance(context: Context, reading: Reading, tell: Tell) -> None:
    """Tell that the balance is below the floor: once, until it has been above again."""
    floor = context.policy.balance_alert
    if floor is None or reading.balance >= floor:
        await forget(context, _LOW)
        return
    days_left = await _days_left(context, reading.balance)
    news = LowBalance(balance=reading.balance, floor=floor, days_left=days_left)
    await once(context, _LOW, "below", lambda _: tell(news))


async def about_shortage(
    context: Context, since_ms: int, reading: Reading | None, tell: Tell
) -> None:
    """Tell that APIXO wants money first: once for each time that it began to."""
    balance = None if reading is None else reading.balance
    news = OutOfFunds(since_ms=since_ms, balance=balance)
    await once(context, _SHORT, str(since_ms), lambda _: tell(news))


async def _days_left(context: Context, balance: MicroUSD) -> float | None:
    """Estimate how many days a balance lasts; None where nothing was spent."""

    async def work(tx: AsyncConnection) -> int:
        days = days_of(ReportPeriod.WEEK, context.now_ms())
        lines = await reports.lines(tx, Whose(), days, "day")
        return sum((line.sums for line in lines), Sums()).charged

    spent = await context.database.read(work)
    return max(0, balance) * _DAYS / spent if spent else None


class MoneyWatch:
    """Looks after the money whenever it is asked to; `tell` reaches the operator."""

    def __init__(self, context: Context, tell: Tell) -> None:
        self._context = context
        self._tell = tell
        self._reader = BalanceReader(context)

    async def look(self) -> None:
        """Do whatever is due."""
        since_ms = (await credit.state(self._context)).short_since_ms
        reading = await self._reader.read_if_due(since_ms)
        if reading is not None:
            await about_balance(self._context, reading, self._tell)
        if since_ms is not None:
            known = await latest(self._context)
            await about_shortage(self._context, since_ms, known, self._tell)
            if not await credit.go_on_if_covered(self._context, since_ms):
                await credit.let_go(self._context, since_ms)
