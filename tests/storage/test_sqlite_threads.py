"""SQLite's transactions on their threads, without what the other tests have instead."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import key_value, sqlite_threads
from storage.database import Database
from storage.errors import DatabaseUnavailable

pytestmark = pytest.mark.parametrize("template", ["sqlite"], indirect=True)


@pytest.fixture
async def threaded(database_url: str) -> AsyncIterator[Database]:
    async with await Database.open(database_url) as opened:
        yield opened


async def test_a_transaction_is_run_whole_on_one_other_thread(threaded: Database):
    """And one that reads does not wait for one that writes."""
    reading, read_already = threading.get_ident(), threading.Event()

    async def write(tx: AsyncConnection) -> set[int]:
        before = threading.get_ident()
        await key_value.put(tx, "colour", "red")
        assert read_already.wait(60)
        return {before, threading.get_ident()}

    async def read(tx: AsyncConnection) -> str | None:
        found = await key_value.get(tx, "colour")
        read_already.set()
        return found

    threads, seen = await asyncio.gather(threaded.transact(write), threaded.read(read))
    assert len(threads - {reading}) == 1
    assert seen is None


async def test_a_transaction_that_waits_for_anything_else_is_refused(threaded: Database):
    """Nothing of it is kept, and the next one runs."""

    async def work(tx: AsyncConnection) -> None:
        await key_value.put(tx, "colour", "red")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="waits for something other"):
        await threaded.transact(work)
    assert await threaded.read(lambda tx: key_value.get(tx, "colour")) is None
    await threaded.transact(lambda tx: key_value.put(tx, "colour", "blue"))


async def test_rows_may_be_taken_after_the_transaction(threaded: Database):
    """Those of a statement that writes, too: all of it was run, and is committed."""
    insert = text("INSERT INTO notes (key, value) VALUES ('a', '1'), ('b', '2') RETURNING key")
    written = await threaded.transact(lambda tx: tx.execute(insert))
    assert sorted(written.scalars()) == ["a", "b"]
    seen = await threaded.read(lambda tx: tx.execute(text("SELECT key FROM notes")))
    assert {"a", "b"} <= {*seen.scalars()}


async def test_many_rows_are_read_one_by_one(threaded: Database):
    """As much of them as is wanted; the transaction ends all the same."""
    numbers = text(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    )

    async def read(tx: AsyncConnection) -> int:
        async for (number,) in await tx.stream(numbers):
            if number == 1_000:
                return number
        return 0

    assert await threaded.read(read) == 1_000
    assert await threaded.transact(read) == 1_000


async def test_a_command_may_wait_within_its_transactions(threaded: Database):
    """On one snapshot, and in the transaction of the migrations."""

    async def look_twice(tx: AsyncConnection) -> tuple[str | None, str | None]:
        first = await key_value.get(tx, "colour")
        await threaded.transact(lambda other: key_value.put(other, "colour", "red"))
        return first, await key_value.get(tx, "colour")

    assert await threaded.read_while(look_twice) == (None, None)

    async def write(tx: AsyncConnection) -> None:
        await asyncio.sleep(0)
        await key_value.put(tx, "colour", "blue")

    await threaded.migrate_and(write)
    assert await threaded.read(lambda tx: key_value.get(tx, "colour")) == "blue"


async def test_who_would_wait_too_long_for_a_turn_is_told_of_an_outage(
    threaded: Database, monkeypatch: pytest.MonkeyPatch
):
    """As with a pool whose connections are all in use."""
    monkeypatch.setattr(sqlite_threads, "_LONGEST_WAIT_S", -1)
    with pytest.raises(DatabaseUnavailable, match="waits for a connection"):
        await threaded.transact(lambda tx: key_value.put(tx, "colour", "red"))


async def test_an_open_transaction_is_ended_before_the_database_is_closed(database_url: str):
    """It commits; closing twice does nothing more."""
    begun = threading.Event()

    async def work(tx: AsyncConnection) -> None:
        begun.set()
        await key_value.put(tx, "colour", "red")

    database = await Database.open(database_url)
    writing = asyncio.create_task(database.transact(work))
    assert await asyncio.to_thread(begun.wait, 60)
    await database.close()
    await writing
    await database.close()
    async with await Database.open(database_url) as again:
        assert await again.read(lambda tx: key_value.get(tx, "colour")) == "red"
