"""What is told below the answer to a command: bonuses to their member, limits to a manager."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from workflow.billing import bonus_notes, limit_warnings
from workflow.billing.bonus_notes import BonusNote
from workflow.billing.limit_warnings import LimitWarning
from workflow.context import Context


@dataclass(frozen=True, slots=True)
class PrivateNotices:
    """Bonuses given and taken back, and warnings of the server's limits, told or not."""

    notes: list[BonusNote]
    warnings: list[LimitWarning]


async def read_notices(
    context: Context, guild_id: int, user_id: int, *, manages: bool
) -> PrivateNotices:
    """Read what a member, or one who manages the server, is to be told."""
    now_ms = context.now_ms()

    async def read(tx: AsyncConnection) -> PrivateNotices:
        warnings = await limit_warnings.list_warnings_of(tx, guild_id, now_ms) if manages else []
        return PrivateNotices(await bonus_notes.list_notes(tx, guild_id, user_id), warnings)

    return await context.database.read(read)


async def remove_bonus_notes(
    context: Context, guild_id: int, user_id: int, shown: list[BonusNote]
) -> None:
    """Remove notes that a member has been shown."""
    await context.database.transact(
        lambda tx: bonus_notes.remove_notes(tx, guild_id, user_id, shown)
    )


async def read_warnings(context: Context) -> list[LimitWarning]:
    """Read the last warning of each shared limit, told or not."""
    now_ms = context.now_ms()
    return await context.database.read(lambda tx: limit_warnings.list_warnings(tx, now_ms))
