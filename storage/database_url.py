"""Addresses of databases: a SQLite file, or PostgreSQL as libpq reads its addresses.

asyncpg reads them as libpq does, apart from a few parameters: those are mapped or dropped here,
and what libpq would refuse is refused in a sentence that shows no part of the password.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from storage.errors import StorageError

_CONNECT_TIMEOUT_S: Final = 10.0
_PASSED_ON: Final = frozenset(
    {
        "application_name",
        "database",
        "dbname",
        "host",
        "krbsrvname",
        "gsslib",
        "options",
        "passfile",
        "password",
        "port",
        "service",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslnegotiation",
        "sslpassword",
        "sslrootcert",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "target_session_attrs",
        "user",
    }
)
"""Parameters that asyncpg reads as libpq does."""

_DROPPED: Final = frozenset(
    {
        "client_encoding",
        "fallback_application_name",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "load_balance_hosts",
        "sslcertmode",
        "sslcompression",
        "sslsni",
        "tcp_user_timeout",
    }
)
"""Parameters of libpq without meaning for this driver, which change neither whom it trusts."""

_MAPPED: Final = frozenset(
    {"channel_binding", "connect_timeout", "pgbouncer", "prepared_statement_cache_size", "ssl"}
)
_SSL_MODES: Final = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
_ENCODE: Final = (
    "has a user or password with a character of its own meaning: write it percent-encoded, such "
    "as %40 for @, %2F for /, %23 for #, %3F for ?"
)


class InvalidDatabaseUrl(StorageError):
    """An address that names no database; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class SqliteAddress:
    """A SQLite file."""

    path: Path


@dataclass(frozen=True, slots=True)
class PostgresqlAddress:
    """What to connect to; `dsn` is as asyncpg reads it.

    `verifies_certificate` is True where the system's own certificates decide whom to trust.
    `prepares_statements` is False behind a pooler that hands out a connection for a transaction.
    """

    dsn: str
    connect_timeout_s: float
    verifies_certificate: bool
    prepares_statements: bool

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        """What checks the server's certificate; None if the address says how."""
        return ssl.create_default_context() if self.verifies_certificate else None


DatabaseAddress = SqliteAddress | PostgresqlAddress


def parse_database_url(url: str) -> DatabaseAddress:
    """Read `sqlite:///file.db`, `sqlite:////absolute/file.db` or `postgresql://…`.

    Raises:
        InvalidDatabaseUrl: it is none of these.
    """
    scheme = url.partition(":")[0].lower()
    if scheme == "sqlite":
        return SqliteAddress(_parse_path(url))
    if scheme in {"postgresql", "postgres"}:
        return _parse_postgresql(url)
    if scheme.startswith(("postgresql+", "postgres+")):
        raise InvalidDatabaseUrl("must begin with postgresql://, without the name of a driver")
    raise InvalidDatabaseUrl("must begin with sqlite:/// or postgresql://")


def _parse_path(url: str) -> Path:
    path = url.removeprefix("sqlite:///")
    if path == url or path in {"", ":memory:"} or "?" in path:
        raise InvalidDatabaseUrl("needs a file, such as sqlite:///data/dailies.db")
    return Path(unquote(path)).absolute()


def _parse_postgresql(url: str) -> PostgresqlAddress:
    parts = _split(url)
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in given.keys() - _PASSED_ON - _DROPPED - _MAPPED:
        raise InvalidDatabaseUrl(
            f"has a parameter {name!r}, which PostgreSQL's libpq does not have either; settings of "
            "the session go into options, such as options=-c%20search_path%3Ddailies"
        )
    passed = {name: value for name, value in given.items() if name in _PASSED_ON}
    if given.get("sslmode", given.get("ssl")) is not None:
        passed["sslmode"] = _read_ssl_mode(given)
    verifies = passed.get("sslrootcert") == "system" or (
        _read_channel_binding(given) and "sslrootcert" not in passed
    )
    if verifies:
        passed = {name: passed[name] for name in passed.keys() - {"sslmode", "sslrootcert"}}
    elif _read_channel_binding(given):
        passed["sslmode"] = "verify-full"
    return PostgresqlAddress(
        dsn=parts._replace(query=urlencode(passed, safe="/", quote_via=quote)).geturl(),
        connect_timeout_s=_read_timeout(given),
        verifies_certificate=verifies,
        prepares_statements=not _is_pooled(given),
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        hosts = parts.netloc.rpartition("@")[2].split(",")
        ports = [host.rpartition("]")[2].partition(":")[2] for host in hosts]
    except ValueError:
        raise InvalidDatabaseUrl(_ENCODE) from None
    is_port = all(not port or (port.isascii() and port.isdigit()) for port in ports)
    behind = f"{parts.path.removeprefix('/')}{parts.query}"
    is_odd = parts.fragment or parts.netloc.count("@") > 1 or "@" in behind
    if is_odd or not is_port or "/" in parts.path.removeprefix("/"):
        raise InvalidDatabaseUrl(_ENCODE)
    return parts


def _read_ssl_mode(given: dict[str, str]) -> str:
    """Read `sslmode`, or `ssl` as JDBC and SQLAlchemy have it."""
    mode = given.get("sslmode") or {"true": "require", "false": "disable"}.get(
        given.get("ssl", ""), given.get("ssl", "")
    )
    if mode not in _SSL_MODES:
        raise InvalidDatabaseUrl(f"sslmode must be one of {', '.join(sorted(_SSL_MODES))}")
    return mode


def _read_channel_binding(given: dict[str, str]) -> bool:
    """Return whether the server must prove itself.

    The driver cannot bind a channel; a verified certificate proves the same.
    """
    mode = given.get("channel_binding", "prefer")
    if mode not in {"disable", "prefer", "require"}:
        raise InvalidDatabaseUrl("channel_binding must be disable, prefer or require")
    return mode == "require"


def _read_timeout(given: dict[str, str]) -> float:
    """Read `connect_timeout` in seconds; 0 is the default, as endless waiting helps nobody."""
    text = given.get("connect_timeout", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise InvalidDatabaseUrl("connect_timeout must be a whole number of seconds")
    return float(text) or _CONNECT_TIMEOUT_S


def _is_pooled(given: dict[str, str]) -> bool:
    return (
        given.get("pgbouncer", "false").lower() == "true"
        or given.get("prepared_statement_cache_size") == "0"
    )
