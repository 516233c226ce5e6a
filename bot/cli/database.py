"""Prints what the audit of the ledger and the jobs found."""

import json
import time
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli import doctor
from domain.money import MicroUSD, format_usd_en
from domain.reports import DayRange, Grouping
from storage import audit
from storage.audit import AuditReport
from storage.database import Database
from workflow.reports import csv_export, spending


async def print_audit(database_url: str, *, as_json: bool) -> int:
    """Audit a database, also one in use, and return the exit code: 1 if an invariant is broken."""
    async with await Database.open(database_url, read_only=True) as database:
        await database.ping()
        verdict = await database.read(audit.run_audit)
    click.echo(json.dumps(asdict(verdict)) if as_json else _sentences(verdict))
    return 0 if verdict.ok else 1


def _sentences(verdict: AuditReport) -> str:
    jobs = ", ".join(f"{count} {state}" for state, count in verdict.jobs.items() if count)
    sums = ((kind, MicroUSD(micro)) for kind, micro in verdict.ledger.items())
    money = ", ".join(f"{format_usd_en(amount)} {kind}" for kind, amount in sums)
    lines = [f"Jobs: {jobs or 'none'}.", f"Ledger: {money}."]
    if verdict.ok:
        lines.append("Every invariant holds.")
    else:
        lines += ["Broken:", *(f"  {violation}" for violation in verdict.violations)]
    return "\n".join(lines)


async def migrate(database_url: str) -> None:
    """Bring the schema to the newest version."""
    async with await Database.open(database_url) as database:
        await database.migrate()
    click.echo("The schema is at its newest version.")


async def backup(database_url: str, path: Path) -> None:
    """Write a consistent copy of the database to `path`."""
    async with await Database.open(database_url, read_only=True) as database:
        await database.ping()
        await database.backup(path)
    click.echo(f"Copied to {path}.")


async def print_spending(database_url: str, days: DayRange, grouping: Grouping) -> None:
    """Print CSV from a database, also one in use: a line for each server and group.

    How the balance fits the ledger goes to standard error.
    """
    async with await Database.open(database_url, read_only=True) as database:
        await database.ping()
        known, lines = await database.read(
            lambda tx: spending.read_spending_by_server(tx, days, grouping)
        )
        now_ms = time.time_ns() // 1_000_000
        fits, _ = await database.read(lambda tx: doctor.describe(tx, now_ms))
    click.echo(f"Reconciliation: {fits}", err=True)
    click.echo(csv_export.format_all_servers_csv(lines, known, grouping), nl=False)
