"""The number of shards, changed while nothing runs."""

import click
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import StillRunning
from storage import processes, shards
from storage.database import Database


async def reshard(database_url: str, count: int) -> None:
    """Set another number of shards; sessions of the old number end with it.

    Raises:
        StillRunning: processes hold shards.
    """
    async with await Database.open(database_url) as database:
        await database.migrate()
        now_ms = await database.now_ms()

        async def replace(tx: AsyncConnection) -> int:
            before = len(await shards.lock_leases(tx))
            is_shared = database.path is None
            alive = await processes.list_alive(tx, now_ms) if is_shared else ()
            if hosts := [f"{one.host} (process {one.pid})" for one in alive if one.room]:
                raise StillRunning(hosts)
            await shards.replace_all(tx, count)
            return before

        before = await database.transact(replace)
    click.echo(f"{count} shard(s) from the next start on; before: {before or 'not set'}.")
