"""Classification of driver errors: outages of the database, each described in one sentence.

The driver's own message is not repeated: it may hold the database's address and password.
"""

import sqlite3
import ssl
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

_READ_ONLY: Final = "The database is read-only."
_DISK_FULL: Final = "The disk of the database is full."
_DISK_FAILURE: Final = "The disk of the database cannot be read or written."
_NO_ENTRY: Final = "The database does not let the service in."
_UNREACHABLE: Final = "The database cannot be reached."
_UNTRUSTED: Final = "The certificate of the database's server is not to be trusted."

POOLED: Final = (
    "A pooler hands out another connection for each transaction: add pgbouncer=true to the "
    "parameters of DATABASE_URL."
)

_SQLITE: Final[Mapping[int, str]] = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: "Another program keeps the database locked.",
        sqlite3.SQLITE_READONLY: _READ_ONLY,
        sqlite3.SQLITE_IOERR: _DISK_FAILURE,
        sqlite3.SQLITE_FULL: _DISK_FULL,
        sqlite3.SQLITE_CANTOPEN: "The file of the database cannot be opened.",
        sqlite3.SQLITE_CORRUPT: "The file of the database is damaged.",
        sqlite3.SQLITE_NOTADB: "The file of the database is damaged.",
    }
)
_NEEDS_A_PERSON: Final = frozenset(
    {
        _READ_ONLY,
        _DISK_FAILURE,
        _SQLITE[sqlite3.SQLITE_CANTOPEN],
        _SQLITE[sqlite3.SQLITE_CORRUPT],
        _NO_ENTRY,
        _UNTRUSTED,
        POOLED,
    }
)
"""Outages that no waiting ends."""

_PRIMARY_CODE_MASK: Final = 0xFF
"""The primary part of a SQLite error code; the rest is the extended code."""

_POSTGRESQL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "08": _UNREACHABLE,
        "25006": _READ_ONLY,
        "26": POOLED,
        "28": _NO_ENTRY,
        "42P05": POOLED,
        "53": "The database has no memory or connections left.",
        "53100": _DISK_FULL,
        "57P": "The database is being stopped or started.",
        "58030": _DISK_FAILURE,
    }
)
"""By prefix of the SQLSTATE; the longest match counts."""


def describe_outage(error: Exception) -> str | None:
    """Return a sentence about an outage, or None for an error that is no outage."""
    if isinstance(error, NoConnectionFree):
        return "The database is so slow that the service waits for a connection."
    if isinstance(error, ssl.SSLCertVerificationError):
        return _UNTRUSTED
    if isinstance(error, OSError):
        return _UNREACHABLE
    return _describe_driver_error(error) if isinstance(error, DBAPIError) else None


def ends_by_itself(reason: str | None) -> bool:
    """Return whether waiting may end an outage with this description; False without any."""
    return reason is not None and reason not in _NEEDS_A_PERSON


def _describe_driver_error(error: DBAPIError) -> str | None:
    orig: Any = error.orig
    if (code := getattr(orig, "sqlite_errorcode", None)) is not None:
        return _SQLITE.get(code & _PRIMARY_CODE_MASK)
    state = getattr(orig, "sqlstate", None) or ""
    prefixes = [start for start in _POSTGRESQL if state.startswith(start)]
    if prefixes:
        return _POSTGRESQL[max(prefixes, key=len)]
    return _UNREACHABLE if error.connection_invalidated else None
