"""Prints what was spent on all servers, for the operator's own sheets."""

import click

from domain.reports import Days, Grouping
from storage.database import Database
from workflow import report, spreadsheet


async def print_sums(database_url: str, days: Days, grouping: Grouping) -> None:
    """Print CSV from a database, also one in use: a line for each server and group."""
    async with await Database.open(database_url, read_only=True) as database:
        await database.ping()
        known, lines = await database.read(lambda tx: report.of_everyone(tx, days, grouping))
    click.echo(spreadsheet.of_everyone(lines, known, grouping), nl=False)
