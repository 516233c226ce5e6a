"""Knows how a database gets to the newest schema, with one process at it at a time."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.errors import SchemaTooNew, SchemaTooOld, StorageError

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x6461696C696573  # "dailies"


def upgrade(connection: Connection) -> None:
    """Run the missing migrations in the connection's transaction: all of them, or none.

    Raises:
        SchemaTooNew: the database stands at a revision that is not known here.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    current = _current(connection)
    if current is not None and current not in _known():
        raise SchemaTooNew(current)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def require(connection: Connection) -> None:
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
    return MigrationContext.configure(connection).get_current_revision()


@cache
def _known() -> tuple[str, ...]:
    """List the revisions, newest first."""
    script = ScriptDirectory.from_config(_config())
    return tuple(revision.revision for revision in script.walk_revisions())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config
