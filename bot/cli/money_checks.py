"""Checks of money: the balance at APIXO, and how it fits the ledger."""

import time
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.client import ApixoClient
from apixo.errors import ApixoError, Unauthorized
from bot.cli.budgets import cheapest_video
from bot.cli.database_checks import open_existing
from bot.cli.findings import CheckFailed, Finding, Unreachable, warn
from bot.settings import Settings
from domain.money import MicroUSD, format_usd_en
from workflow.billing import reconciliation
from workflow.billing.reconciliation import Reconciliation, WeeklyReconciliation

UNEXPLAINED_TOLERANCE: Final = MicroUSD(10_000)
"""One cent a week; APIXO's own balance may be rounded to a hundredth of a cent."""


async def check_balance(settings: Settings) -> Finding:
    """Compare what is left at APIXO with the cheapest video and with a member's day."""
    async with ApixoClient(settings.apixo_base_url, settings.apixo_api_key) as apixo:
        try:
            left = await apixo.fetch_balance()
        except ApixoError as error:
            raise explain(error) from None
    text = f"{format_usd_en(left)} left at APIXO"
    if left < (cheapest := cheapest_video()):
        raise CheckFailed(f"{text}, and the cheapest video costs {format_usd_en(cheapest)}: top up")
    day = settings.user_daily_limit_usd
    if day is None:
        return Finding(text)
    if left < day:
        return warn(f"{text}, and one member may spend {format_usd_en(day)} a day")
    return Finding(text)


def explain(error: ApixoError) -> CheckFailed:
    """Return what a failed request to APIXO means for the operator."""
    if isinstance(error, Unauthorized) and error.is_apixos:
        return CheckFailed("APIXO_API_KEY: APIXO does not accept this key")
    status = "" if error.http_status is None else f" {error.http_status}"
    return Unreachable(f"APIXO cannot be asked ({type(error).__name__}{status})")


async def check_reconciliation(settings: Settings) -> Finding:
    """Compare the last readings of the balance with the ledger."""
    async with open_existing(settings) as database:
        if database is None:
            return Finding("nothing was spent yet")
        await database.ping()
        now_ms = time.time_ns() // 1_000_000
        summary, fits = await database.read(lambda tx: describe(tx, now_ms))
    return Finding(summary) if fits else warn(summary)


async def describe(tx: AsyncConnection, now_ms: int) -> tuple[str, bool]:
    """Return how the readings of the last seven days fit the ledger; False if they do not."""
    reading = await reconciliation.reconcile_latest(tx)
    if reading is None:
        return "APIXO's balance was not read yet", True
    week = await reconciliation.reconcile_week(tx, now_ms)
    return (
        f"{_describe_reading(reading)}; {_describe_week(week)}",
        week.unexplained < UNEXPLAINED_TOLERANCE,
    )


def _describe_reading(reading: Reconciliation) -> str:
    at = datetime.fromtimestamp(reading.at_ms // 1000, UTC).strftime("%Y-%m-%d %H:%M")
    text = f"balance {format_usd_en(reading.balance)} at {at} UTC"
    if reading.top_up:
        return f"{text}, filled by about {format_usd_en(reading.top_up)}"
    text += f", difference to the ledger {format_usd_en(reading.difference)}"
    return (
        f"{text} (up to {format_usd_en(reading.in_flight)} in flight)"
        if reading.in_flight
        else text
    )


def _describe_week(week: WeeklyReconciliation) -> str:
    filled = f", filled by about {format_usd_en(week.top_up)}" if week.top_up else ""
    unexplained = f"{format_usd_en(week.unexplained)} unexplained in {week.readings} readings"
    return f"last 7 days: {unexplained}{filled}"
