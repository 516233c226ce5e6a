"""What an outage of the database is, how it is said, and that work goes on after it."""

import asyncio
import os
import signal
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import database as database_module
from storage import engines, key_value
from storage.database import Database
from storage.database_errors import describe_outage
from storage.errors import DatabaseUnavailable, StorageError

only_sqlite = pytest.mark.parametrize("template", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("template", ["postgresql"], indirect=True)


class Refusal(Exception):
    """An error of a driver, with its code."""

    def __init__(self, **codes: object) -> None:
        vars(self).update(codes)


def told(**codes: object) -> str | None:
    refusal = Refusal(**codes)
    return describe_outage(DBAPIError("SELECT", {}, refusal))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (sqlite3.SQLITE_BUSY, "Another program keeps the database locked."),
        (sqlite3.SQLITE_READONLY_DBMOVED, "The database is read-only."),
        (sqlite3.SQLITE_IOERR_WRITE, "The disk of the database cannot be read or written."),
        (sqlite3.SQLITE_FULL, "The disk of the database is full."),
        (sqlite3.SQLITE_CANTOPEN, "The file of the database cannot be opened."),
        (sqlite3.SQLITE_CORRUPT, "The file of the database is damaged."),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, None),
        (sqlite3.SQLITE_ERROR, None),
    ],
)
def test_each_outage_of_a_file_has_its_sentence(code: int, said: str | None):
    """Also where the code is a detailed one; a fault of the work is none."""
    assert told(sqlite_errorcode=code) == said


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("08006", "The database cannot be reached."),
        ("25006", "The database is read-only."),
        ("28P01", "The database does not let the service in."),
        ("53100", "The disk of the database is full."),
        ("53300", "The database has no memory or connections left."),
        ("57P03", "The database is being stopped or started."),
        ("40001", None),
        ("23505", None),
        ("57014", None),
    ],
)
def test_each_outage_of_a_server_has_its_sentence(state: str, said: str | None):
    """The longest beginning that fits decides; a fault of the work is none."""
    assert told(sqlstate=state) == said


def test_a_server_that_is_not_there_and_one_that_is_overrun_are_outages():
    """No address and no words of the driver's are in what is said."""
    refused = ConnectionRefusedError("postgresql://dailies:canary@db")
    assert describe_outage(refused) == "The database cannot be reached."
    assert "waits for a connection" in (describe_outage(NoConnectionFree()) or "")
    lost = DBAPIError("SELECT", {}, Refusal(), connection_invalidated=True)
    assert describe_outage(lost) == "The database cannot be reached."
    assert describe_outage(IntegrityError("INSERT", {}, Refusal())) is None


@only_sqlite
async def test_a_lock_beyond_patience_is_told_and_passes(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    """As `trouble`, too, until a transaction gets through; reading goes on all the time."""
    impatient = (*engines._WRITER_PRAGMAS, "busy_timeout = 20")
    monkeypatch.setattr(engines, "_WRITER_PRAGMAS", impatient)
    async with await Database.open(database_url) as database:
        assert database.path is not None
        with closing(sqlite3.connect(database.path, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            with pytest.raises(DatabaseUnavailable, match="locked"):
                await database.transact(lambda tx: key_value.put(tx, "colour", "red"))
            assert database.outage_reason == "Another program keeps the database locked."
            assert await database.read(lambda tx: key_value.get(tx, "colour")) is None
        await database.transact(lambda tx: key_value.put(tx, "colour", "blue"))
        assert database.outage_reason is None
        assert await database.read(lambda tx: key_value.get(tx, "colour")) == "blue"


@only_postgresql
async def test_while_it_is_out_of_order_one_tries_and_the_others_hear_at_once(database: Database):
    """So transactions do not queue, each waiting for the same lock."""
    inside, may_end = asyncio.Event(), asyncio.Event()

    async def slow(tx: AsyncConnection) -> None:
        await key_value.put(tx, "colour", "red")
        inside.set()
        await may_end.wait()

    trying = asyncio.create_task(database.transact(slow))
    await inside.wait()
    database.outage_reason = "The disk of the database is full."
    with pytest.raises(DatabaseUnavailable, match="full"):
        await database.transact(lambda tx: key_value.put(tx, "colour", "blue"))
    may_end.set()
    await trying
    assert database.outage_reason is None
    await database.transact(lambda tx: key_value.put(tx, "colour", "blue"))


@only_sqlite
async def test_a_file_that_could_not_be_written_is_opened_anew(database: Database):
    """A connection that was opened meanwhile can never write, however long it is kept."""
    await database.transact(lambda tx: tx.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        await database.transact(lambda tx: key_value.put(tx, "colour", "red"))
    await database.transact(lambda tx: key_value.put(tx, "colour", "blue"))
    assert await database.read(lambda tx: key_value.get(tx, "colour")) == "blue"


def test_a_server_that_says_nothing_is_told_in_words():
    """A time-out of the driver has none of its own."""
    with pytest.raises(StorageError, match=r"no answer in time\."), database_module._reachable():
        raise TimeoutError


@only_postgresql
async def test_a_server_that_hangs_is_given_up_and_its_connection_with_it(
    database_url: str, monkeypatch: pytest.MonkeyPatch
):
    """Nothing is closed and nothing answered, as with a host that is gone from the network."""
    monkeypatch.setattr(engines, "_COMMAND_SECONDS", 2)
    stopped = list[int]()

    async def hang(tx: AsyncConnection) -> None:
        await key_value.put(tx, "colour", "red")
        pid = (await tx.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        stopped.append(pid)
        os.kill(pid, signal.SIGSTOP)
        await key_value.get(tx, "colour")

    async with await Database.open(database_url) as database:
        try:
            with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
                await database.transact(hang)
            assert database.outage_reason == "The database cannot be reached."
            assert await database.read(lambda tx: key_value.get(tx, "colour")) is None
            await database.transact(lambda tx: key_value.put(tx, "size", "large"))
            assert database.outage_reason is None
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
