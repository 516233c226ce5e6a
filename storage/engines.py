"""SQLAlchemy engines, configured so that no update is lost and readers never wait.

SQLite: the default transactions would let two of them read before either writes, so the driver's
are off and ours begin with BEGIN IMMEDIATE, on the only writing connection. Readers have read-only
connections of their own, and see one snapshot (WAL).

PostgreSQL: writers run at READ COMMITTED, readers in read-only snapshots.

Errors show no parameters on either: a job's row has its prompt, and errors are logged.
"""

import fcntl
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import quote
from uuid import uuid4

from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from storage.database_url import PostgresqlAddress
from storage.errors import DatabaseInUse, StorageError
from storage.sqlite_threads import SqliteEngine

T = TypeVar("T")


class TransactionEngine(Protocol):
    """What runs transactions."""

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Run `work` in one transaction that commits at its end, and return its result.

        It may wait for nothing but its own statements.
        """
        ...

    def begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Begin a transaction that may wait for anything, in a process that does nothing else."""
        ...

    async def dispose(self) -> None:
        """Close every connection."""
        ...


class Engines(NamedTuple):
    """The engines for writing, for reading and for migrations, and PostgreSQL's for listening."""

    writer: TransactionEngine
    reader: TransactionEngine
    migrator: TransactionEngine
    listener: AsyncEngine | None = None


_BUSY_MS = 10_000
"""How long to wait for another program's transaction, such as one in a SQLite shell."""

_COMMAND_SECONDS = 30
"""Timeout of one statement of the service on PostgreSQL: a hanging one must not block it.

Giving up takes as long again, because the driver asks the server to cancel, and waits.
"""

_LONG_COMMAND_SECONDS = 900
"""The same for migrations, which may wait for another process's, and for audits and reports."""

_UNPREPARED: dict[str, Any] = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: f"dailies_{uuid4().hex}",
}
"""Behind a pooler each transaction may come to another connection: no statement outlives one."""

_READERS = 4

_WRITER_PRAGMAS = (
    f"busy_timeout = {_BUSY_MS}",
    "journal_mode = WAL",
    "synchronous = FULL",  # a commit survives a power loss: it may record spent money
    "foreign_keys = ON",
    "secure_delete = ON",  # what a member had deleted is not left in the file
    "recursive_triggers = ON",  # otherwise REPLACE deletes rows without firing triggers
)
_READER_PRAGMAS = (f"busy_timeout = {_BUSY_MS}", "query_only = ON")


def sqlite_engines(path: Path) -> Engines:
    """Return the engines of a SQLite file: one writing connection and a few reading ones."""
    writer = _sqlite(path, mode="rwc", pool_size=1)
    reader = _sqlite(path, mode="ro", pool_size=_READERS)
    _on_connect(writer, _WRITER_PRAGMAS)
    _on_connect(reader, _READER_PRAGMAS)
    _begin_with(writer, "BEGIN IMMEDIATE")
    _begin_with(reader, "BEGIN")
    _reconnect_if_read_only(writer)
    writing = SqliteEngine(writer, threads=1)
    return Engines(writing, SqliteEngine(reader, _READERS), writing)


def postgresql_engines(address: PostgresqlAddress, *, read_only: bool) -> Engines:
    """Return the engines of a PostgreSQL database.

    With `read_only`, statements get the longer timeout of migrations: no service waits for them.

    Raises:
        StorageError: asyncpg is not installed.
    """
    try:
        migrator = _postgresql(address, _LONG_COMMAND_SECONDS)
        writer = migrator if read_only else _postgresql(address, _COMMAND_SECONDS)
    except ModuleNotFoundError as error:
        raise StorageError(
            "PostgreSQL needs the package asyncpg: pip install -r requirements.txt"
        ) from error
    snapshot = writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(*map(_PostgresqlEngine, (writer, snapshot, migrator)), listener=writer)


class _PostgresqlEngine:
    """Runs each transaction on a connection of its pool."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        async with self._engine.begin() as tx:
            return await work(tx)

    def begin(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._engine.begin()

    async def dispose(self) -> None:
        await self._engine.dispose()


def _postgresql(address: PostgresqlAddress, command_seconds: float) -> AsyncEngine:
    connect_args: dict[str, Any] = {
        "dsn": address.dsn,
        "timeout": address.connect_timeout_s,
        "command_timeout": command_seconds,
    }
    if address.verifies_certificate:
        connect_args["ssl"] = address.ssl_context
    if "application_name=" not in address.dsn:
        connect_args["server_settings"] = {"application_name": "dailies"}
    if not address.prepares_statements:
        connect_args |= _UNPREPARED
    return create_async_engine(
        "postgresql+asyncpg://",
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        pool_size=8,
        pool_pre_ping=True,
        connect_args=connect_args,
    )


def _sqlite(path: Path, *, mode: str, pool_size: int) -> Engine:
    return create_engine(
        URL.create(
            "sqlite",
            database=f"file:{quote(str(path))}",
            query={"mode": mode, "uri": "true"},
        ),
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=0,
        connect_args={"isolation_level": None},  # no BEGIN of the driver; see `_begin_with`
    )


def _on_connect(engine: Engine, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _reconnect_if_read_only(engine: Engine) -> None:
    """Replace a connection that was opened while the file was not writable."""

    @event.listens_for(engine, "handle_error")
    def disconnect(context: ExceptionContext) -> None:
        code = getattr(context.original_exception, "sqlite_errorcode", 0)
        if code & 0xFF == sqlite3.SQLITE_READONLY:
            context.is_disconnect = True


def _begin_with(engine: Engine, statement: str) -> None:
    """Begin each transaction with a statement; an event for it would cost all others as well."""

    def begin(dbapi_connection: Any) -> None:
        dbapi_connection.cursor().execute(statement)

    engine.dialect.do_begin = begin


class LockFile:
    """An exclusive lock on `<database>.lock`, held from construction until `release`.

    Raises:
        DatabaseInUse: another holder has it.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(f"{database.name}.lock")
        self._file = path.open("ab")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise DatabaseInUse(database) from error

    def release(self) -> None:
        """Release the lock. The file stays: removing it would let two processes in."""
        self._file.close()
