"""Databases at the schema of an earlier version."""

from pathlib import Path

from alembic import command as alembic
from alembic.config import Config
from sqlalchemy import Connection

from storage import migrations
from storage.database import Database


async def migrate_to(url: str, revision: str) -> None:
    def migrate(connection: Connection) -> None:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(Path(migrations.__path__[0])))
        alembic.upgrade(config, revision)

    async with await Database.open(url) as database:
        await database.transact(lambda tx: tx.run_sync(migrate))
