"""Checks of the database: whether it answers, and whether a start could write to it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.cli.findings import Finding, warn
from bot.cli.local_checks import read_readiness
from bot.settings import Settings
from bot.sharding.roles import require_count
from storage import parked_jobs, restored_jobs
from storage.database import Database
from storage.database_url import SqliteAddress, parse_database_url
from storage.errors import DatabaseInUse, SchemaTooOld
from storage.write_access import require_unlocked_file, require_writable_file


@asynccontextmanager
async def open_existing(settings: Settings) -> AsyncGenerator[Database | None]:
    """Open the database for reading; None if the service has never made its file or tables."""
    path = _file_of(settings)
    if path is not None and not path.exists():
        yield None
        return
    async with await Database.open(settings.database_url, read_only=True) as database:
        yield database if await database.read_schema() is not None else None


def _file_of(settings: Settings) -> Path | None:
    """Return the path of a SQLite database, None for PostgreSQL."""
    address = parse_database_url(settings.database_url)
    return address.path if isinstance(address, SqliteAddress) else None


async def check_database(settings: Settings) -> Finding:
    """Look whether a start could open the database, bring its schema up, and write."""
    path = _file_of(settings)
    if path is None:
        return await _check_server(settings)
    require_writable_file(path)
    if path.exists():
        async with await Database.open(settings.database_url, read_only=True) as database:
            finding, is_complete = await _look_at_schema(database)
            if is_complete:
                await require_count(database, settings.shards)
    else:
        finding = Finding(f"{path} will be made at the first start")
    if await read_readiness(settings) is None:
        return _look_at_lock(settings, path, finding)
    return finding


async def check_jobs(settings: Settings) -> Finding:
    """Count the jobs that wait for the operator; a restored copy leaves some in doubt."""
    async with open_existing(settings) as database:
        if database is None:
            return Finding("there are none yet")
        await database.ping()
        parked = await database.read(parked_jobs.count)
        doubtful = sum((await database.read(restored_jobs.count_releasable)).values())
    if not parked:
        return Finding("none waits for your decision")
    text = f"{parked} wait(s) for your decision in /operator parked"
    if doubtful:
        text += f"; of {doubtful} the restored database does not say whether they were submitted"
    return warn(text)


async def _check_server(settings: Settings) -> Finding:
    async with await Database.open(settings.database_url, read_only=True) as database:
        finding, is_complete = await _look_at_schema(database)
        await database.require_write_rights(is_complete=is_complete)
        if is_complete:
            await require_count(database, settings.shards)
    return finding


async def _look_at_schema(database: Database) -> tuple[Finding, bool]:
    """Return what is to be said of the schema, and whether it is this version's."""
    if await database.read_schema() is None:
        return Finding("answers; its tables will be made at the first start"), False
    try:
        await database.ping()
    except SchemaTooOld as error:
        return warn(
            f"answers; its schema {error.revision} is brought to {error.newest} at the next "
            "start: `python -m bot backup` first"
        ), False
    return Finding("answers"), True


def _look_at_lock(settings: Settings, path: Path, finding: Finding) -> Finding:
    """Return the finding if nobody writes to the file but, perhaps, the service itself.

    Raises:
        DatabaseInUse: somebody does, and no service answers.
    """
    try:
        require_unlocked_file(path)
    except DatabaseInUse:
        if settings.http_port:  # otherwise nobody can say where the service would answer
            raise
        return warn(f"{finding.text}; another process has it, perhaps the service")
    return finding
