"""Upsert statements for SQLite and PostgreSQL: same SQL, different classes in SQLAlchemy."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

insert_for_dialect = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_or_ignore(
    tx: AsyncConnection, table: Table, *keys: str
) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that leaves an existing row with the same `keys` unchanged."""
    statement = insert_for_dialect[tx.dialect.name](table)
    return statement.on_conflict_do_nothing(index_elements=[*keys])


def upsert(tx: AsyncConnection, table: Table, *keys: str) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that overwrites the other columns of a row with the same `keys`."""
    statement = insert_for_dialect[tx.dialect.name](table)
    others = [column.name for column in table.c if column.name not in keys]
    overwritten = {name: statement.excluded[name] for name in others}
    return statement.on_conflict_do_update(index_elements=[*keys], set_=overwritten)
