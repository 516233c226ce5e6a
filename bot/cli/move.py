"""`move`: everything from one database to another, such as from SQLite to PostgreSQL."""

import click

from bot.cli.progress import show_progress
from bot.settings import DatabaseSettings
from storage import audit, transfer
from storage.audit import AuditReport
from storage.database import Database
from storage.database_url import SqliteAddress, parse_database_url
from storage.errors import StorageError, TransferRefused
from storage.transfer import Transferred


async def move(settings: DatabaseSettings, to_url: str) -> None:
    """Copy everything to an empty database, and check it; the source stays as it is.

    Raises:
        DatabaseInUse: the service runs on the SQLite file.
        SchemaTooOld: the source has to be migrated first.
        TransferRefused: the target is not empty, the service runs, or the copy is not exact.
        StorageError: one of both is unreachable.
    """
    parse_database_url(to_url)
    _require_file(settings.database_url)
    async with await Database.open(settings.database_url) as source:
        await source.ping()
        if await source.read(transfer.count_other_sessions):
            raise TransferRefused("The service is connected to the database: stop it first.")
        before = await source.read(audit.run_audit)
        async with await Database.open(to_url) as target:
            moved, after = await _copy(source, target)
    if before != after:
        raise TransferRefused("The audit of both differs; use the old database, and report this.")
    click.echo(f"Moved {moved.rows} rows of {moved.tables} tables. {_verdict(after)}")
    click.echo(
        "Next: set DATABASE_URL to the new address and start the service. MEDIA_STORE stays. "
        "The old database is as it was; keep it until the new one has a backup, and start "
        "nothing on it."
    )


def _require_file(url: str) -> None:
    address = parse_database_url(url)
    if isinstance(address, SqliteAddress) and not address.path.is_file():
        raise StorageError(f"There is no database at {address.path}.")


async def _copy(source: Database, target: Database) -> tuple[Transferred, AuditReport]:
    """Copy and audit in one transaction of the target, so that a fault leaves it empty."""
    total = await source.read(transfer.count_rows)
    with show_progress(total, "Moving rows") as advance:
        return await source.read_while(
            lambda read: target.migrate_and(
                lambda written: _transfer_and_audit(read, written, advance)
            )
        )


async def _transfer_and_audit(
    read: transfer.AsyncConnection, written: transfer.AsyncConnection, advance: transfer.Advance
) -> tuple[Transferred, AuditReport]:
    moved = await transfer.transfer(read, written, advance)
    return moved, await audit.run_audit(written)


def _verdict(report: AuditReport) -> str:
    if report.ok:
        return "Counts, sums and the audit are the same on both sides."
    return "Counts and sums are the same; `python -m bot audit` has complaints, as before."
