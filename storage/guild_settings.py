"""Knows the settings of each server, as the text that its managers' panel writes."""

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.presets import Preset
from storage.schema import guilds, members, presets
from storage.upsert import upsert


async def get_settings(tx: AsyncConnection, guild_id: int) -> str | None:
    """Read a server's settings; None if it never had any."""
    found = await tx.execute(select(guilds.c.settings).where(guilds.c.guild_id == guild_id))
    return found.scalar()


async def get_all_settings(tx: AsyncConnection) -> dict[int, str]:
    """Read the settings of every server that has any, by the server's id."""
    found = await tx.execute(select(guilds.c.guild_id, guilds.c.settings))
    return dict(found.all())


async def save_settings(tx: AsyncConnection, guild_id: int, text: str, now_ms: int) -> None:
    """Write a server's settings over what stood there."""
    row = {"guild_id": guild_id, "settings": text, "updated_at_ms": now_ms}
    await tx.execute(upsert(tx, guilds, "guild_id"), row)


async def lock_guild(tx: AsyncConnection, guild_id: int) -> None:
    """Have everyone else who changes what is set for this server wait for this transaction.

    To be taken before anything else. On SQLite one writes at a time anyway.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(select(func.pg_advisory_xact_lock(guild_id)))


async def list_presets(tx: AsyncConnection, guild_id: int) -> list[Preset]:
    """Read a server's presets by name, whatever their case."""
    found = await tx.execute(select(presets.c.preset).where(presets.c.guild_id == guild_id))
    return sorted(map(Preset.model_validate_json, found.scalars()), key=lambda preset: preset.key)


async def add_preset(tx: AsyncConnection, guild_id: int, preset: Preset, now_ms: int) -> None:
    """Write a preset whose name is free; lock the server before."""
    row = {
        "guild_id": guild_id,
        "name": preset.key,
        "preset": preset.model_dump_json(),
        "updated_at_ms": now_ms,
    }
    await tx.execute(insert(presets).values(row))


async def remove_preset(tx: AsyncConnection, guild_id: int, key: str) -> None:
    """Remove the preset with a key, if there is one; lock the server before."""
    theirs = presets.c.guild_id == guild_id, presets.c.name == key
    await tx.execute(delete(presets).where(*theirs))


async def wants_done_notification(tx: AsyncConnection, guild_id: int, user_id: int) -> bool:
    """Tell whether a member wants a message when a video of theirs is done."""
    theirs = members.c.guild_id == guild_id, members.c.user_id == user_id
    found = await tx.execute(select(members.c.tell_when_done).where(*theirs))
    return bool(found.scalar())


async def set_done_notification(
    tx: AsyncConnection, guild_id: int, user_id: int, *, enabled: bool
) -> None:
    """Write down whether a member wants a message when a video of theirs is done."""
    row = {"guild_id": guild_id, "user_id": user_id, "tell_when_done": int(enabled)}
    await tx.execute(upsert(tx, members, "guild_id", "user_id"), row)
