import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.requests import dump_request
from domain.servers import BY_MIGRATION, Server
from storage import billing, migrate, migrations, servers
from storage.database import Database
from storage.errors import SchemaTooNew, SchemaTooOld
from storage.jobs import NewJob
from storage.schema import metadata

only_sqlite = pytest.mark.parametrize("template", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("template", ["postgresql"], indirect=True)


async def test_the_migrations_build_what_the_tables_say(database: Database) -> None:
    """Alembic finds nothing to change between the migrated schema and the metadata."""

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    assert await database.read(lambda tx: tx.run_sync(differences)) == []


async def test_the_migrations_build_every_check_and_condition(
    database: Database, empty_database_url: str
) -> None:
    """Alembic does not compare checks and partial indexes, so they are read back and compared."""

    def described(connection: Connection) -> dict[str, object]:
        inspector = inspect(connection)
        return {
            table: (
                sorted(map(str, inspector.get_check_constraints(table))),
                sorted(map(_written, inspector.get_indexes(table))),
                sorted(map(str, inspector.get_foreign_keys(table))),
                str(inspector.get_table_options(table)),
            )
            for table in metadata.tables
        }

    async with await Database.open(empty_database_url) as plain:
        await plain.transact(lambda tx: tx.run_sync(metadata.create_all))
        wanted = await plain.read(lambda tx: tx.run_sync(described))
    assert await database.read(lambda tx: tx.run_sync(described)) == wanted


def _written(index: ReflectedIndex) -> str:
    options = {name: str(value) for name, value in index.pop("dialect_options", {}).items()}
    return f"{index} {options}"


async def test_an_empty_database_gets_to_the_newest_schema_and_stays_there(
    empty_database_url: str,
) -> None:
    """The first migration makes every table; a second one changes no row and no table."""

    async def rows(tx: AsyncConnection) -> list[object]:
        tables = await tx.run_sync(lambda sync: inspect(sync).get_table_names())
        assert set(tables) == {*metadata.tables, "alembic_version"}
        return [(await tx.execute(text(f'SELECT * FROM "{table}"'))).all() for table in tables]  # noqa: S608 - our own names

    async with await Database.open(empty_database_url) as database:
        await database.migrate()
        once = await database.read(rows)
        await database.migrate()
        assert await database.read(rows) == once


@only_postgresql
async def test_processes_that_start_together_migrate_once(empty_database_url: str) -> None:
    """Three processes at an empty database all find it migrated and none fails."""
    openings = (Database.open(empty_database_url) for _ in range(3))
    databases = await asyncio.gather(*openings)
    await asyncio.gather(*(database.migrate() for database in databases))
    await asyncio.gather(*(database.close() for database in databases))


@only_postgresql
async def test_a_migration_goes_on_after_a_deadlock(empty_database_url: str) -> None:
    """Older processes lock the same tables while they work; the migration is then run again."""
    blocked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND database IS NOT NULL")

    async def find_deadlocks_soon(tx: AsyncConnection) -> None:
        name = (await tx.execute(text("SELECT current_database()"))).scalar_one()
        await tx.execute(text(f"ALTER DATABASE {name} SET deadlock_timeout = 500"))

    async with await Database.open(empty_database_url) as older:
        await older.transact(lambda tx: tx.run_sync(_migrate_to, "0004"))
        await older.transact(find_deadlocks_soon)
        async with await Database.open(empty_database_url) as newer:

            async def work(tx: AsyncConnection) -> asyncio.Task[None]:
                await tx.execute(text("SET LOCAL deadlock_timeout = '60s'"))
                await tx.execute(text("LOCK TABLE jobs IN ROW EXCLUSIVE MODE"))
                migrating = asyncio.create_task(newer.migrate())
                while not (await tx.execute(blocked)).scalar_one():
                    await asyncio.sleep(0.01)
                lock = text("SELECT pg_advisory_xact_lock(:lock)")
                await tx.execute(lock, {"lock": migrate._LOCK})
                return migrating

            await (await older.transact(work))
            await newer.ping()


async def test_a_ledger_from_before_grants_is_carried_over(
    empty_database_url: str, make_job: Callable[..., NewJob]
) -> None:
    """Every row, pin and guard is there, no reference is broken, and life goes on."""
    async with await Database.open(empty_database_url) as database:
        await database.transact(lambda tx: tx.run_sync(_migrate_to, "0002"))
        new = make_job()
        await database.transact(lambda tx: _live_before_grants(tx, new))
        before = [row async for row in _rows(database)]
        await database.migrate()
        assert [row async for row in _rows(database)] == before
        if database.dialect == "sqlite":
            broken = await database.read(lambda tx: tx.execute(text("PRAGMA foreign_key_check")))
            assert broken.all() == []
        with pytest.raises(IntegrityError, match="append-only"):
            await database.transact(lambda tx: tx.execute(text("DELETE FROM billing_buckets")))
        with pytest.raises(IntegrityError, match="append-only"):
            await database.transact(lambda tx: tx.execute(text("UPDATE billing SET note = 'x'")))
        await database.transact(lambda tx: billing.charge(tx, new.id, 1, now_ms=9))
        kinds = [
            row.kind for row in await database.read(lambda tx: billing.list_entries(tx, new.id))
        ]
        assert kinds == ["hold", "charge"]


async def test_what_was_released_without_an_answer_is_booked_to_the_operator(
    empty_database_url: str, make_job: Callable[..., NewJob]
) -> None:
    """As it is since then when the hold on a lost submission ends; other jobs book nothing."""
    async with await Database.open(empty_database_url) as database:
        await database.transact(lambda tx: tx.run_sync(_migrate_to, "0003"))
        new = make_job()
        await database.transact(lambda tx: _live_before_grants(tx, new))
        await database.transact(_lose_the_answer)
        await database.migrate()
        rows = await database.read(lambda tx: billing.list_entries(tx, new.id))
        assert [(row.kind, row.account, row.amount) for row in rows] == [
            ("hold", "member", 80),
            ("release", "member", 80),
            ("adjust", "operator", 80),
        ]
        assert rows[-1].created_at_ms == rows[1].created_at_ms == 7


async def test_servers_that_have_jobs_already_stay_admitted(
    empty_database_url: str, make_job: Callable[..., NewJob]
) -> None:
    """Since their first job; no other server is."""
    async with await Database.open(empty_database_url) as database:
        await database.transact(lambda tx: tx.run_sync(_migrate_to, "0005"))
        await database.transact(lambda tx: _live_before_grants(tx, make_job()))
        await database.migrate()
        (server,) = await database.read(servers.list_all)
    assert server == Server(guild_id=1, admitted_at_ms=5, admitted_by=BY_MIGRATION)


def _migrate_to(connection: Connection, revision: str) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    command.upgrade(config, revision)


async def _live_before_grants(tx: AsyncConnection, new: NewJob) -> None:
    """Add a job and hold its price as it was done then."""
    job = (
        "INSERT INTO jobs (id, interaction_id, guild_id, channel_id, user_id, state, fence, "
        "request, model, mode, resolution, seconds, price_micro, price_version, attempt, "
        "submissions, failures, turns, due_at_ms, created_at_ms) "
        "VALUES (:id, 1, 1, 2, 3, 'queued', 0, :request, 'm', 'm', '720p', 4, 80, 'v', 1, "
        "0, 0, 0, 5, 5)"
    )
    await tx.execute(text(job), {"id": new.id, "request": dump_request(new.request)})
    hold = (
        "INSERT INTO billing (kind, job_id, attempt, amount_micro, account, guild_id, user_id, "
        "price_version, created_at_ms, actor, note) "
        "VALUES ('hold', :job, 1, 80, 'member', 1, 3, 'v', 5, 'service', 'a: b')"
    )
    await tx.execute(text(hold), {"job": new.id})
    bucket = "INSERT INTO quota_buckets (bucket_id, held_micro, charged_micro) VALUES ('b', 80, 0)"
    await tx.execute(text(bucket))
    pin = "INSERT INTO billing_buckets (hold_id, bucket_id) VALUES (1, 'b')"
    await tx.execute(text(pin))


async def _lose_the_answer(tx: AsyncConnection) -> None:
    """Give the hold back as it was done then."""
    await tx.execute(text("UPDATE jobs SET state = 'submit_unknown'"))
    release = (
        "INSERT INTO billing (kind, job_id, attempt, hold_id, amount_micro, account, guild_id, "
        "user_id, price_version, created_at_ms, actor, note) SELECT 'release', job_id, attempt, "
        "id, amount_micro, account, guild_id, user_id, price_version, 7, actor, note FROM billing"
    )
    await tx.execute(text(release))


async def _rows(database: Database) -> AsyncIterator[object]:
    for table, columns in (
        ("billing", "id, kind, job_id, attempt, hold_id, amount_micro, user_id, actor, note"),
        ("quota_buckets", "bucket_id, held_micro, charged_micro"),
        ("billing_buckets", "hold_id, bucket_id"),
    ):
        statement = text(f"SELECT {columns} FROM {table}")  # noqa: S608 - our own names
        for row in await database.read(lambda tx, said=statement: tx.execute(said)):
            yield tuple(row)


@only_sqlite
async def test_the_files_are_named_and_ordered_as_the_revisions_are(database: Database) -> None:
    """A start goes by the names alone; what they say is what Alembic reads in the files."""
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    newest, *older = [revision.revision for revision in script.walk_revisions()]
    for revision in older:
        await _stamp(database, revision)
        with pytest.raises(SchemaTooOld, match=f"{revision}.*{newest}"):
            await database.ping()
    await _stamp(database, newest)
    await database.ping()


def test_a_start_does_without_the_library_for_migrations() -> None:
    """It takes a good part of the time that everything takes to be read."""
    code = "import sys, bot.app, storage.migrate; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_a_schema_of_the_future_is_refused(database: Database) -> None:
    """An older service does not touch a database that a newer one upgraded."""
    await _stamp(database, "9999")
    with pytest.raises(SchemaTooNew, match="9999"):
        await database.migrate()


async def test_a_migration_that_fails_leaves_nothing(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All migrations run in one transaction, on both engines."""
    monkeypatch.setattr(Operations, "bulk_insert", _fail)
    async with await Database.open(empty_database_url) as database:
        with pytest.raises(LookupError):
            await database.migrate()
        tables = await database.read(
            lambda tx: tx.run_sync(lambda connection: inspect(connection).get_table_names())
        )
    assert tables == []


async def _stamp(database: Database, revision: str) -> None:
    """Let the database say that it is at a revision."""
    change = text("UPDATE alembic_version SET version_num = :revision")
    await database.transact(lambda tx: tx.execute(change, {"revision": revision}))


def _fail(*_: object) -> None:
    raise LookupError
