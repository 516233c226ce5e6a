"""Read by the fork server alone: its forks make the tables of a new SQLite file as they came out.

The migrations have run once, in memory. What a start does with an older database, and the first
start of a process that is no fork, go through them.
"""

from typing import Any

from sqlalchemy import Connection, create_engine

from storage import migrate

_run_missing = migrate._run_missing


def _migrated_schema() -> list[str]:
    """Return the statements that make the tables, their guards and their first rows."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _run_missing(connection)
        driver: Any = connection.connection.dbapi_connection
        statements = [*driver.iterdump()]
    engine.dispose()
    return [one for one in statements if one not in ("BEGIN TRANSACTION;", "COMMIT;")]


_SCHEMA = _migrated_schema()


def _make_tables(connection: Connection) -> None:
    if connection.dialect.name != "sqlite" or migrate.read_schema(connection) is not None:
        return _run_missing(connection)
    for statement in _SCHEMA:
        connection.exec_driver_sql(statement)
    return None


migrate._run_missing = _make_tables
