from storage import guild_settings, key_value
from storage.database import Database


async def test_a_note_is_kept_till_it_is_written_over(database: Database) -> None:
    """Each key has one text, the last."""
    assert await database.read(lambda tx: key_value.get(tx, "colour")) is None
    for value in ("red", "blue"):
        await database.transact(lambda tx, value=value: key_value.put(tx, "colour", value))
    await database.transact(lambda tx: key_value.put(tx, "shape", "round"))
    assert await database.read(lambda tx: key_value.get(tx, "colour")) == "blue"
    assert await database.read(lambda tx: key_value.get(tx, "shape")) == "round"


async def test_a_servers_settings_are_kept_till_they_are_written_over(database: Database) -> None:
    """Each server has its own text, the last; one that never had any has none."""
    for text in ('{"a": 1}', '{"a": 2}'):
        await database.transact(
            lambda tx, text=text: guild_settings.save_settings(tx, (1 << 63) - 1, text, 5)
        )
    await database.transact(lambda tx: guild_settings.save_settings(tx, 2, "{}", 6))
    assert (
        await database.read(lambda tx: guild_settings.get_settings(tx, (1 << 63) - 1)) == '{"a": 2}'
    )
    assert await database.read(lambda tx: guild_settings.get_settings(tx, 2)) == "{}"
    assert await database.read(lambda tx: guild_settings.get_settings(tx, 3)) is None
