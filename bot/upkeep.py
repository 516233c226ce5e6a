"""Looks after the database from the command line: its schema, and copies of it."""

from pathlib import Path

import click

from storage.database import Database


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
