"""The audit trail of what managers decide on the panel of their server."""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import changes
from storage.changes import Change
from workflow.context import Context

_ON_THE_PANEL: Final = ("setting", "preset", "limit")
_MOST: Final = 100


async def latest(context: Context, guild_id: int) -> tuple[Change, ...]:
    """Read the last changes of settings, presets and limits, newest first."""

    async def work(tx: AsyncConnection) -> tuple[Change, ...]:
        return tuple(await changes.latest(tx, guild_id, _MOST, sorts=_ON_THE_PANEL))

    return await context.database.read(work)
