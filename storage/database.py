"""The database: the only entry points for writing and reading transactions."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from sqlalchemy import BigInteger, cast, func, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database_errors import POOLED, describe_outage, ends_by_itself
from storage.database_url import PostgresqlAddress, parse_database_url
from storage.engines import (
    Engines,
    LockFile,
    TransactionEngine,
    postgresql_engines,
    sqlite_engines,
)
from storage.errors import DatabaseUnavailable, StorageError
from storage.migrate import read_schema, require_current_schema, run_migrations
from storage.schema import PROCESS_TABLES, TRANSIENT_TABLES
from storage.write_access import require_write_rights

T = TypeVar("T")
TransactionBody = Callable[[AsyncConnection], Awaitable[T]]

_MAX_ATTEMPTS = 8
_FIRST_BACKOFF_S = 0.01
_CONFLICTS = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for a serialization failure and a deadlock: rolled back, safe to retry."""

_CANCEL_TIMEOUT_S = 15
"""How long a transaction may take to end after its caller was cancelled: longer than any lock."""


class Database:
    """An open database; `path` is the file of a SQLite one.

    `outage_reason` says why the last transaction failed with an outage, else None. `transactions`
    counts those that have ended, as they may have committed.

    A transaction may wait for nothing but its own statements, and must not call `transact` again:
    on SQLite it runs on a thread, and every other writer waits for it to end.
    """

    def __init__(
        self,
        engines: Engines,
        path: Path | None,
        lock: LockFile | None,
        *,
        read_only: bool,
        has_notices: bool = False,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self.outage_reason: str | None = None
        self._has_notices = has_notices
        self.transactions = 0
        self._running = 0
        self._engines = engines
        self._lock = lock

    @classmethod
    async def open(cls, url: str, *, read_only: bool = False) -> Self:
        """Open `sqlite:///file.db`, `sqlite:////absolute/file.db` or `postgresql://…`.

        With `read_only`, a SQLite file is neither locked nor created nor changed; the service may
        be running on it or have crashed.

        Raises:
            DatabaseInUse: another process writes to this SQLite file.
            InvalidDatabaseUrl: the URL is none of these.
            StorageError: the file is missing or not writable.
        """
        address = parse_database_url(url)
        if isinstance(address, PostgresqlAddress):
            engines = postgresql_engines(address, read_only=read_only)
            has_notices = address.prepares_statements
            return cls(engines, None, None, read_only=read_only, has_notices=has_notices)
        path = address.path
        if read_only:
            if not path.is_file():
                raise StorageError(f"There is no database at {path}.")
            return cls(sqlite_engines(path), path, None, read_only=True)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = LockFile(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be opened: {error.strerror}.") from error
        return cls(sqlite_engines(path), path, lock, read_only=False)

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """The name of the engine."""
        return "postgresql" if self.path is None else "sqlite"

    @property
    def has_one_process(self) -> bool:
        """Whether no other process writes to this database."""
        return self.path is not None

    async def transact(self, work: TransactionBody[T]) -> T:
        """Run `work` in one transaction that commits at its end, and return its result.

        On PostgreSQL `work` is run again after a conflict with another transaction, so it must have
        no side effects outside the database. A cancelled caller gets the CancelledError after the
        transaction has ended, and it may have committed.

        During an outage one transaction at a time probes the database; all others fail at once.

        Raises:
            DatabaseUnavailable: the database does not work; the transaction may have committed.
        """
        self._refuse_if_read_only()
        if self.outage_reason is not None and self._running:
            raise DatabaseUnavailable(self.outage_reason)
        self._running += 1
        try:
            with _detect_outage():
                result = await self._transact(work)
        except DatabaseUnavailable as error:
            self.outage_reason = str(error)
            raise
        finally:
            self._running -= 1
            self.transactions += 1
        self.outage_reason = None
        return result

    async def read(self, work: TransactionBody[T]) -> T:
        """Run `work` on one read-only snapshot of the database.

        Raises:
            DatabaseUnavailable: the database does not work.
        """
        with _detect_outage():
            return await self._engines.reader.run(work)

    async def read_while(self, work: TransactionBody[T]) -> T:
        """Run `work`, which may wait for anything, on one read-only snapshot of the database.

        Only for commands that do nothing else: on SQLite its statements hold up the event loop.

        Raises:
            DatabaseUnavailable: the database does not work.
        """
        with _detect_outage():
            async with self._engines.reader.begin() as tx:
                return await work(tx)

    async def ping(self) -> None:
        """Check that the database answers and has the tables of this version.

        Raises:
            SchemaTooOld: migrations are missing.
            StorageError: it is unreachable, not a database, or has no tables yet.
        """
        with _reachable():
            await self.read(lambda tx: tx.run_sync(require_current_schema))

    async def read_schema(self) -> str | None:
        """Return the revision that a start would migrate from; None if there are no tables yet.

        Raises:
            SchemaTooNew: a newer version has migrated the database.
            StorageError: it is unreachable, or not a database.
        """
        with _reachable():
            return await self.read(lambda tx: tx.run_sync(read_schema))

    async def require_write_rights(self, *, is_complete: bool) -> None:
        """Look whether PostgreSQL lets this user write, and make tables unless they are complete.

        Raises:
            StorageError: it does not, or does not answer.
        """
        with _reachable():
            await self.read(
                lambda tx: tx.run_sync(partial(require_write_rights, is_complete=is_complete))
            )

    async def now_ms(self) -> int:
        """Return the time in Unix milliseconds: the server's, or this machine's for SQLite.

        Raises:
            StorageError: the server does not answer.
        """
        if self.path is not None:
            return time.time_ns() // 1_000_000
        epoch_s = func.extract("epoch", func.clock_timestamp())
        with _reachable():
            now_ms = await self.read(lambda tx: tx.scalar(select(cast(epoch_s * 1000, BigInteger))))
        assert now_ms is not None, "a server has a clock"
        return now_ms

    async def migrate(self) -> None:
        """Run the missing migrations; several processes may do so at once.

        Raises:
            SchemaTooNew: a newer version has migrated the database.
            StorageError: the database is unreachable, or not a database.
        """
        self._refuse_if_read_only()
        with _reachable():
            async with self._migrator() as engine:
                # Other processes go on meanwhile, and lock the same tables in other orders.
                await _retry_conflicts(lambda: engine.run(lambda tx: tx.run_sync(run_migrations)))

    async def migrate_and(self, work: TransactionBody[T]) -> T:
        """Run the missing migrations and `work` in one transaction: all of it, or nothing.

        Only for commands that do nothing else: `work` may wait for anything, as in `read_while`.

        Raises:
            SchemaTooNew: a newer version has migrated the database.
            StorageError: the database is unreachable, or not a database.
        """
        self._refuse_if_read_only()
        with _reachable():
            async with self._migrator() as engine, engine.begin() as connection:
                await connection.run_sync(run_migrations)
                return await work(connection)

    async def backup(self, path: Path) -> None:
        """Write a consistent copy of a SQLite database to a new file, while it is in use.

        It has nothing of what is kept for minutes (members' forms, tokens of interactions), nor of
        processes that live: of shards it has the number alone.

        Raises:
            StorageError: the file exists or cannot be written, or this is PostgreSQL.
        """
        if self.path is None:
            raise StorageError("pg_dump is the tool to copy a PostgreSQL database.")
        try:
            await asyncio.to_thread(_vacuum_into, self.path, path)
        except sqlite3.Error as error:
            raise StorageError(f"The copy to {path} failed: {error}.") from error

    @property
    def has_notices(self) -> bool:
        """Whether processes can notify each other: on PostgreSQL without a transaction pooler."""
        return self._has_notices

    @asynccontextmanager
    async def open_listener(self) -> AsyncGenerator[Any]:
        """Yield a connection of asyncpg's own, outside transactions, that nothing else uses.

        Raises:
            DatabaseUnavailable: it cannot be opened.
        """
        assert self._engines.listener is not None, "only PostgreSQL notifies"
        with _detect_outage():
            connection = await self._engines.listener.connect()
        try:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield (await connection.get_raw_connection()).driver_connection
        finally:
            await connection.invalidate()
            await connection.close()

    async def close(self) -> None:
        """Close every connection, then release the lock file."""
        # The writer last: the last connection to close checkpoints the WAL into the file.
        await self._engines.reader.dispose()
        await self._engines.writer.dispose()
        if self._lock is not None:
            self._lock.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def _migrator(self) -> AsyncGenerator[TransactionEngine]:
        """Yield an engine for migrations; close it afterwards if nothing else uses it."""
        engine = self._engines.migrator
        try:
            yield engine
        finally:
            if engine is not self._engines.writer:
                await engine.dispose()

    def _refuse_if_read_only(self) -> None:
        if self.read_only:
            raise StorageError("This database was opened for reading only.")

    async def _transact(self, work: TransactionBody[T]) -> T:
        return await _retry_conflicts(lambda: _shield_until_done(self._engines.writer.run(work)))


async def _retry_conflicts(run: Callable[[], Awaitable[T]]) -> T:
    """Run a transaction, again after a conflict with another one."""
    for attempt in range(_MAX_ATTEMPTS - 1):
        try:
            return await run()
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _CONFLICTS:
                raise
        backoff_s = _FIRST_BACKOFF_S * 2**attempt
        # Jitter keeps the same two transactions from conflicting again.
        await asyncio.sleep(SystemRandom().uniform(backoff_s / 2, backoff_s))
    return await run()


async def _shield_until_done(transaction: Coroutine[None, None, T]) -> T:
    """Await a transaction; if cancelled meanwhile, still wait for its end.

    A connection that is cut off midway keeps SQLite's lock until a thread has closed it.
    """
    task = asyncio.create_task(transaction)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _wait_until_done(task)
        raise


async def _wait_until_done(task: asyncio.Task[object]) -> None:
    deadline_s = time.monotonic() + _CANCEL_TIMEOUT_S
    while not task.done() and (left_s := deadline_s - time.monotonic()) > 0:
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left_s)
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task


@contextmanager
def _detect_outage() -> Generator[None]:
    """Raise DatabaseUnavailable for an outage of the database; pass other errors through.

    Raises:
        DatabaseUnavailable: the error is an outage.
    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        if (reason := describe_outage(error)) is None:
            raise
        raise DatabaseUnavailable(reason, ends_by_itself=ends_by_itself(reason)) from error


@contextmanager
def _reachable() -> Generator[None]:
    """Raise StorageError, in one sentence, if the database is unreachable.

    Raises:
        DatabaseUnavailable: it is, for now.
        StorageError: it is, until a person mends it.
    """
    try:
        yield
    except (DatabaseUnavailable, DBAPIError, OSError) as error:
        cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
        outage = describe_outage(cause) if isinstance(cause, Exception) else None
        reason = cause.orig if isinstance(cause, DBAPIError) else cause
        # A timeout has no message; what follows a first line may quote a row.
        detail = str(reason).partition("\n")[0] or "there was no answer in time"
        sentence = POOLED if outage == POOLED else f"The database does not answer: {detail}."
        if ends_by_itself(outage):
            raise DatabaseUnavailable(sentence) from error
        raise StorageError(sentence) from error


def _vacuum_into(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    with closing(sqlite3.connect(target)) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        tables = {name for (name,) in found}
        connection.execute("PRAGMA secure_delete = ON")
        numbers = connection.execute("SELECT shard_id FROM shards") if "shards" in tables else ()
        shards = [*numbers]
        for table in tables & (TRANSIENT_TABLES | PROCESS_TABLES):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        if shards:
            connection.executemany("INSERT INTO shards (shard_id) VALUES (?)", shards)
        connection.commit()
