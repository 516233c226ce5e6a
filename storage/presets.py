"""Knows the presets of each server."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.presets import Preset
from storage.schema import presets


async def of_server(tx: AsyncConnection, guild_id: int) -> list[Preset]:
    """Read a server's presets by name, whatever their case."""
    found = await tx.execute(select(presets.c.preset).where(presets.c.guild_id == guild_id))
    return sorted(map(Preset.model_validate_json, found.scalars()), key=lambda preset: preset.key)


async def add(tx: AsyncConnection, guild_id: int, preset: Preset, now_ms: int) -> None:
    """Write a preset whose name is free; lock the server before."""
    row = {
        "guild_id": guild_id,
        "name": preset.key,
        "preset": preset.model_dump_json(),
        "updated_at_ms": now_ms,
    }
    await tx.execute(insert(presets).values(row))


async def remove(tx: AsyncConnection, guild_id: int, key: str) -> None:
    """Remove the preset with a key, if there is one; lock the server before."""
    theirs = presets.c.guild_id == guild_id, presets.c.name == key
    await tx.execute(delete(presets).where(*theirs))
