"""Knows the database: one door for work that writes, one for work that reads."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from types import TracebackType
from typing import Literal, Self, TypeVar

from sqlalchemy import URL, BigInteger, cast, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database_errors import describe_outage
from storage.engines import Engines, LockFile, postgresql_engines, sqlite_engines
from storage.errors import DatabaseUnavailable, StorageError
from storage.migrate import require_current_schema, run_migrations

T = TypeVar("T")
TransactionBody = Callable[[AsyncConnection], Awaitable[T]]

_TRIES = 8
_FIRST_WAIT_SECONDS = 0.01
_COLLISIONS = frozenset({"40001", "40P01"})
"""PostgreSQL's codes for a serialization failure and a deadlock: nothing was done, do it again."""

_END_SECONDS = 15
"""How long a transaction whose caller was cancelled may take to end: longer than anyone's lock."""


class Database:
    """An open database; `path` is the file of a SQLite one.

    `trouble` says why the last transaction found the database out of order, None if it did not.

    Never wait for the network, nor call `transact` again, inside a transaction: on SQLite
    everyone else waits for it to end.
    """

    def __init__(
        self, engines: Engines, path: Path | None, lock: LockFile | None, *, read_only: bool
    ) -> None:
        self.path = path
        self.read_only = read_only
        self.outage_reason: str | None = None
        self._trying = 0
        self._engines = engines
        self._lock = lock

    @classmethod
    async def open(cls, url: str, *, read_only: bool = False) -> Self:
        """Open `sqlite:///file.db`, `sqlite:////absolute/file.db` or `postgresql://…`.

        For reading only, a SQLite file is neither locked nor made nor changed, and the service may
        be running on it or have died on it.

        Raises:
            DatabaseInUse: another process writes to this SQLite file.
            StorageError: the address is none of these, there is no file to read, or none can be
                written.
        """
        parts = _parse(url)
        if parts.get_backend_name() != "sqlite":
            engines = postgresql_engines(parts, read_only=read_only)
            return cls(engines, None, None, read_only=read_only)
        path = _sqlite_path(parts)
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
        """The engine's name."""
        return "postgresql" if self.path is None else "sqlite"

    async def transact(self, work: TransactionBody[T]) -> T:
        """Do `work` in one transaction that commits at its end, and return what it returns.

        On PostgreSQL the whole of it is done again after a collision with another transaction, so
        it must change nothing but the database. Who is cancelled in the middle learns of it when
        the transaction has ended, and it may have committed.

        While the database is out of order, one transaction at a time tries it; whoever comes in
        between hears at once what is wrong.

        Raises:
            DatabaseUnavailable: the database does not work; the transaction may have committed.
        """
        self._refuse_if_read_only()
        if self.outage_reason is not None and self._trying:
            raise DatabaseUnavailable(self.outage_reason)
        self._trying += 1
        try:
            with _in_order():
                done = await self._transact(work)
        except DatabaseUnavailable as error:
            self.outage_reason = str(error)
            raise
        finally:
            self._trying -= 1
        self.outage_reason = None
        return done

    async def read(self, work: TransactionBody[T]) -> T:
        """Do `work` on one unchanging view of the database, in which nothing can be written.

        Raises:
            DatabaseUnavailable: the database does not do its work.
        """
        with _in_order():
            async with self._engines.reader.begin() as tx:
                return await work(tx)

    async def ping(self) -> None:
        """Have the database tell whether its tables are there, and as this version needs them.

        Raises:
            SchemaTooOld: migrations are missing.
            StorageError: it cannot be reached, is no database, or has no tables yet.
        """
        with _reachable():
            await self.read(lambda tx: tx.run_sync(require_current_schema))

    async def now_ms(self) -> int:
        """Tell the time, Unix milliseconds: the server's, or this machine's for a SQLite file.

        Raises:
            StorageError: the server does not answer.
        """
        if self.path is not None:
            return time.time_ns() // 1_000_000
        epoch_s = func.extract("epoch", func.clock_timestamp())
        with _reachable():
            told = await self.read(lambda tx: tx.scalar(select(cast(epoch_s * 1000, BigInteger))))
        assert told is not None, "a server has a clock"
        return told

    async def migrate(self) -> None:
        """Bring the schema to this version's; several processes may do so at once.

        Raises:
            SchemaTooNew: a newer version was here.
            StorageError: the database cannot be reached, or is none.
        """
        self._refuse_if_read_only()
        with _reachable():
            async with self._migrator() as engine, engine.begin() as connection:
                await connection.run_sync(run_migrations)

    async def backup(self, path: Path) -> None:
        """Write a consistent copy of a SQLite database to a new file, while it is in use.

        Raises:
            StorageError: the file exists or cannot be written, or this is PostgreSQL.
        """
        if self.path is None:
            raise StorageError("pg_dump is the tool to copy a PostgreSQL database.")
        try:
            await asyncio.to_thread(_vacuum_into, self.path, path)
        except sqlite3.Error as error:
            raise StorageError(f"The copy to {path} failed: {error}.") from error

    async def close(self) -> None:
        """Close every connection, then let the next process in."""
        # The writer last: the last connection of all folds the WAL into the file.
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
    async def _migrator(self) -> AsyncGenerator[AsyncEngine]:
        """Give connections for a migration; those that nothing else uses are closed after it."""
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
        for attempt in range(_TRIES - 1):
            try:
                return await _to_its_end(self._transact_once(work))
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in _COLLISIONS:
                    raise
            longest = _FIRST_WAIT_SECONDS * 2**attempt
            await asyncio.sleep(SystemRandom().uniform(longest / 2, longest))
        return await _to_its_end(self._transact_once(work))

    async def _transact_once(self, work: TransactionBody[T]) -> T:
        async with self._engines.writer.begin() as tx:
            return await work(tx)


