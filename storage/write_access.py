"""Whether a start could write to a database, looked at without changing anything."""

import fcntl
import os
from pathlib import Path

from sqlalchemy import Connection, text

from storage.errors import DatabaseInUse, StorageError


def require_writable_file(path: Path) -> None:
    """Look whether a SQLite file, or the folder that it would be in, can be written to.

    Raises:
        StorageError: it cannot.
    """
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise StorageError(f"{path} cannot be opened: {folder} is no folder.")
    for place in (folder, path, _lock_of(path)):
        if place.exists() and not os.access(place, os.R_OK | os.W_OK):
            raise StorageError(f"{path} cannot be opened: {place} cannot be written to.")


def require_unlocked_file(path: Path) -> None:
    """Look whether another process writes to a SQLite file.

    Raises:
        DatabaseInUse: one does.
    """
    try:
        with _lock_of(path).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return
    except BlockingIOError:
        raise DatabaseInUse(path) from None


def require_write_rights(connection: Connection, *, is_complete: bool) -> None:
    """Look whether PostgreSQL lets this user write, and make tables unless they are complete.

    Raises:
        StorageError: it does not; with what the server's administrator can do.
    """
    if connection.scalar(
        text(
            "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
        )
    ):
        raise StorageError("The database is read-only.")
    if is_complete:
        return
    user, schema, may_create = connection.execute(
        text(
            "SELECT current_user, current_schema(), "
            "coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)"
        )
    ).one()
    if not may_create:
        where = schema or "public"
        raise StorageError(
            f"The database lets {user} make no tables: GRANT CREATE ON SCHEMA {where} TO {user}."
        )


def _lock_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.lock")
