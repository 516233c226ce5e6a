"""Settings of guilds and members, and the presets of guilds."""

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.presets import Preset
from storage.schema import guilds, members, presets
from storage.upsert import upsert


async def get_settings(tx: AsyncConnection, guild_id: int) -> str | None:
    """Return a guild's settings as JSON; None if it never had any."""
    found = await tx.execute(select(guilds.c.settings).where(guilds.c.guild_id == guild_id))
    return found.scalar()


async def get_all_settings(tx: AsyncConnection) -> dict[int, str]:
    """Return the settings of every guild that has any, by guild id."""
    found = await tx.execute(select(guilds.c.guild_id, guilds.c.settings))
    return dict(found.all())


async def save_settings(tx: AsyncConnection, guild_id: int, text: str, now_ms: int) -> None:
    """Replace a guild's settings."""
    row = {"guild_id": guild_id, "settings": text, "updated_at_ms": now_ms}
    await tx.execute(upsert(tx, guilds, "guild_id"), row)


async def lock_guild(tx: AsyncConnection, guild_id: int) -> None:
    """Make other transactions that change settings of this guild wait for this one.

    Take it before any other lock. SQLite has only one writer anyway.
    """
    if tx.dialect.name == "postgresql":
        await tx.execute(select(func.pg_advisory_xact_lock(guild_id)))


async def list_presets(tx: AsyncConnection, guild_id: int) -> list[Preset]:
    """Return a guild's presets by name, case-insensitively."""
    found = await tx.execute(
        select(presets.c.preset, presets.c.takes).where(presets.c.guild_id == guild_id)
    )
    # The version before refuses a text that says more than it did: its takes stand beside it.
    read = [
        Preset.model_validate_json(text).model_copy(update={"takes": takes})
        for text, takes in found
    ]
    return sorted(read, key=lambda preset: preset.key)


async def add_preset(tx: AsyncConnection, guild_id: int, preset: Preset, now_ms: int) -> None:
    """Insert a preset whose name is free; lock the guild first."""
    row = {
        "guild_id": guild_id,
        "name": preset.key,
        "preset": preset.model_dump_json(exclude={"takes"}),
        "takes": preset.takes,
        "updated_at_ms": now_ms,
    }
    await tx.execute(insert(presets).values(row))


async def remove_preset(tx: AsyncConnection, guild_id: int, key: str) -> None:
    """Delete the preset with a key, if it exists; lock the guild first."""
    is_preset = presets.c.guild_id == guild_id, presets.c.name == key
    await tx.execute(delete(presets).where(*is_preset))


async def wants_done_notification(tx: AsyncConnection, guild_id: int, user_id: int) -> bool:
    """Return whether a member wants a message when one of their videos is done."""
    is_member = members.c.guild_id == guild_id, members.c.user_id == user_id
    found = await tx.execute(select(members.c.tell_when_done).where(*is_member))
    return bool(found.scalar())


async def set_done_notification(
    tx: AsyncConnection, guild_id: int, user_id: int, *, enabled: bool
) -> None:
    """Store whether a member wants a message when one of their videos is done."""
    row = {"guild_id": guild_id, "user_id": user_id, "tell_when_done": int(enabled)}
    await tx.execute(upsert(tx, members, "guild_id", "user_id"), row)
