"""What a server's managers, a member and the operator have chosen before a play."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.guild_settings import GuildSettings
from storage import guild_settings, shards
from storage.database import Database


async def allow_private(url: str, guild_id: int) -> None:
    """Let the members of a server order for themselves alone."""
    await _save(url, guild_id, GuildSettings(private_allowed=True), None)


async def store_wishes(
    url: str, guild_id: int, channels: Mapping[str, int], notified_user_id: int | None
) -> None:
    """Store the channels that a server has chosen, by field, and who wants to be notified."""
    if channels or notified_user_id is not None:
        await _save(url, guild_id, GuildSettings.model_validate(channels), notified_user_id)


async def create_shards(url: str, count: int) -> None:
    """Set the number of shards; nobody holds them, and no session is kept."""
    async with await Database.open(url) as database:
        await database.transact(lambda tx: shards.replace_all(tx, count))


async def _save(
    url: str, guild_id: int, chosen: GuildSettings, notified_user_id: int | None
) -> None:
    async def save(tx: AsyncConnection) -> None:
        await guild_settings.save_settings(tx, guild_id, chosen.model_dump_json(), 0)
        if notified_user_id is not None:
            await guild_settings.set_done_notification(tx, guild_id, notified_user_id, enabled=True)

    async with await Database.open(url) as database:
        await database.transact(save)
