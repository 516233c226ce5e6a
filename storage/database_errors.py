"""Knows which errors of a database mean that it does not do its work, and says so in a sentence.

The driver's own words are not repeated: they may hold an address, and a password with it.
"""

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

_READ_ONLY: Final = "The database is read-only."
_DISK_FULL: Final = "The disk of the database is full."
_DISK_FAILS: Final = "The disk of the database can not be read or written."
_UNREACHABLE: Final = "The database can not be reached."

_SQLITE: Final[Mapping[int, str]] = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: "Another program keeps the database locked.",
        sqlite3.SQLITE_READONLY: _READ_ONLY,
        sqlite3.SQLITE_IOERR: _DISK_FAILS,
        sqlite3.SQLITE_FULL: _DISK_FULL,
        sqlite3.SQLITE_CANTOPEN: "The file of the database can not be opened.",
        sqlite3.SQLITE_CORRUPT: "The file of the database is damaged.",
        sqlite3.SQLITE_NOTADB: "The file of the database is damaged.",
    }
)
_PRIMARY: Final = 0xFF
"""The part of an error code of SQLite that tells its kind; the rest tells details."""

_POSTGRESQL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "08": _UNREACHABLE,
        "25006": _READ_ONLY,
        "28": "The database does not let the service in.",
        "53": "The database has no memory or connections left.",
        "53100": _DISK_FULL,
        "57P": "The database is being stopped or started.",
        "58030": _DISK_FAILS,
    }
)
"""By the beginning of a code; the longest that fits counts."""


def describe_outage(error: Exception) -> str | None:
    """Say what an error tells of an outage; None for what the work itself did wrong."""
    if isinstance(error, NoConnectionFree):
        return "The database is so slow that the service waits for a connection."
    if isinstance(error, OSError):
        return _UNREACHABLE
    return _of_driver(error) if isinstance(error, DBAPIError) else None


def _of_driver(error: DBAPIError) -> str | None:
    orig: Any = error.orig
    if (code := getattr(orig, "sqlite_errorcode", None)) is not None:
        return _SQLITE.get(code & _PRIMARY)
    state = getattr(orig, "sqlstate", None) or ""
    fitting = [start for start in _POSTGRESQL if state.startswith(start)]
    if fitting:
        return _POSTGRESQL[max(fitting, key=len)]
    return _UNREACHABLE if error.connection_invalidated else None
