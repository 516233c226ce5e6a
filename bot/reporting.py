"""Prints what was spent on all servers, for the operator's own sheets."""

import time

import click

from bot import reconciling
from domain.reports import Days, Grouping
from storage.database import Database
from workflow import report, spreadsheet


async def print_sums(database_url: str, days: Days, grouping: Grouping) -> None:
    """Print CSV from a database, also one in use: a line for each server and group.

    How the balance fits the ledger goes to standard error.
    """
    async with await Database.open(database_url, read_only=True) as database:
        await database.ping()
        known, lines = await database.read(lambda tx: report.of_everyone(tx, days, grouping))
        now_ms = time.time_ns() // 1_000_000
        fits, _ = await database.read(lambda tx: reconciling.describe(tx, now_ms))
    click.echo(f"Reconciliation: {fits}", err=True)
    click.echo(spreadsheet.of_everyone(lines, known, grouping), nl=False)