async def _to_its_end(transaction: Coroutine[None, None, T]) -> T:
    """Wait for a transaction, and if cancelled meanwhile, still for its end.

    A connection that is cut off in the middle keeps SQLite's lock until a thread has closed it.
    """
    task = asyncio.create_task(transaction)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await _ended(task)
        raise


async def _ended(task: asyncio.Task[object]) -> None:
    last_s = time.monotonic() + _END_SECONDS
    while not task.done() and (left_s := last_s - time.monotonic()) > 0:
        with suppress(asyncio.CancelledError):
            await asyncio.wait({task}, timeout=left_s)
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task


@contextmanager
def _in_order() -> Generator[None]:
    """Tell an outage of the database from a fault of the work.

    Raises:
        DatabaseUnavailable: it is one.
    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        if (said := describe_outage(error)) is None:
            raise
        raise DatabaseUnavailable(said) from error


@contextmanager
def _reachable() -> Generator[None]:
    """Say in one sentence that the database cannot be reached.

    Raises:
        StorageError: it cannot.
    """
    try:
        yield
    except (DatabaseUnavailable, DBAPIError, OSError) as error:
        cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else error
        reason = cause.orig if isinstance(cause, DBAPIError) else cause
        said = str(reason) or "there was no answer in time"  # a time-out has no words
        raise StorageError(f"The database does not answer: {said}.") from error


def _parse(url: str) -> URL:
    try:
        parts = make_url(url)
    except ArgumentError as error:
        raise StorageError("The database's address cannot be read.") from error
    if parts.drivername not in {"sqlite", "postgresql", "postgres"}:
        raise StorageError(
            f"{parts.drivername}:// is no database that is known here: "
            "use sqlite:///… or postgresql://…"
        )
    return parts


def _sqlite_path(parts: URL) -> Path:
    if parts.database in {None, "", ":memory:"} or parts.query:
        raise StorageError("A SQLite database needs a file: sqlite:///data/dailies.db")
    return Path(str(parts.database)).absolute()


def _vacuum_into(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
