"""Moving everything from one engine to the other, as an operator does."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.__main__ import main
from domain.jobs import JobState
from domain.money import MicroUSD
from storage import billing, jobs, service_tables, transfer
from storage.audit import run_audit
from storage.database import Database
from storage.engines import LockFile
from storage.schema import metadata
from tests.bot.cli.test_members import NEW, Place
from tests.conftest import PostgresqlTemplate, SqliteTemplate
from tests.harness.forked_bot import BOT_COMMAND, fork_bot
from tests.harness.schema import migrate_to


@pytest.fixture
async def places(
    sqlite_template: SqliteTemplate, postgresql_template: PostgresqlTemplate, tmp_path: Path
) -> AsyncIterator[tuple[Place, str, str]]:
    """Fill a SQLite database; give it, and addresses of empty ones on both engines."""
    filled = Place(await sqlite_template.make(tmp_path, empty=False), tmp_path)
    await filled.fill()
    await _live(filled.url)
    await _serve(filled.url)
    empty = await postgresql_template.make(tmp_path, empty=True)
    yield filled, empty, f"sqlite:///{tmp_path}/back.db"
    await postgresql_template.drop(empty)


async def _live(url: str) -> None:
    """Have a job that ended, and a grant."""
    async with await Database.open(url) as database:

        async def end(tx: AsyncConnection) -> None:
            job = await jobs.get(tx, NEW.id)
            assert job is not None
            now_ms = NEW.created_at_ms + 1
            await jobs.transition(tx, job, JobState.CANCELLED, now_ms=now_ms)
            await billing.release(tx, NEW.id, 1, now_ms=now_ms, note="")

        await database.transact(end)
        await database.transact(
            lambda tx: billing.grant(
                tx,
                guild_id=10,
                user_id=3,
                amount=MicroUSD(5),
                actor="4",
                note="é 🎬",
                now_ms=9,
            )
        )


async def _serve(url: str) -> None:
    """Have a process hold three shards, whose sessions go on."""
    lease = {"owner": "there:1:a", "until_ms": 1, "session_id": "s", "resume_url": "u"}
    process = {"id": "there:1:a", "host": "there", "pid": 1, "version": "0", "role": "all"}
    times = {"room": 9, "started_at_ms": 1, "seen_at_ms": 1}
    async with await Database.open(url) as database:

        async def hold(tx: AsyncConnection) -> None:
            await tx.execute(insert(service_tables.processes).values(**process, **times))
            held = [{"shard_id": number, "sequence": 1, **lease} for number in range(3)]
            await tx.execute(insert(service_tables.shards), held)
            await tx.execute(insert(service_tables.identify_slots).values(bucket=0, next_ms=1))

        await database.transact(hold)


async def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Read every row of every table."""
    async with await Database.open(url, read_only=True) as database:
        return {
            table.name: [
                tuple(row)
                for row in await database.read(
                    lambda tx, t=table: tx.execute(select(t).order_by(*t.primary_key))
                )
            ]
            for table in metadata.sorted_tables
        }


def run(url: str, *arguments: str) -> Result:
    """Run a command on a database."""
    return CliRunner().invoke(main, arguments, env={"DATABASE_URL": url, "MEDIA_STORE": "media"})


def test_everything_is_moved_there_and_back(places: tuple[Place, str, str]) -> None:
    """Every row as it was, the sums of days too; the next ledger row gets the next number."""
    filled, postgresql, back = places
    there = run(filled.url, "move", postgresql)
    assert there.exit_code == 0, there.output
    assert "the audit are the same on both sides" in there.output
    assert "Next: set DATABASE_URL" in there.output
    assert postgresql not in there.output
    assert run(postgresql, "move", back).exit_code == 0
    expected = asyncio.run(rows(filled.url))
    assert [len(expected.pop(name)) for name in ("processes", "identify_slots")] == [1, 1]
    assert len(expected.pop("shards")) == 3
    for moved in (asyncio.run(rows(postgresql)), asyncio.run(rows(back))):
        assert (moved.pop("processes"), moved.pop("identify_slots")) == ([], [])
        assert moved.pop("shards") == [(n, None, 0, 0, None, None, None, None) for n in range(3)]
        assert moved == expected
    assert len(expected["billing"]) == 4
    assert expected["daily_sums"] != []
    for url in (postgresql, back):
        asyncio.run(_goes_on(url))


