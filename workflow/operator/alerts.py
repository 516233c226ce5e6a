"""Tells the operator of parked jobs: of each once, and at most one message a minute."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import jobs, key_value, parked_jobs, status_messages, submission_pause
from storage.jobs import Job
from workflow.context import Context
from workflow.disk_space import Room
from workflow.operator.control import Exposure, exposure_of
from workflow.publisher import Halt
from workflow.reliability import forget, once
from workflow.submission_gate import halt_of

_LAST: Final = "parked told"
_GAP_MS: Final = 60_000

TellParked = Callable[[Counter[JobState]], Awaitable[bool]]
"""Tells the operator how many jobs were parked in which states; False if that did not work."""


async def report(context: Context, tell: TellParked) -> None:
    """Tell of what was parked since the last message, if that is a minute ago.

    A message that reached nobody, or a process that died over it, is made good a minute later.
    """
    if not await context.database.read(parked_jobs.untold):
        return
    waiting = await context.database.transact(lambda tx: _take(tx, context.now_ms()))
    if waiting and await tell(Counter(job.state for job in waiting)):
        ids = [job.id for job in waiting]
        now_ms = context.now_ms()
        await context.database.transact(lambda tx: parked_jobs.told(tx, ids, now_ms))


async def _take(tx: AsyncConnection, now_ms: int) -> Sequence[Job]:
    """Take the turn to tell, which the others then leave alone for a minute."""
    await submission_pause.lock(tx)
    last_ms = int(await key_value.get(tx, _LAST) or 0)
    if now_ms - last_ms < _GAP_MS:
        return ()
    await key_value.put(tx, _LAST, str(now_ms))
    found = [await jobs.get(tx, job_id) for job_id in await parked_jobs.untold(tx)]
    return [job for job in found if job is not None]


_log = structlog.get_logger(__name__)

_DAY_MS: Final = 86_400_000
_SHOWN: Final = "halt shown"
_EXPOSURE_TOLD: Final = "exposure told"
_ROOM_TOLD: Final = "want of room told"

News = Exposure | Room
TellStopped = Callable[[News], Awaitable[bool]]
"""Tells the operator; False if that did not work."""


async def mind(context: Context, tell: TellStopped) -> None:
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


async def _mind_exposure(context: Context, exposure: Exposure, tell: TellStopped) -> None:
    """Tell each time that the exposure reaches its limit; what was accepted makes a new time."""
    if not exposure.is_reached:
        await forget(context, _EXPOSURE_TOLD)
        return

    async def work(_: int | None) -> bool:
        _log.error("stopped: the exposure of the day is at its limit", micro_usd=exposure.amount)
        return await tell(exposure)

    occasion = f"{context.now_ms() // _DAY_MS}-{exposure.accepted}"
    await once(context, _EXPOSURE_TOLD, occasion, work)


async def _mind_room(context: Context, tell: TellStopped) -> None:
    """Tell each time that the room for videos runs out."""
    room = context.room()
    if not room.is_short:
        await forget(context, _ROOM_TOLD)
        return

    async def work(_: int | None) -> bool:
        _log.error("stopped: no room to keep more videos", free=room.free, floor=room.floor)
        return await tell(room)

    await once(context, _ROOM_TOLD, "short", work)
