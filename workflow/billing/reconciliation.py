"""Reconciliation of APIXO's balance with the ledger, from reading to reading.

A task in flight may or may not have been deducted from the balance yet; the ledger records it
later. So a difference up to the amount in flight is expected, and only the rest is unexplained.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.errors import ApixoError
from domain.audit_log import NewChange
from domain.durations import DAY_MS, HOUR_MS
from domain.money import ZERO, MicroUSD, format_usd_en
from storage import audit_log, balance_readings, key_value
from storage.balance_readings import BalanceReading
from workflow.context import Context

_log = structlog.get_logger(__name__)

SHORTAGE_INTERVAL_MS: Final = 120_000
"""How often the balance is read while credit is exhausted."""

_RETRY_MS: Final = 60_000
WEEK_MS: Final = 7 * DAY_MS
_ACKNOWLEDGED: Final = "balance gap acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """APIXO's balance at a time, compared with the ledger since the previous reading.

    `difference` is the fall of the balance less the spending that the ledger expects: positive
    where APIXO deducted more. `in_flight` is how much of it tasks in flight may explain. A `top_up`
    is about the amount paid in: a rise that tasks in flight cannot explain; `difference` is then 0.
    """

    at_ms: int
    balance: MicroUSD
    difference: MicroUSD = ZERO
    top_up: MicroUSD = ZERO
    in_flight: MicroUSD = ZERO

    @property
    def unexplained(self) -> MicroUSD:
        """Return how much APIXO deducted beyond what tasks in flight may explain."""
        return MicroUSD(max(0, self.difference - self.in_flight))


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyReconciliation:
    """The sums over the readings of the last seven days, and their number."""

    readings: int
    difference: MicroUSD
    top_up: MicroUSD
    unexplained: MicroUSD


async def latest_reconciliation(context: Context) -> Reconciliation | None:
    """Return the latest reading of the balance; None before the first."""
    return await context.database.read(reconcile_latest)


async def reconcile_latest(tx: AsyncConnection) -> Reconciliation | None:
    """Return the latest reading within a transaction; None before the first."""
    return next(reversed(_compare_all(await balance_readings.list_latest(tx, 2))), None)


async def reconcile_week(tx: AsyncConnection, now_ms: int) -> WeeklyReconciliation:
    """Sum the readings of the last seven days, after the last acknowledged one."""
    acknowledged_ms = int(await key_value.get(tx, _ACKNOWLEDGED) or 0)
    since_ms = max(now_ms - WEEK_MS, acknowledged_ms)
    readings = _compare_all(await balance_readings.list_since(tx, since_ms))
    return WeeklyReconciliation(
        readings=len(readings),
        difference=_sum(reading.difference for reading in readings),
        top_up=_sum(reading.top_up for reading in readings),
        unexplained=_sum(reading.unexplained for reading in readings),
    )


async def acknowledge_gap(tx: AsyncConnection, now_ms: int) -> MicroUSD:
    """Take what the readings until now leave unexplained as known, and return it.

    It is a line of the audit log. Without a reading, or a gap, nothing changes.
    """
    week = await reconcile_week(tx, now_ms)
    latest = await reconcile_latest(tx)
    if latest is None or not week.unexplained:
        return ZERO
    await key_value.put(tx, _ACKNOWLEDGED, str(latest.at_ms))
    change = NewChange(
        at_ms=now_ms,
        guild_id=0,
        actor="command line",
        what="balance gap",
        subject="apixo",
        before=format_usd_en(week.unexplained),
        after="acknowledged",
    )
    await audit_log.record(tx, change)
    return week.unexplained


class BalanceReader:
    """Reads APIXO's balance on start, then hourly, and more often while credit is exhausted."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._not_before_ms = 0
        self._is_first = True

    async def read_if_due(self, short_since_ms: int | None) -> Reconciliation | None:
        """Read and store the balance if that is due; None if not, or if APIXO does not answer."""
        if not await self._is_due(short_since_ms):
            return None
        context = self._context
        try:
            balance = await context.apixo.fetch_balance()
        except ApixoError as error:
            self._not_before_ms = context.due_after(_RETRY_MS)
            _log.warning("balance not read", error=error)
            return None
        self._is_first = False
        await context.database.transact(
            lambda tx: balance_readings.add(tx, context.now_ms(), balance)
        )
        return await latest_reconciliation(context)

    async def _is_due(self, short_since_ms: int | None) -> bool:
        context = self._context
        if context.now_ms() < self._not_before_ms:
            return False
        last = next(
            iter(await context.database.read(lambda tx: balance_readings.list_latest(tx, 1))), None
        )
        if self._is_first or last is None:
            return True
        wait_ms = HOUR_MS
        if short_since_ms is not None:
            wait_ms = SHORTAGE_INTERVAL_MS if last.at_ms >= short_since_ms else 0
        return context.age_ms(last.at_ms) >= wait_ms


def _compare_all(rows: list[BalanceReading]) -> list[Reconciliation]:
    """Compare each reading with the previous one; the first has no difference."""
    first = [Reconciliation(at_ms=row.at_ms, balance=row.balance) for row in rows[:1]]
    return first + [_compare(before, row) for before, row in pairwise(rows)]


def _compare(before: BalanceReading, row: BalanceReading) -> Reconciliation:
    fall, expected = before.balance - row.balance, row.expected - before.expected
    difference = MicroUSD(fall - expected)
    if difference < -before.in_flight:
        return Reconciliation(at_ms=row.at_ms, balance=row.balance, top_up=MicroUSD(-difference))
    in_flight = row.in_flight if difference > 0 else before.in_flight
    return Reconciliation(
        at_ms=row.at_ms, balance=row.balance, difference=difference, in_flight=in_flight
    )


def _sum(amounts: Iterable[MicroUSD]) -> MicroUSD:
    return MicroUSD(sum(amounts))