async def _goes_on(url: str) -> None:
    """Write one more row of the ledger: its number is free, and the guards are in place."""
    async with await Database.open(url) as database:
        granted = await database.transact(
            lambda tx: billing.grant(
                tx, guild_id=10, user_id=3, amount=MicroUSD(5), actor="4", note="", now_ms=9
            )
        )
        assert granted == 5
        assert (await database.read(run_audit)).ok
        with pytest.raises(Exception, match="append-only"):
            await database.transact(lambda tx: tx.execute(text("DELETE FROM billing")))


def test_a_target_that_is_not_empty_is_refused(places: tuple[Place, str, str]) -> None:
    """Also the same database, and one that holds one job."""
    filled, postgresql, _ = places
    assert run(filled.url, "move", postgresql).exit_code == 0
    again = run(filled.url, "move", postgresql)
    assert (again.exit_code, "The target is not empty" in again.output) == (1, True)
    same = run(filled.url, "move", filled.url)
    assert (same.exit_code, "in use by another process" in same.output) == (1, True)


def test_a_running_service_is_refused(places: tuple[Place, str, str]) -> None:
    """On SQLite by its lock; on PostgreSQL by its sessions."""
    filled, postgresql, back = places
    lock = LockFile(Path(filled.url.removeprefix("sqlite:///")))
    found = run(filled.url, "move", postgresql)
    lock.release()
    assert (found.exit_code, "in use by another process" in found.output) == (1, True)
    assert run(filled.url, "move", postgresql).exit_code == 0

    async def move_beside_a_service() -> Result:
        async with await Database.open(postgresql) as service:
            await service.ping()
            return await asyncio.to_thread(run, postgresql, "move", back)

    found = asyncio.run(move_beside_a_service())
    assert (found.exit_code, "stop it first" in found.output) == (1, True), found.output


async def test_what_is_killed_leaves_nothing(
    places: tuple[Place, str, str], tmp_path: Path
) -> None:
    """Neither rows nor tables; afterwards it works, and the source is as it was."""
    filled, postgresql, back = places
    before = await rows(filled.url)
    for target in (postgresql, back):
        environment = {"DATABASE_URL": filled.url}
        out = tmp_path / "out"
        killed = await fork_bot(
            [*BOT_COMMAND, "move", target], environment, out, out, prepare=die_near_the_end
        )
        assert await killed.wait() == -signal.SIGKILL
        assert await _tables(target) is None
        assert await rows(filled.url) == before
        moved = await asyncio.to_thread(run, filled.url, "move", target)
        assert moved.exit_code == 0, moved.output


def die_near_the_end() -> None:
    """Have a fork killed when every row is written."""

    async def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    transfer._enable_triggers = die  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]


async def _tables(url: str) -> str | None:
    async with await Database.open(url, read_only=True) as database:
        return await database.read_schema()


def test_a_difference_is_noticed(
    places: tuple[Place, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as triggers that add up the sums again; nothing stays of it."""
    filled, postgresql, _ = places

    async def leave(_: object) -> list[tuple[str, str]]:
        return []

    monkeypatch.setattr(transfer, "_disable_triggers", leave)
    found = run(filled.url, "move", postgresql)
    assert found.exit_code == 1
    assert asyncio.run(_tables(postgresql)) is None


@pytest.mark.parametrize(
    ("to_url", "words"),
    [
        ("mysql://x", "DATABASE_URL"),
        ("postgresql://u:sesame@127.0.0.1:1/x", "does not answer"),
    ],
)
def test_what_is_no_database_is_said_in_words(
    places: tuple[Place, str, str], to_url: str, words: str
) -> None:
    """Without the password."""
    found = run(places[0].url, "move", to_url)
    assert found.exit_code == 1
    assert "sesame" not in found.output
    assert "Traceback" not in found.output


def test_an_older_schema_is_migrated_first(places: tuple[Place, str, str], tmp_path: Path) -> None:
    """It is said how."""
    old = f"sqlite:///{tmp_path}/old.db"
    asyncio.run(migrate_to(old, "0006"))
    found = run(old, "move", places[1])
    assert (found.exit_code, "python -m bot migrate" in found.output) == (1, True), found.output
    missing = run(f"sqlite:///{tmp_path}/none.db", "move", places[1])
    assert "There is no database at" in missing.output
    assert not (tmp_path / "none.db").exists()
