"""Knows what members chose for themselves on a server."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.conflicts import insert_or_update
from storage.schema import members


async def is_told(tx: AsyncConnection, guild_id: int, user_id: int) -> bool:
    """Tell whether a member wants a message when a video of theirs is done."""
    theirs = members.c.guild_id == guild_id, members.c.user_id == user_id
    found = await tx.execute(select(members.c.tell_when_done).where(*theirs))
    return bool(found.scalar())


async def set_told(tx: AsyncConnection, guild_id: int, user_id: int, *, wanted: bool) -> None:
    """Write down whether a member wants a message when a video of theirs is done."""
    row = {"guild_id": guild_id, "user_id": user_id, "tell_when_done": int(wanted)}
    await tx.execute(insert_or_update(tx, members, "guild_id", "user_id"), row)
