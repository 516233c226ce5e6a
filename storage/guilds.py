"""Knows the settings of each server, as the text that its managers' panel writes."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.conflicts import insert_or_update
from storage.schema import guilds


async def settings(tx: AsyncConnection, guild_id: int) -> str | None:
    """Read a server's settings; None if it never had any."""
    found = await tx.execute(select(guilds.c.settings).where(guilds.c.guild_id == guild_id))
    return found.scalar()


async def all_settings(tx: AsyncConnection) -> dict[int, str]:
    """Read the settings of every server that has any, by the server's id."""
    found = await tx.execute(select(guilds.c.guild_id, guilds.c.settings))
    return dict(found.all())


async def save(tx: AsyncConnection, guild_id: int, text: str, now_ms: int) -> None:
    """Write a server's settings over what stood there."""
    row = {"guild_id": guild_id, "settings": text, "updated_at_ms": now_ms}
    await tx.execute(insert_or_update(tx, guilds, "guild_id"), row)


async def lock(tx: AsyncConnection, guild_id: int) -> None:
    """Have everyone else who changes what is set for this server wait for this transaction.

    To be taken before anything else. On SQLite one writes at a time anyway.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(select(func.pg_advisory_xact_lock(guild_id)))
