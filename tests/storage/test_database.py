import asyncio
import sqlite3
import sys
import time
from contextlib import closing
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.shards import ShardLease
from storage import database as database_module
from storage import key_value, pending_interactions, service_tables, shards
from storage.database import Database
from storage.errors import DatabaseInUse, DatabaseUnavailable, StorageError
from storage.pending_interactions import PendingRow

only_sqlite = pytest.mark.parametrize("template", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("template", ["postgresql"], indirect=True)
ROOT = Path(__file__).parents[2]
SLOW = """
WITH RECURSIVE counted(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM counted WHERE x < 10000)
SELECT count(*) FROM counted
"""


async def put(database: Database, key: str, value: str) -> None:
    await database.transact(lambda tx: key_value.put(tx, key, value))


async def get(database: Database, key: str) -> str | None:
    return await database.read(lambda tx: key_value.get(tx, key))


async def test_work_commits_at_its_end_and_gives_its_result(database: Database) -> None:
    """What the work returns comes back, and what it wrote can be read."""

    async def work(tx: AsyncConnection) -> int:
        await key_value.put(tx, "colour", "red")
        return 7

    assert await database.transact(work) == 7
    assert await get(database, "colour") == "red"


async def test_work_that_fails_leaves_nothing(database: Database) -> None:
    """An error ends the transaction and everything it wrote is gone."""

    async def work(tx: AsyncConnection) -> None:
        await key_value.put(tx, "colour", "red")
        raise LookupError

    with pytest.raises(LookupError):
        await database.transact(work)
    assert await get(database, "colour") is None


async def test_no_update_is_lost_among_thirty_at_once(database: Database) -> None:
    """Thirty concurrent read-then-write additions to one locked row are all kept."""
    await put(database, "sum", "0")

    async def work(tx: AsyncConnection) -> None:
        await tx.execute(text("UPDATE belt SET id = id"))
        before = int(await key_value.get(tx, "sum") or 0)
        await key_value.put(tx, "sum", str(before + 1))

    await asyncio.gather(*(database.transact(work) for _ in range(30)))
    assert await get(database, "sum") == "30"


@only_sqlite
async def test_sqlite_keeps_every_read_then_write_without_any_lock_by_hand(
    database_url: str,
) -> None:
    """A transaction owns the file from its beginning, so what it read stays true."""

    async def work(tx: AsyncConnection) -> None:
        before = int(await key_value.get(tx, "sum") or 0)
        time.sleep(0.001)  # noqa: ASYNC251 - it runs on a thread
        await key_value.put(tx, "sum", str(before + 1))

    async with await Database.open(database_url) as database:
        await asyncio.gather(*(database.transact(work) for _ in range(30)))
        assert await get(database, "sum") == "30"


@only_sqlite
async def test_no_other_writer_gets_between_a_reading_and_a_writing(database: Database) -> None:
    """A transaction that has only read so far keeps even a SQLite shell from writing."""
    assert database.path is not None
    with closing(sqlite3.connect(database.path, timeout=0, isolation_level=None)) as shell:

        async def work(tx: AsyncConnection) -> None:
            await key_value.get(tx, "colour")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                shell.execute("UPDATE belt SET id = id")

        await database.transact(work)
        shell.execute("UPDATE belt SET id = id")


async def test_whoever_is_cancelled_in_a_transaction_waits_for_its_end(database: Database) -> None:
    """Wherever it is cut off, even twice, it is whole, and the next writer finds no lock."""
    kept: list[BaseException | None] = []
    for number in range(40):

        async def work(tx: AsyncConnection, value: str = str(number)) -> None:
            await key_value.put(tx, "left", value)
            await tx.scalar(text(SLOW))
            await key_value.put(tx, "right", value)

        task = asyncio.create_task(database.transact(work))
        await asyncio.sleep(0.0005 * number)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        # A traceback that somebody keeps holds the driver's open statements, and they its lock.
        kept += await asyncio.gather(task, return_exceptions=True)
        assert await get(database, "left") == await get(database, "right")
        await put(database, "round", str(number))
    assert {type(each) for each in kept} <= {type(None), asyncio.CancelledError}
    assert await get(database, "round") == "39"


@only_postgresql
async def test_work_that_hangs_in_a_transaction_is_ended_for_who_is_cancelled(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is rolled back after a time, and the connection is free again."""
    monkeypatch.setattr(database_module, "_CANCEL_TIMEOUT_S", 0.01)
    for number in range(25):
        inside = asyncio.Event()

        async def work(tx: AsyncConnection, inside: asyncio.Event = inside) -> None:
            await key_value.put(tx, "colour", "red")
            inside.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(database.transact(work))
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await put(database, "round", str(number))
    assert await get(database, "colour") is None
    assert await get(database, "round") == "24"


async def test_nothing_can_be_written_through_a_reader(database: Database) -> None:
    """The engine itself refuses a write in `read`."""
    with pytest.raises(DatabaseUnavailable, match="read-only"):
        await database.read(lambda tx: key_value.put(tx, "colour", "red"))


async def test_a_reader_sees_one_moment(database: Database) -> None:
    """What others commit while a reader reads does not show in it."""
    await put(database, "colour", "red")

    async def look_twice(tx: AsyncConnection) -> tuple[str | None, str | None]:
        first = await key_value.get(tx, "colour")
        if database.path is None:
            await put(database, "colour", "blue")
        else:
            with closing(sqlite3.connect(database.path, isolation_level=None)) as shell:
                shell.execute("UPDATE notes SET value = 'blue' WHERE key = 'colour'")
        return first, await key_value.get(tx, "colour")

    assert await database.read(look_twice) == ("red", "red")
    assert await get(database, "colour") == "blue"


@only_postgresql
async def test_a_deadlock_is_done_again(database: Database) -> None:
    """Of two transactions that wait for each other, PostgreSQL ends one; both get done."""
    await put(database, "a", "")
    await put(database, "b", "")
    both_hold_one = asyncio.Barrier(2)
    calls: list[str] = []

    async def work(tx: AsyncConnection, first: str, second: str) -> None:
        calls.append(first)
        await key_value.put(tx, first, first)
        if len(calls) <= 2:
            await both_hold_one.wait()
        await key_value.put(tx, second, first)

    await asyncio.gather(
        database.transact(lambda tx: work(tx, "a", "b")),
        database.transact(lambda tx: work(tx, "b", "a")),
    )
    assert sorted(calls) in (["a", "a", "b"], ["a", "b", "b"])
    assert await get(database, "a") == await get(database, "b")


@only_postgresql
async def test_a_connection_that_the_server_ended_is_replaced(database: Database) -> None:
    """After a restart of the server or a lost line, the next work finds a new connection."""
    await put(database, "colour", "red")
    lost = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    async def end_the_others(tx: AsyncConnection) -> int:
        await get(database, "colour")
        return len((await tx.execute(text(lost))).all())

    assert await database.transact(end_the_others) == 1
    assert await asyncio.gather(get(database, "colour"), get(database, "colour")) == ["red", "red"]


@only_postgresql
async def test_collisions_without_end_are_given_up(database: Database) -> None:
    """After eight tries the error comes out."""
    calls: list[int] = []

    async def work(tx: AsyncConnection) -> None:
        calls.append(1)
        await tx.execute(
            text("DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'serialization_failure'; END $$")
        )

    with pytest.raises(DBAPIError):
        await database.transact(work)
    assert len(calls) == 8


async def test_an_error_of_the_work_is_not_done_again(database: Database) -> None:
    """Only collisions are tried again."""
    calls: list[int] = []

    async def work(tx: AsyncConnection) -> None:
        calls.append(1)
        await tx.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DBAPIError):
        await database.transact(work)
    assert len(calls) == 1


async def test_a_ping_is_answered(database: Database) -> None:
    """`ping` returns when the database answers."""
    await database.ping()


async def test_a_ping_to_nobody_fails(tmp_path: Path) -> None:
    """`ping` says in words that no engine is there."""
    async with await Database.open(f"postgresql://postgres@/x?host={tmp_path}") as nobody:
        with pytest.raises(StorageError, match=r"does not answer: .*No such file"):
            await nobody.ping()


@only_postgresql
async def test_a_ping_to_another_database_fails(database_url: str) -> None:
    """`ping` says in words that the server has no such database."""
    url = make_url(database_url).set(database="nothing").render_as_string(hide_password=False)
    async with await Database.open(url) as nobody:
        with pytest.raises(StorageError, match=r'does not answer: .*"nothing" does not exist'):
            await nobody.ping()


async def test_a_ping_to_a_file_that_is_no_database_fails(tmp_path: Path) -> None:
    """`ping` really reads the file."""
    path = tmp_path / "x.db"
    path.write_text("this was never a database " * 99)
    async with await Database.open(f"sqlite:///{path}", read_only=True) as nothing:
        with pytest.raises(StorageError, match="not a database"):
            await nothing.ping()


async def test_the_engine_is_named(database: Database, database_url: str) -> None:
    """`dialect` is the scheme's name."""
    assert database.dialect == database_url.partition(":")[0]


@only_postgresql
async def test_the_short_scheme_and_sslmode_are_understood(database_url: str) -> None:
    """`postgres://` is PostgreSQL, and libpq's `sslmode` reaches the driver."""
    url = database_url.replace("postgresql://", "postgres://")
    async with await Database.open(f"{url}&sslmode=disable") as database:
        await database.ping()
        assert database.dialect == "postgresql"


async def test_a_relative_sqlite_address_makes_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three slashes are a path below the working directory; missing folders are made."""
    monkeypatch.chdir(tmp_path)
    async with await Database.open("sqlite:///data/é %23%3F%25/x.db") as database:
        await database.migrate()
    path = tmp_path / "data/é #?%/x.db"
    assert database.path == path
    assert path.is_file()


@only_sqlite
async def test_a_second_writer_of_one_file_is_refused_by_name(
    database: Database, database_url: str
) -> None:
    """Who comes second is told which file is in use; after the first closes, it may."""
    with pytest.raises(DatabaseInUse, match=str(database.path)):
        await Database.open(database_url)
    await database.close()
    async with await Database.open(database_url) as second:
        await second.ping()


HOLDER = """
import asyncio, sys, time
from domain.shards import ShardLease
from storage import database as database_module
from storage import key_value
from storage.database import Database

async def write_and_wait(tx):
    for number in range(2_000):
        await key_value.put(tx, f"n{number}", "x" * 2_000)
    await key_value.put(tx, "colour", "blue")
    print("ready", flush=True)
    time.sleep(3_600)

async def main():
    database = await Database.open(sys.argv[1])
    await database.transact(lambda tx: key_value.put(tx, "colour", "red"))
    await database.transact(write_and_wait)

asyncio.run(main())
"""


@only_sqlite
async def test_a_process_killed_in_a_transaction_leaves_a_whole_file(database_url: str) -> None:
    """While it lives its file is taken; after SIGKILL it is free, and has all commits and no more.

    The open transaction is larger than SQLite's cache, so that much of it is in the log already.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, database_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await asyncio.wait_for(process.stdout.readline(), 120) == b"ready\n"
    with pytest.raises(DatabaseInUse):
        await Database.open(database_url)
    async with await Database.open(database_url, read_only=True) as reader:
        assert await get(reader, "colour") == "red"
    process.kill()
    await process.wait()
    await _read_what_was_left(database_url)
    async with await Database.open(database_url) as database:
        assert await get(database, "colour") == "red"
        assert await get(database, "n0") is None
        assert await database.read(_integrity) == "ok"


async def _integrity(tx: AsyncConnection) -> object:
    return (await tx.execute(text("PRAGMA integrity_check"))).scalar()


async def _read_what_was_left(database_url: str) -> None:
    path = Path(database_url.removeprefix("sqlite:///"))
    files = [path, path.with_name(f"{path.name}-wal")]
    before = [file.read_bytes() for file in files]
    assert len(before[1]) > 2_000_000, "nothing was cut off, so this test shows nothing"
    async with await Database.open(database_url, read_only=True) as reader:
        assert await get(reader, "colour") == "red"
    assert [file.read_bytes() for file in files] == before


async def test_a_database_opened_for_reading_refuses_work_that_writes(
    database: Database, database_url: str
) -> None:
    """For reading only, there is no writer and no migration, though the service runs."""
    await put(database, "colour", "red")
    async with await Database.open(database_url, read_only=True) as reader:
        assert await get(reader, "colour") == "red"
        with pytest.raises(StorageError, match="reading only"):
            await put(reader, "colour", "blue")
        with pytest.raises(StorageError, match="reading only"):
            await reader.migrate()


async def test_reading_makes_no_file(tmp_path: Path) -> None:
    """A SQLite file that is not there is named, not made."""
    path = tmp_path / "none" / "x.db"
    with pytest.raises(StorageError, match=str(path)):
        await Database.open(f"sqlite:///{path}", read_only=True)
    assert not path.parent.exists()


@only_sqlite
async def test_a_backup_is_whole_while_the_service_writes(
    database: Database, tmp_path: Path
) -> None:
    """The copy shows one moment between two transactions, is sound, and is never written over."""
    begun, enough = asyncio.Event(), asyncio.Event()

    async def write_both(tx: AsyncConnection, value: str) -> None:
        await key_value.put(tx, "a", value)
        await key_value.put(tx, "padding" + value, value * 1_000)
        await key_value.put(tx, "z", value)

    async def keep_writing() -> None:
        for number in count():
            await database.transact(lambda tx, value=str(number): write_both(tx, value))
            begun.set()
            if enough.is_set():
                return

    writing = asyncio.create_task(keep_writing())
    await begun.wait()
    for copy in (tmp_path / f"copy-{number}.db" for number in range(3)):
        await database.backup(copy)
        async with await Database.open(f"sqlite:///{copy}") as restored:
            await restored.migrate()
            assert await restored.read(_integrity) == "ok"
            value = await get(restored, "a")
            assert value is not None
            assert await get(restored, "z") == value
    enough.set()
    await writing
    with pytest.raises(StorageError, match=r"copy-2\.db"):
        await database.backup(tmp_path / "copy-2.db")


@only_sqlite
async def test_a_backup_has_nothing_of_what_is_kept_for_minutes(
    database: Database, tmp_path: Path
) -> None:
    """Neither as a row nor as bytes that were one: tokens of interactions are among it."""
    secret = f"token of an interaction {uuid4().hex}"
    row = PendingRow(kind="k", key="1", user_id=1, payload=secret * 200, until_ms=9)
    await database.transact(lambda tx: pending_interactions.put(tx, row))
    await database.transact(lambda tx: key_value.put(tx, "a", "kept"))
    await database.backup(tmp_path / "copy.db")
    assert secret.encode() not in (tmp_path / "copy.db").read_bytes()
    async with await Database.open(f"sqlite:///{tmp_path / 'copy.db'}") as restored:
        assert await restored.read(_integrity) == "ok"
        assert await get(restored, "a") == "kept"


@only_sqlite
async def test_a_backup_has_nothing_of_the_processes_that_live(
    database: Database, tmp_path: Path
) -> None:
    """A process of a restored copy would wait for their leases; the number of shards stays."""
    resume_url = f"wss://{uuid4().hex}.example"

    async def hold_shards(tx: AsyncConnection) -> None:
        await shards.create(tx, 3)
        session = {"session_id": "s", "resume_url": resume_url, "sequence": 1}
        await tx.execute(update(service_tables.shards).values(owner="p", until_ms=9, **session))

    await database.transact(hold_shards)
    await database.backup(tmp_path / "copy.db")
    assert resume_url.encode() not in (tmp_path / "copy.db").read_bytes()
    async with await Database.open(f"sqlite:///{tmp_path / 'copy.db'}") as restored:
        leases = await restored.read(shards.list_leases)
    assert leases == [ShardLease(shard_id=number) for number in range(3)]


@only_postgresql
async def test_postgresql_has_its_own_tool_for_backups(database: Database, tmp_path: Path) -> None:
    """The error names it."""
    with pytest.raises(StorageError, match="pg_dump"):
        await database.backup(tmp_path / "copy.db")


@only_sqlite
async def test_money_is_safe_from_a_loss_of_power(database: Database) -> None:
    """The writing connection syncs each commit, logs ahead, and minds keys and triggers."""
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "recursive_triggers": 1,
    }

    async def pragmas(tx: AsyncConnection) -> dict[str, object]:
        return {name: (await tx.execute(text(f"PRAGMA {name}"))).scalar() for name in wanted}

    assert await database.transact(pragmas) == wanted


@only_sqlite
async def test_a_file_that_was_closed_is_whole_by_itself(database_url: str):
    """A copy made then has everything: the log beside it is folded in and gone."""
    async with await Database.open(database_url) as database:
        await database.migrate()
        await database.transact(lambda tx: key_value.put(tx, "colour", "red"))
        assert await database.read(lambda tx: key_value.get(tx, "colour")) == "red"
        assert database.path is not None
        log = database.path.with_name(f"{database.path.name}-wal")
        assert log.exists()
    assert not log.exists()
