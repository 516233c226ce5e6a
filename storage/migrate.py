"""Knows how a database gets to the newest schema, with one process at it at a time."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.errors import SchemaTooNew, SchemaTooOld, StorageError

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x6461696C696573  # "dailies"


def run_migrations(connection: Connection) -> None:
    """Run the missing migrations in the connection's transaction: all of them, or none.

    Raises:
        SchemaTooNew: the database stands at a revision that is not known here.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    current, known = _current(connection), _known()
    if current is not None and current not in known:
        raise SchemaTooNew(current)
    if current != known[0]:
        _run_missing(connection)


def require_current_schema(connection: Connection) -> None:
    """See to it that every table is as this version knows it; a newer version adds to them only.

    Raises:
        StorageError: there are no tables yet.
        SchemaTooOld: migrations are missing.
    """
    current, (newest, *older) = _current(connection), _known()
    if current is None:
        raise StorageError("The database has no tables yet: `python -m bot migrate`.")
    if current in older:
        raise SchemaTooOld(current, newest)


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


@cache
def _known() -> tuple[str, ...]:
    """List the revisions, newest first: each file's name begins with its own."""
    names = sorted((path.name for path in _FOLDER.glob("versions/[0-9]*.py")), reverse=True)
    return tuple(name.partition("_")[0] for name in names)


def _run_missing(connection: Connection) -> None:
    # Alembic takes a good part of the time of a start, and most starts find nothing to migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
