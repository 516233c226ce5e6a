"""Wrong money by hand: each of these statements is refused by the database itself."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.money import MicroUSD
from domain.quotas import Limits
from storage import billing, jobs
from storage.database import Database
from storage.jobs import NewJob

OPEN, PAID, FREED, GIVEN = (f"job{number:017d}" for number in (1, 2, 3, 4))
OPEN_HOLD, PAID_HOLD, CHARGE, SECOND_HOLD, FREED_HOLD, _, GRANT, GIVEN_HOLD, BACK = range(1, 10)

only_sqlite = pytest.mark.parametrize("template", ["sqlite"], indirect=True)


def entry(kind: object, job: str | None = None, attempt: int | None = None, **more: object) -> str:
    """Write an INSERT of one row; `hold`, `amount` and others of its columns by name."""
    row = {
        "id": more.get("id"),
        "kind": kind,
        "job_id": job,
        "attempt": attempt,
        "hold_id": more.get("hold"),
        "grant_id": more.get("grant"),
        "amount_micro": more.get("amount", 80),
        "from_grant_micro": more.get("from_grant", 0),
        "account": more.get("account", "member"),
        "guild_id": 1,
        "user_id": more.get("user", 3),
        "price_version": "v",
        "created_at_ms": 0,
        "actor": "hand",
        "note": "",
    }
    if row["id"] is None:
        del row["id"]
    values = ", ".join("NULL" if value is None else repr(value) for value in row.values())
    return f"{more.get('verb', 'INSERT')} INTO billing ({', '.join(row)}) VALUES ({values})"


CHANGE = (
    "INSERT INTO changes (id, at_ms, guild_id, actor, what, subject, note, interaction_id) "
    "VALUES ({}, 0, 1, '5', 'limit', 'members:0:day', '', {})"
)
LIMIT = (
    "INSERT INTO limits (guild_id, target, subject_id, kind, amount) "
    "VALUES ({}, '{}', {}, '{}', {})"
)

LEGAL = {
    "charge all of a hold": entry("charge", OPEN, 1, hold=OPEN_HOLD),
    "charge a part of a hold": entry("charge", OPEN, 1, hold=OPEN_HOLD, amount=1),
    "charge nothing": entry("charge", OPEN, 1, hold=OPEN_HOLD, amount=0),
    "release a hold": entry("release", OPEN, 1, hold=OPEN_HOLD),
    "release a second attempt of a paid job": entry("release", PAID, 2, hold=SECOND_HOLD),
    "charge nothing for a second attempt": entry("charge", PAID, 2, hold=SECOND_HOLD, amount=0),
    "hold for a next attempt": entry("hold", OPEN, 2),
    "give back to a member": entry("adjust", PAID, hold=PAID_HOLD, amount=-80),
    "correct an unpaid job": entry("adjust", FREED, hold=FREED_HOLD, amount=5),
    "correct the operator's cost": entry("adjust", FREED, account="operator", amount=5),
    "grant": entry("grant", amount=5),
    "take a part of a grant back": entry("grant", amount=-5, grant=GRANT),
    "take the rest of a grant back": entry("grant", amount=-50, grant=GRANT),
    "charge what grants and quota pay": entry("charge", GIVEN, 1, hold=GIVEN_HOLD, from_grant=50),
    "charge what the quota pays": entry("charge", GIVEN, 1, hold=GIVEN_HOLD, amount=30),
    "charge less than grants pay": entry(
        "charge", GIVEN, 1, hold=GIVEN_HOLD, amount=40, from_grant=10
    ),
    "release what grants pay": entry("release", GIVEN, 1, hold=GIVEN_HOLD, from_grant=50),
}

ILLEGAL = {
    "a second hold for an attempt": entry("hold", OPEN, 1),
    "a second hold of another amount": entry("hold", OPEN, 1, amount=5),
    "a charge after a charge": entry("charge", PAID, 1, hold=PAID_HOLD, amount=1),
    "a charge of nothing after a charge": entry("charge", PAID, 1, hold=PAID_HOLD, amount=0),
    "a release after a charge": entry("release", PAID, 1, hold=PAID_HOLD),
    "a charge after a release": entry("charge", FREED, 1, hold=FREED_HOLD),
    "a release after a release": entry("release", FREED, 1, hold=FREED_HOLD),
    "a second paid attempt": entry("charge", PAID, 2, hold=SECOND_HOLD),
    "a charge above its hold": entry("charge", OPEN, 1, hold=OPEN_HOLD, amount=81),
    "a charge without a hold": entry("charge", OPEN, 1),
    "a release without a hold": entry("release", OPEN, 1),
    "a charge of a hold that is not there": entry("charge", OPEN, 1, hold=999),
    "a charge of a charge": entry("charge", PAID, 2, hold=CHARGE, amount=1),
    "a charge of another job's hold": entry("charge", FREED, 1, hold=OPEN_HOLD),
    "a release of another job's hold": entry("release", FREED, 1, hold=OPEN_HOLD),
    "a charge of another attempt's hold": entry("charge", OPEN, 2, hold=OPEN_HOLD),
    "a charge to another member": entry("charge", OPEN, 1, hold=OPEN_HOLD, user=4),
    "a release of less than the hold": entry("release", OPEN, 1, hold=OPEN_HOLD, amount=79),
    "a release of more than the hold": entry("release", OPEN, 1, hold=OPEN_HOLD, amount=81),
    "a negative hold": entry("hold", OPEN, 2, amount=-80),
    "a negative charge": entry("charge", OPEN, 1, hold=OPEN_HOLD, amount=-1),
    "a negative grant": entry("grant", amount=-5),
    "a hold of nothing": entry("hold", OPEN, 2, amount=0),
    "an adjust of nothing": entry("adjust", PAID, hold=PAID_HOLD, amount=0),
    "a grant of nothing": entry("grant", amount=0),
    "a hold without an amount": entry("hold", OPEN, 2, amount=None),
    "a hold without a job": entry("hold", None, 1),
    "a hold without an attempt": entry("hold", OPEN),
    "a hold of a hold": entry("hold", OPEN, 2, hold=OPEN_HOLD),
    "a hold for a job that is not there": entry("hold", "nobody", 1),
    "an entry without a kind": entry(None, OPEN, 2),
    "an unknown kind": entry("gift", OPEN, 2),
    "an unknown account": entry("hold", OPEN, 2, account="bank"),
    "an entry without an account": entry("hold", OPEN, 2, account=None),
    "a member's adjust without a hold": entry("adjust", PAID, amount=-5),
    "an adjust of another job's hold": entry("adjust", FREED, hold=PAID_HOLD, amount=-5),
    "an adjust of a charge": entry("adjust", PAID, hold=CHARGE, amount=-5),
    "an adjust of an attempt": entry("adjust", PAID, 1, hold=PAID_HOLD, amount=-5),
    "an adjust of a job that is not there": entry("adjust", "nobody", account="operator"),
    "an operator's adjust with a hold": entry("adjust", PAID, hold=PAID_HOLD, account="operator"),
    "a grant for a job": entry("grant", PAID),
    "an id that is taken": entry("grant", id=OPEN_HOLD),
    "a changed amount": "UPDATE billing SET amount_micro = 1 WHERE id = 1",
    "a changed note": "UPDATE billing SET note = 'x'",
    "a removed row": "DELETE FROM billing WHERE id = 6",
    "an emptied ledger": "DELETE FROM billing",
    "a hold unpinned from its bucket": "DELETE FROM billing_buckets",
    "a hold pinned to another bucket": "UPDATE billing_buckets SET bucket_id = 'x'",
    "a hold below zero in a bucket": "UPDATE quota_buckets SET held_micro = -1",
    "a job without a price": "UPDATE jobs SET price_micro = 0",
    "a hold of less than grants pay": entry("hold", OPEN, 2, amount=5, from_grant=6),
    "a hold that pays grants": entry("hold", OPEN, 2, from_grant=-1),
    "a grant from a grant": entry("grant", amount=5, from_grant=1),
    "a charge to grants that its hold leaves out": entry(
        "charge", OPEN, 1, hold=OPEN_HOLD, from_grant=1
    ),
    "a charge of more to grants": entry("charge", GIVEN, 1, hold=GIVEN_HOLD, from_grant=51),
    "a charge of more to the quota": entry("charge", GIVEN, 1, hold=GIVEN_HOLD, from_grant=49),
    "a release of less to grants": entry("release", GIVEN, 1, hold=GIVEN_HOLD, from_grant=49),
    "a release of none to grants": entry("release", GIVEN, 1, hold=GIVEN_HOLD),
    "giving back to grants what they did not pay": entry(
        "adjust", PAID, hold=PAID_HOLD, amount=-5, from_grant=-1
    ),
    "giving back more to grants than in all": entry(
        "adjust", PAID, hold=PAID_HOLD, amount=-5, from_grant=-6
    ),
    "an adjust that grants pay": entry("adjust", PAID, hold=PAID_HOLD, amount=5, from_grant=5),
    "an operator's adjust for grants": entry(
        "adjust", FREED, account="operator", amount=-5, from_grant=-5
    ),
    "taking back from no grant": entry("grant", amount=-5),
    "taking back from a grant that is not there": entry("grant", amount=-5, grant=999),
    "taking back from a hold": entry("grant", amount=-5, grant=OPEN_HOLD),
    "taking back from what was taken back": entry("grant", amount=-5, grant=BACK),
    "taking back from another member's grant": entry("grant", amount=-5, grant=GRANT, user=4),
    "taking back more than is left of a grant": entry("grant", amount=-51, grant=GRANT),
    "a grant out of another": entry("grant", amount=5, grant=GRANT),
    "a hold out of a grant": entry("hold", OPEN, 2, grant=GRANT),
    "an overdrawn purse": "UPDATE quota_buckets SET granted_micro = 49 WHERE granted_micro = 50",
    "more on hold than in the purse": (
        "UPDATE quota_buckets SET held_micro = 51 WHERE granted_micro = 50"
    ),
    "a changed change": "UPDATE changes SET after = 'x'",
    "a removed change": "DELETE FROM changes",
    "a second change by one interaction": CHANGE.format(2, 7),
    "a negative limit": LIMIT.format(1, "members", 0, "day", -1),
    "an unknown limit": LIMIT.format(1, "members", 0, "year", 1),
    "a limit for nobody known": LIMIT.format(1, "bots", 0, "day", 1),
    "a limit for a member without a name": LIMIT.format(1, "member", 0, "day", 1),
    "a limit for each member with a name": LIMIT.format(1, "members", 3, "day", 1),
    "a limit on everything of one server": LIMIT.format(1, "everything", 0, "day", 1),
    "a limit of no server": LIMIT.format(0, "server", 0, "day", 1),
    "a second limit in one place": LIMIT.format(1, "server", 0, "day", 5),
    "an upsert": entry("grant", id=OPEN_HOLD) + " ON CONFLICT (id) DO UPDATE SET amount_micro = 1",
}

# On SQLite, REPLACE deletes what is in its way.
OVER = "INSERT OR REPLACE"
REPLACING = {
    "a replacement by its id": entry("grant", id=OPEN_HOLD, verb="REPLACE"),
    "a replacement of an attempt": entry("hold", OPEN, 1, amount=5, verb=OVER),
    "a replacement of a resolution": entry("release", PAID, 1, hold=PAID_HOLD, verb=OVER),
    "a replacement of a charge": entry("charge", PAID, 2, hold=SECOND_HOLD, verb=OVER),
    "a replacement of a change by its id": CHANGE.replace("INSERT", OVER).format(1, 8),
    "a replacement of an interaction's change": CHANGE.replace("INSERT", OVER).format(2, 7),
    "a replacement by an update": "UPDATE OR REPLACE billing SET id = 1 WHERE id = 3",
}

# On PostgreSQL, TRUNCATE fires no trigger of a row.
EMPTYING = {
    "a truncation of the ledger": "TRUNCATE billing CASCADE",
    "a truncation of the pins": "TRUNCATE billing_buckets",
    "a truncation of the jobs": "TRUNCATE jobs CASCADE",
    "a truncation of the audit trail": "TRUNCATE changes",
}


@pytest.fixture
async def ledger(
    database: Database, make_job: Callable[[], NewJob], no_limits: Limits
) -> Sequence[Row[Any]]:
    """Fill a ledger: an open hold, a charged one with a second attempt, and a released one.

    Then a grant of 60, of which 50 are held for a fourth job and 10 are taken back.
    """

    async def hold(
        tx: AsyncConnection, job_id: str, attempt: int, limits: Limits = no_limits
    ) -> None:
        await billing.hold(
            tx,
            job_id=job_id,
            attempt=attempt,
            guild_id=1,
            user_id=3,
            amount=MicroUSD(80),
            price_version="v",
            limits=limits,
            now_ms=0,
        )

    async def work(tx: AsyncConnection) -> None:
        for _ in range(4):
            await jobs.enqueue(tx, make_job())
        await hold(tx, OPEN, 1)
        await hold(tx, PAID, 1)
        await billing.charge(tx, PAID, 1, now_ms=0)
        await hold(tx, PAID, 2)
        await hold(tx, FREED, 1)
        await billing.release(tx, FREED, 1, now_ms=0, note="")
        grant = await billing.grant(
            tx, guild_id=1, user_id=3, amount=MicroUSD(60), actor="5", note="", now_ms=0
        )
        await hold(tx, GIVEN, 1, replace(no_limits, member_day=MicroUSD(3 * 80 + 30)))
        assert await billing.revoke(tx, grant, actor="5", now_ms=0) == 10
        await tx.execute(text(CHANGE.format(1, 7)))
        await tx.execute(text(LIMIT.format(1, "server", 0, "day", 1)))

    await database.transact(work)
    return await everything(database)


async def everything(database: Database) -> Sequence[Row[Any]]:
    async def work(tx: AsyncConnection) -> Sequence[Row[Any]]:
        rows = list((await tx.execute(text("SELECT * FROM billing ORDER BY id"))).all())
        rows += (await tx.execute(text("SELECT * FROM billing_buckets ORDER BY 1, 2"))).all()
        rows += (await tx.execute(text("SELECT * FROM quota_buckets ORDER BY 1"))).all()
        rows += (await tx.execute(text("SELECT * FROM changes"))).all()
        rows += (await tx.execute(text("SELECT * FROM limits"))).all()
        return rows

    return await database.read(work)


async def test_right_money_by_hand_is_taken(
    database: Database, ledger: Sequence[Row[Any]], subtests: pytest.Subtests
) -> None:
    """The rows below are refused for what is wrong in them: their right neighbours are taken."""

    async def insert_and_undo(tx: AsyncConnection, statement: str) -> None:
        inserted = await tx.execute(text(statement))
        assert inserted.rowcount == 1
        await tx.rollback()

    for what, statement in LEGAL.items():
        with subtests.test(what):
            await database.transact(lambda tx, said=statement: insert_and_undo(tx, said))
    assert await everything(database) == ledger


async def test_wrong_money_is_refused_by_the_database(
    database: Database, ledger: Sequence[Row[Any]], subtests: pytest.Subtests
) -> None:
    """The engine refuses each statement as a breach of integrity, and nothing has changed."""
    statements = ILLEGAL | (REPLACING if database.dialect == "sqlite" else EMPTYING)
    for what, statement in statements.items():
        with subtests.test(what):
            with pytest.raises(IntegrityError):
                await database.transact(lambda tx, said=statement: tx.execute(text(said)))
            assert await everything(database) == ledger


@only_sqlite
async def test_wrong_money_is_refused_from_a_plain_sqlite_shell(
    database: Database, ledger: Sequence[Row[Any]], subtests: pytest.Subtests
) -> None:
    """The guards lie in the file: no pragma of ours is needed for any of them."""
    assert database.path is not None
    with closing(sqlite3.connect(database.path, isolation_level=None)) as shell:
        for what, statement in (ILLEGAL | REPLACING).items():
            with subtests.test(what), pytest.raises(sqlite3.IntegrityError):
                shell.execute(statement)
    assert await everything(database) == ledger


async def test_words_are_no_amount(database: Database, ledger: Sequence[Row[Any]]) -> None:
    """Columns have strict types on both engines."""
    statement = text(entry("grant", amount="much"))
    with pytest.raises(DBAPIError):
        await database.transact(lambda tx: tx.execute(statement))
    assert await everything(database) == ledger
