"""Schema migrations, run by one process at a time."""

from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from storage.errors import SchemaTooNew, SchemaTooOld, StorageError

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x6461696C696573  # key of the advisory lock: "dailies" in ASCII


def run_migrations(connection: Connection) -> None:
    """Run the missing migrations in the connection's transaction: all of them, or none.

    Raises:
        SchemaTooNew: the database is at a revision that this version does not know.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    if read_schema(connection) != known_revisions()[0]:
        _run_missing(connection)


def require_current_schema(connection: Connection) -> None:
    """Check that the schema is not older than this version; newer versions only add to it.

    Raises:
        StorageError: there are no tables yet.
        SchemaTooOld: migrations are missing.
    """
    current, (newest, *older) = _current_revision(connection), known_revisions()
    if current is None:
        raise StorageError("The database has no tables yet: `python -m bot migrate`.")
    if current in older:
        raise SchemaTooOld(current, newest)


def read_schema(connection: Connection) -> str | None:
    """Return the revision that a start would migrate from; None if there are no tables yet.

    Raises:
        SchemaTooNew: the database is at a revision that this version does not know.
    """
    current = _current_revision(connection)
    if current is not None and current not in known_revisions():
        raise SchemaTooNew(current)
    return current


def _current_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


@cache
def known_revisions() -> tuple[str, ...]:
    """Return the revisions, newest first; each file's name begins with its revision."""
    names = sorted((path.name for path in _FOLDER.glob("versions/[0-9]*.py")), reverse=True)
    return tuple(name.partition("_")[0] for name in names)


def _run_missing(connection: Connection) -> None:
    # Importing Alembic is slow, and most starts find nothing to migrate.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
