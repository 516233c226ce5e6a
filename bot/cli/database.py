"""Database commands: audit, migrate, backup, spending report."""

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli import money_checks
from bot.cli.archives import describe_restored
from bot.cli.offline import OfflineContext, open_media_store
from domain.durations import DAY_MS
from domain.money import MicroUSD, format_usd_en
from domain.reports import DayRange, Grouping
from storage import audit
from storage.audit import AuditReport
from storage.database import Database
from workflow import restore
from workflow.billing import reconciliation
from workflow.reports import csv_export, spending
from workflow.urls.signing import rotate_signing_secret


async def print_audit(database_url: str, *, as_json: bool) -> int:
    """Audit a database, also one in use, and return the exit code: 1 if an invariant is broken."""
    async with await Database.open(database_url, read_only=True) as database:
        await database.ping()
        audit_report = await database.read(audit.run_audit)
    click.echo(json.dumps(asdict(audit_report)) if as_json else _format_report(audit_report))
    return 0 if audit_report.ok else 1


def _format_report(audit_report: AuditReport) -> str:
    jobs = ", ".join(f"{count} {state}" for state, count in audit_report.jobs.items() if count)
    sums = ((kind, MicroUSD(micro)) for kind, micro in audit_report.ledger.items())
    money = ", ".join(f"{format_usd_en(amount)} {kind}" for kind, amount in sums)
    lines = [f"Jobs: {jobs or 'none'}.", f"Ledger: {money}."]
    if audit_report.ok:
        lines.append("Every invariant holds.")
    else:
        lines += ["Broken:", *(f"  {violation}" for violation in audit_report.violations)]
    return "\n".join(lines)


async def migrate(database_url: str) -> None:
    """Migrate the schema to the newest version."""
    async with await Database.open(database_url) as database:
        await database.migrate()
    click.echo("The schema is at its newest version.")


async def backup(database_url: str, path: Path) -> None:
    """Write a consistent copy of a SQLite database to `path`, whatever its schema."""
    async with await Database.open(database_url, read_only=True) as database:
        await database.backup(path)
    click.echo(f"Copied to {path}.")


async def declare_restored(database_url: str, media_store: str) -> None:
    """Mark the open jobs of a database that was restored together with its media store.

    What members had deleted is deleted again.
    """
    media = await open_media_store(media_store)
    async with await Database.open(database_url) as database:
        await database.migrate()
        restored = await restore.declare_restored(database, time.time_ns() // 1_000_000)
        await restore.erase_again(OfflineContext(database, media))
    click.echo(describe_restored(restored))


async def acknowledge_gap(database_url: str) -> None:
    """Take the gap between APIXO's balance and the ledger as known, such as that of a restore."""
    async with await Database.open(database_url) as database:
        await database.ping()
        now_ms = await database.now_ms()
        gap = await database.transact(lambda tx: reconciliation.acknowledge_gap(tx, now_ms))
    if gap:
        click.echo(f"{format_usd_en(gap)} acknowledged: doctor and report go by what comes later.")
    else:
        click.echo("There is no gap in the last seven days' readings of APIXO's balance.")


async def rotate_secret(database_url: str, keep_days: int) -> None:
    """Make a new signing secret; links made before are valid for some days more, or not at all."""
    async with await Database.open(database_url) as database:
        await database.ping()
        keep_until_ms = await database.now_ms() + keep_days * DAY_MS if keep_days else None
        await database.transact(lambda tx: rotate_signing_secret(tx, keep_until_ms))
    kept = f"work for {keep_days} more days at most" if keep_days else "do not work any longer"
    click.echo(
        f"Links and callbacks are signed with a new secret. Those made before {kept}. Start the "
        "service again, every process of it."
    )


async def print_spending(database_url: str, days: DayRange, grouping: Grouping) -> None:
    """Print the spending as CSV from a database, also one in use: a line per server and group.

    The reconciliation of balance and ledger goes to standard error.
    """
    async with await Database.open(database_url, read_only=True) as database:
        await database.ping()
        known, lines = await database.read(
            lambda tx: spending.read_spending_by_server(tx, days, grouping)
        )
        now_ms = time.time_ns() // 1_000_000
        summary, _ = await database.read(lambda tx: money_checks.describe(tx, now_ms))
    click.echo(f"Reconciliation: {summary}", err=True)
    click.echo(csv_export.format_all_servers_csv(lines, known, grouping), nl=False)
