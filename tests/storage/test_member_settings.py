"""What members chose for themselves is kept by server and member, on both engines."""

import asyncio

from storage import guild_settings
from storage.database import Database

LARGEST = (1 << 63) - 1


async def choose(database: Database, guild_id: int, user_id: int, *, wanted: bool) -> None:
    await database.transact(
        lambda tx: guild_settings.set_done_notification(tx, guild_id, user_id, enabled=wanted)
    )


async def told(database: Database, guild_id: int, user_id: int) -> bool:
    return await database.read(
        lambda tx: guild_settings.wants_done_notification(tx, guild_id, user_id)
    )


async def test_nobody_is_told_unless_they_wish_so(database: Database) -> None:
    """The last choice counts, on its server, for its member."""
    assert not await told(database, LARGEST, LARGEST)
    for wanted in (True, False, True, True):
        await choose(database, LARGEST, LARGEST, wanted=wanted)
        assert await told(database, LARGEST, LARGEST) is wanted
    assert not await told(database, 1, LARGEST)
    assert not await told(database, LARGEST, 1)


async def test_two_choices_at_once_are_one_after_the_other(database: Database) -> None:
    """Neither fails; one of them counts."""
    await asyncio.gather(*(choose(database, 1, 2, wanted=True) for _ in range(8)))
    assert await told(database, 1, 2)
