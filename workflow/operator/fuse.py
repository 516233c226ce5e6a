"""Tells that the service has stopped by itself: at the day's exposure, or for want of room.

What waits then says so on its card, and the operator is told once for each time.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import status_messages
from workflow.context import Context
from workflow.once import forget, once
from workflow.operator.halt import halt_of
from workflow.operator.operate import Exposure, exposure_of
from workflow.publishing import Halt
from workflow.room import Room

_log = structlog.get_logger(__name__)

_DAY_MS: Final = 86_400_000
_SHOWN: Final = "halt shown"
_EXPOSURE_TOLD: Final = "exposure told"
_ROOM_TOLD: Final = "want of room told"

News = Exposure | Room
Tell = Callable[[News], Awaitable[bool]]
"""Tells the operator; False if that did not work."""


async def mind(context: Context, tell: Tell) -> None:
    """Bring the cards up to date when what stops the belt is another, or nothing; tell of it."""
    halt, exposure = await context.database.read(lambda tx: _look(tx, context))
    await once(context, _SHOWN, halt.why if halt else "none", lambda _: _show(context))
    await _mind_exposure(context, exposure, tell)
    await _mind_room(context, tell)


async def _look(tx: AsyncConnection, context: Context) -> tuple[Halt | None, Exposure]:
    return await halt_of(tx, context), await exposure_of(tx, context, context.now_ms())


async def _show(context: Context) -> bool:
    await context.database.transact(lambda tx: status_messages.outdate_all(tx, JobState.QUEUED))
    return True


async def _mind_exposure(context: Context, exposure: Exposure, tell: Tell) -> None:
    """Tell each time that the exposure reaches its limit; what was accepted makes a new time."""
    if not exposure.is_reached:
        await forget(context, _EXPOSURE_TOLD)
        return

    async def work(_: int | None) -> bool:
        _log.error("stopped: the exposure of the day is at its limit", micro_usd=exposure.amount)
        return await tell(exposure)

    occasion = f"{context.now_ms() // _DAY_MS}-{exposure.accepted}"
    await once(context, _EXPOSURE_TOLD, occasion, work)


async def _mind_room(context: Context, tell: Tell) -> None:
    """Tell each time that the room for videos runs out."""
    room = context.room()
    if not room.is_short:
        await forget(context, _ROOM_TOLD)
        return

    async def work(_: int | None) -> bool:
        _log.error("stopped: no room to keep more videos", free=room.free, floor=room.floor)
        return await tell(room)

    await once(context, _ROOM_TOLD, "short", work)
