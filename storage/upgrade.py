"""Knows how a database gets to the newest schema, with one process at it at a time."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.errors import SchemaTooNew

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x6461696C696573  # "dailies"


def upgrade(connection: Connection) -> None:
    """Run the missing migrations in the connection's transaction: all of them, or none.

    Raises:
        SchemaTooNew: the database stands at a revision that is not known here.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in known:
        raise SchemaTooNew(current)
    command.upgrade(config, "head")
