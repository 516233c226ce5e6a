"""Migrations since 0.2.0 only add: the version before works on with the schema of the next.

So both may run during an update. What is no longer used is taken away a version later, and gets
a line in `CONTRACTIONS` then.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import migrations
from storage.database import Database
from storage.migrate import known_revisions

HEAD_OF_0_2: Final = "0004"

CONTRACTIONS: Final[Mapping[str, Collection[str]]] = {
    # The audit log's guards let one more change pass: who made a preset that was deleted.
    "0012": {
        "changes: trigger changes_append_only is replaced",
        "changes: trigger changes_no_update is replaced",
        "changes: trigger changes_no_update is new",
    },
}

TRIGGERS: Final = {
    "sqlite": "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid) "
    "FROM pg_trigger WHERE NOT tgisinternal",
}


@dataclass(frozen=True)
class TableShape:
    """What an older version's statements can meet in a table."""

    columns: Mapping[str, tuple[str, bool, bool]]
    """By name: its type, whether it may be empty, and whether it is filled in by itself."""

    rules: frozenset[str]
    """Checks, references and uniqueness."""

    triggers: Mapping[str, str]


Shape = Mapping[str, TableShape]


def read_shape(connection: Connection) -> Shape:
    """Read the shape of every table."""
    inspector = inspect(connection)
    found = connection.execute(text(TRIGGERS[connection.dialect.name])).all()
    triggers = [(table.strip('"'), name, sql) for table, name, sql in found]
    return {
        table: TableShape(
            {column["name"]: _column(column) for column in inspector.get_columns(table)},
            frozenset(map(_written, _rules(inspector, table))),
            {name: sql for of, name, sql in triggers if of == table},
        )
        for table in inspector.get_table_names()
    }


def _column(column: Mapping[str, Any]) -> tuple[str, bool, bool]:
    return str(column["type"]), bool(column["nullable"]), column["default"] is not None


def _rules(inspector: Any, table: str) -> list[dict[str, Any]]:
    unique = [one for one in inspector.get_indexes(table) if one["unique"]]
    found = [*inspector.get_check_constraints(table), *inspector.get_foreign_keys(table), *unique]
    return [*found, *inspector.get_unique_constraints(table), inspector.get_pk_constraint(table)]


def _written(rule: dict[str, Any]) -> str:
    options = {name: str(value) for name, value in rule.pop("dialect_options", {}).items()}
    return str(sorted({**rule, **options}.items()))


def contractions(before: Shape, after: Shape) -> set[str]:
    """Say what the statements made for `before` may stumble over in `after`."""
    found = {f"{table}: is gone" for table in before.keys() - after.keys()}
    for table in before.keys() & after.keys():
        old, new = before[table], after[table]
        for name in old.columns.keys() | new.columns.keys():
            reason = _narrowed(old.columns.get(name), new.columns.get(name))
            found |= {f"{table}: column {name} {reason}"} if reason else set()
        found |= {f"{table}: rule {rule} is new" for rule in new.rules - old.rules}
        for name, sql in new.triggers.items():
            if old.triggers.get(name) != sql:
                verb = "replaced" if name in old.triggers else "new"
                found.add(f"{table}: trigger {name} is {verb}")
    return found


def _narrowed(old: tuple[str, bool, bool] | None, new: tuple[str, bool, bool] | None) -> str | None:
    match old, new:
        case _, None:
            return "is gone"
        case None, (_, False, False):
            return "has to be filled in"
        case (kind, may_be_empty, _), (other, may_stay_empty, _) if (
            kind != other or may_be_empty > may_stay_empty
        ):
            return "is another"
        case _:
            return None


def _go_to(connection: Connection, revision: str) -> Shape:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    command.upgrade(config, revision)
    return read_shape(connection)


async def test_every_migration_since_0_2_only_adds(empty_database_url: str) -> None:
    """Whatever is taken away, narrowed or guarded otherwise has a reason why nothing stumbles."""
    later = [one for one in reversed(known_revisions()) if one > HEAD_OF_0_2]
    async with await Database.open(empty_database_url) as database:

        async def go_to(revision: str) -> Shape:
            async def go(tx: AsyncConnection) -> Shape:
                return await tx.run_sync(_go_to, revision)

            return await database.transact(go)

        shape = await go_to(HEAD_OF_0_2)
        for revision in later:
            before, shape = shape, await go_to(revision)
            unexpected = contractions(before, shape) - {*CONTRACTIONS.get(revision, ())}
            assert not unexpected, f"{revision}: {unexpected}"


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DROP TABLE notes", "notes: is gone"),
        ("ALTER TABLE jobs DROP COLUMN told_at_ms", "jobs: column told_at_ms is gone"),
        ("ALTER TABLE belt RENAME COLUMN stopped_by TO ended_by", "column stopped_by is gone"),
        ("CREATE UNIQUE INDEX one ON jobs (channel_id)", "jobs: rule"),
        ("ALTER TABLE jobs ALTER COLUMN task_id SET NOT NULL", "jobs: column task_id is another"),
        ("ALTER TABLE jobs ALTER COLUMN seconds TYPE text", "jobs: column seconds is another"),
        ("ALTER TABLE jobs ADD COLUMN mood text NOT NULL", "column mood has to be filled in"),
        ("ALTER TABLE jobs ADD CONSTRAINT cheap CHECK (price_micro < 9)", "jobs: rule"),
        (
            "CREATE TRIGGER strict BEFORE UPDATE ON guilds EXECUTE FUNCTION append_only()",
            "guilds: trigger strict is new",
        ),
    ],
)
@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_what_an_older_version_would_stumble_over_is_found(
    database: Database, statement: str, found: str
) -> None:
    """Each change that is no expansion is named."""

    async def change(tx: AsyncConnection) -> set[str]:
        before = await tx.run_sync(read_shape)
        await tx.execute(text(statement))
        return contractions(before, await tx.run_sync(read_shape))

    (named,) = await database.transact(change)
    assert found in named


@pytest.mark.parametrize("template", ["postgresql"], indirect=True)
async def test_what_is_added_disturbs_nobody(database: Database) -> None:
    """A table, a column that may be empty or is filled in by itself, an index."""

    async def change(tx: AsyncConnection) -> set[str]:
        before = await tx.run_sync(read_shape)
        for statement in (
            "CREATE TABLE moods (id int PRIMARY KEY)",
            "ALTER TABLE jobs ADD COLUMN mood text",
            "ALTER TABLE jobs ADD COLUMN size int NOT NULL DEFAULT 0",
            "CREATE INDEX by_mood ON jobs (mood)",
        ):
            await tx.execute(text(statement))
        return contractions(before, await tx.run_sync(read_shape))

    assert await database.transact(change) == set()
