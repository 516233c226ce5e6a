"""Presets are kept by server and name, on both engines."""

import pytest
from sqlalchemy.exc import IntegrityError

from domain.models import AspectRatio, ModelId, Resolution
from domain.presets import Preset
from storage import guild_settings
from storage.database import Database

FULL = Preset(
    name="Ünïcode 🎬 'noir'",
    suffix='"grain", 50% dark',
    model=ModelId.SEEDANCE_2_0,
    seconds=8,
    resolution=Resolution.P1080,
    aspect_ratio=AspectRatio.CINEMA,
    sound=False,
)
BARE = Preset(name="bare", sound=True)


async def add(database: Database, guild_id: int, *kept: Preset) -> None:
    for preset in kept:
        await database.transact(
            lambda tx, one=preset: guild_settings.add_preset(tx, guild_id, one, 5)
        )


async def test_presets_come_back_as_they_were_by_name(database: Database) -> None:
    """Every field; each server has its own."""
    await add(database, (1 << 63) - 1, FULL, BARE)
    await add(database, 2, BARE)
    assert await database.read(lambda tx: guild_settings.list_presets(tx, (1 << 63) - 1)) == [
        BARE,
        FULL,
    ]
    assert await database.read(lambda tx: guild_settings.list_presets(tx, 2)) == [BARE]
    assert await database.read(lambda tx: guild_settings.list_presets(tx, 3)) == []


async def test_a_name_is_there_once_whatever_its_case(database: Database) -> None:
    """The database itself refuses a second one."""
    await add(database, 1, BARE)
    with pytest.raises(IntegrityError):
        await add(database, 1, Preset(name="BARE", sound=False))
    assert await database.read(lambda tx: guild_settings.list_presets(tx, 1)) == [BARE]


async def test_a_removed_preset_is_gone_from_its_server_alone(database: Database) -> None:
    """Removing what is not there does nothing."""
    await add(database, 1, BARE)
    await add(database, 2, BARE)
    for _ in range(2):
        await database.transact(lambda tx: guild_settings.remove_preset(tx, 1, BARE.key))
    assert await database.read(lambda tx: guild_settings.list_presets(tx, 1)) == []
    assert await database.read(lambda tx: guild_settings.list_presets(tx, 2)) == [BARE]
