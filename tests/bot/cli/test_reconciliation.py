"""How balance and ledger fit, as the operator reads it from the command line."""

from datetime import UTC, datetime

import pytest

from bot.cli.money_checks import describe
from domain.money import MicroUSD
from storage import audit_log, balance_readings
from storage.database import Database
from tests.conftest import SqliteTemplate, Template
from workflow.billing.reconciliation import acknowledge_gap

NOON_MS = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000


@pytest.fixture
def template(sqlite_template: SqliteTemplate) -> Template:
    return sqlite_template


async def said(database: Database, *balances: int) -> tuple[str, bool]:
    """Read these balances, the last one at noon, and say how they fit a ledger without a row."""
    for hour, amount in enumerate(balances, start=1 - len(balances)):
        at_ms = NOON_MS + hour * HOUR_MS
        await database.transact(
            lambda tx, at_ms=at_ms, amount=amount: balance_readings.add(tx, at_ms, MicroUSD(amount))
        )
    return await database.read(lambda tx: describe(tx, NOON_MS))


async def test_before_the_first_reading_there_is_nothing_to_say(database: Database):
    """And nothing is wrong."""
    assert await said(database) == ("APIXO's balance was not read yet", True)


async def test_what_fits_is_said_with_the_last_balance(database: Database):
    """Two readings without any spending, and a top-up of five dollars."""
    text, fits = await said(database, 5_000_000, 5_000_000, 10_000_000)
    assert fits
    assert text == (
        "balance $10.00 at 2026-11-21 12:00 UTC, filled by about $5.00; last 7 days: $0.00 "
        "unexplained in 3 readings, filled by about $5.00"
    )


@pytest.mark.parametrize(("missing", "fits"), [(9_999, True), (10_000, False)])
async def test_a_cent_that_nobody_knows_of_is_wrong(database: Database, missing: int, fits: bool):
    """Less may be APIXO's rounding."""
    text, found = await said(database, 5_000_000, 5_000_000 - missing)
    assert found is fits
    assert "unexplained in 2 readings" in text


async def test_a_gap_that_is_acknowledged_is_not_told_again(database: Database):
    """That of a restore, say: once, with a line in the audit log; a later gap is one."""
    await said(database, 5_000_000, 4_000_000)
    gap = await database.transact(lambda tx: acknowledge_gap(tx, NOON_MS))
    assert gap == 1_000_000
    assert (await database.read(lambda tx: describe(tx, NOON_MS)))[1] is True
    (line,) = await database.read(lambda tx: audit_log.list_latest(tx, 0, 9))
    assert (line.what, line.before, line.after) == ("balance gap", "$1.00", "acknowledged")
    assert await database.transact(lambda tx: acknowledge_gap(tx, NOON_MS)) == 0
    later_ms = NOON_MS + HOUR_MS
    await database.transact(lambda tx: balance_readings.add(tx, later_ms, MicroUSD(3_500_000)))
    text, fits = await database.read(lambda tx: describe(tx, later_ms))
    assert ("$0.50 unexplained" in text, fits) == (True, False)
