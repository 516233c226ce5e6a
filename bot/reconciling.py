"""Says how APIXO's balance fits the ledger, for the operator's eyes."""

from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD, plain_usd
from workflow.money import reconcile
from workflow.money.reconcile import Reading, Week

WORTH_A_LOOK: Final = MicroUSD(10_000)
"""An unexplained cent in a week; APIXO's own balance may be rounded to a hundredth of one."""


async def describe(tx: AsyncConnection, now_ms: int) -> tuple[str, bool]:
    """Say how the last reading and those of the last seven days fit; False if they do not."""
    reading = await reconcile.latest_in(tx)
    if reading is None:
        return "APIXO's balance was not read yet", True
    week = await reconcile.week_in(tx, now_ms)
    return f"{_last(reading)}; {_over(week)}", week.unexplained < WORTH_A_LOOK


def _last(reading: Reading) -> str:
    at = datetime.fromtimestamp(reading.at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M")
    said = f"balance {plain_usd(reading.balance)} at {at} UTC"
    if reading.top_up:
        return f"{said}, filled by about {plain_usd(reading.top_up)}"
    said += f", difference to the ledger {plain_usd(reading.difference)}"
    return f"{said} (up to {plain_usd(reading.in_flight)} in flight)" if reading.in_flight else said


def _over(week: Week) -> str:
    filled = f", filled by about {plain_usd(week.top_up)}" if week.top_up else ""
    unexplained = f"{plain_usd(week.unexplained)} unexplained in {week.readings} readings"
    return f"last 7 days: {unexplained}{filled}"
