"""Tells the operator of parked jobs: of each once, and at most one message a minute."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.jobs import JobState
from storage import jobs, key_value, parked_jobs, status_messages, submission_pause
from storage.jobs import Job
from workflow.context import Context
from workflow.disk_space import DiskSpace
from workflow.operator.control import Exposure, read_exposure
from workflow.publisher import SubmissionBlock
from workflow.reliability import reset_run_once, run_once_per
from workflow.submission_gate import find_submission_block

_LAST: Final = "parked told"
_GAP_MS: Final = 60_000

SendParkedAlert = Callable[[Counter[JobState]], Awaitable[bool]]
"""Tells the operator how many jobs were parked in which states; False if that did not work."""


async def alert_parked_jobs(context: Context, send: SendParkedAlert) -> None:
    """Tell of what was parked since the last message, if that is a minute ago.

    A message that reached nobody, or a process that died over it, is made good a minute later.
    """
    if not await context.database.read(parked_jobs.list_unreported):
        return
    waiting = await context.database.transact(lambda tx: _take(tx, context.now_ms()))
    if waiting and await send(Counter(job.state for job in waiting)):
        ids = [job.id for job in waiting]
        now_ms = context.now_ms()
        await context.database.transact(lambda tx: parked_jobs.mark_reported(tx, ids, now_ms))


async def _take(tx: AsyncConnection, now_ms: int) -> Sequence[Job]:
    """Take the turn to tell, which the others then leave alone for a minute."""
    await submission_pause.lock(tx)
    last_ms = int(await key_value.get(tx, _LAST) or 0)
    if now_ms - last_ms < _GAP_MS:
        return ()
    await key_value.put(tx, _LAST, str(now_ms))
    found = [await jobs.get(tx, job_id) for job_id in await parked_jobs.list_unreported(tx)]
    return [job for job in found if job is not None]


_log = structlog.get_logger(__name__)

_SHOWN: Final = "halt shown"
_EXPOSURE_TOLD: Final = "exposure told"
_ROOM_TOLD: Final = "want of room told"

SubmissionAlert = Exposure | DiskSpace
SendSubmissionAlert = Callable[[SubmissionAlert], Awaitable[bool]]
"""Tells the operator; False if that did not work."""


async def check_submission_block(context: Context, send: SendSubmissionAlert) -> None:
    """Bring the cards up to date when what stops the belt is another, or nothing; tell of it."""
    halt, exposure = await context.database.read(lambda tx: _look(tx, context))
    await run_once_per(context, _SHOWN, halt.reason if halt else "none", lambda _: _show(context))
    await _mind_exposure(context, exposure, send)
    await _mind_room(context, send)


async def _look(tx: AsyncConnection, context: Context) -> tuple[SubmissionBlock | None, Exposure]:
    return await find_submission_block(tx, context), await read_exposure(
        tx, context, context.now_ms()
    )


async def _show(context: Context) -> bool:
    await context.database.transact(
        lambda tx: status_messages.mark_all_outdated(tx, JobState.QUEUED)
    )
    return True


async def _mind_exposure(context: Context, exposure: Exposure, tell: SendSubmissionAlert) -> None:
    """Tell each time that the exposure reaches its limit; what was accepted makes a new time."""
    if not exposure.is_reached:
        await reset_run_once(context, _EXPOSURE_TOLD)
        return

    async def send_alert(_: int | None) -> bool:
        _log.error("stopped: the exposure of the day is at its limit", micro_usd=exposure.amount)
        return await tell(exposure)

    occasion = f"{context.now_ms() // DAY_MS}-{exposure.accepted}"
    await run_once_per(context, _EXPOSURE_TOLD, occasion, send_alert)


async def _mind_room(context: Context, tell: SendSubmissionAlert) -> None:
    """Tell each time that the room for videos runs out."""
    room = context.disk_space()
    if not room.is_low:
        await reset_run_once(context, _ROOM_TOLD)
        return

    async def send_alert(_: int | None) -> bool:
        _log.error(
            "stopped: no room to keep more videos", free=room.free_bytes, floor=room.min_free_bytes
        )
        return await tell(room)

    await run_once_per(context, _ROOM_TOLD, "short", send_alert)
