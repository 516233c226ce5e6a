"""Operator alerts: parked jobs, exposure and disk space, each once.

Parked jobs are reported together, at most one message a minute.
"""

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
from workflow.reliability import MAX_ATTEMPTS, repeat_at_ms, reset_run_once, run_once_per
from workflow.submission_gate import find_submission_block

_log = structlog.get_logger(__name__)

_LAST_ALERT: Final = "parked told"
_MIN_INTERVAL_MS: Final = 60_000

SendParkedAlert = Callable[[Counter[JobState]], Awaitable[bool]]
"""Sends the operator the number of parked jobs by state; returns whether it was sent."""


async def alert_parked_jobs(context: Context, send: SendParkedAlert) -> None:
    """Report the jobs parked since the last message, if that was at least a minute ago.

    If the process dies meanwhile, the next attempt is a minute later; if sending fails, after
    pauses that grow to an hour, until it is given up.
    """
    if not await context.database.read(parked_jobs.list_unreported):
        return
    parked = await context.database.transact(lambda tx: _claim_alert(tx, context.now_ms()))
    if not parked:
        return
    is_sent = await send(Counter(job.state for job in parked))
    ids = [job.id for job in parked]
    await context.database.transact(lambda tx: _record_alert(tx, context, ids, is_sent=is_sent))


async def _claim_alert(tx: AsyncConnection, now_ms: int) -> Sequence[Job]:
    """Claim the next alert for a minute, so that no other process sends it; return its jobs."""
    await submission_pause.lock(tx)
    last_ms, failures = await _read_last_alert(tx)
    if now_ms - last_ms < _MIN_INTERVAL_MS:
        return ()
    await key_value.put(tx, _LAST_ALERT, f"{now_ms} {failures}")
    found = [await jobs.get(tx, job_id) for job_id in await parked_jobs.list_unreported(tx)]
    return [job for job in found if job is not None]


async def _record_alert(
    tx: AsyncConnection, context: Context, job_ids: Sequence[str], *, is_sent: bool
) -> None:
    last_ms, failures = await _read_last_alert(tx)
    failures = 0 if is_sent else failures + 1
    is_given_up = failures >= MAX_ATTEMPTS
    if is_given_up:
        _log.error("repeated action given up", name=_LAST_ALERT, attempts=failures)
        failures = 0
    elif failures:
        # As if it had been sent so late that the next one is due after the pause.
        last_ms = repeat_at_ms(context, failures) - _MIN_INTERVAL_MS
    await key_value.put(tx, _LAST_ALERT, f"{last_ms} {failures}")
    if is_sent or is_given_up:
        await parked_jobs.mark_reported(tx, job_ids, context.now_ms())


async def _read_last_alert(tx: AsyncConnection) -> tuple[int, int]:
    """Return when the last alert was sent, and how often the next one has failed."""
    last, _, failures = (await key_value.get(tx, _LAST_ALERT) or "0").partition(" ")
    return int(last), int(failures or 0)


_BLOCK_SHOWN: Final = "halt shown"
_EXPOSURE_ALERT: Final = "exposure told"
_DISK_SPACE_ALERT: Final = "want of room told"

SubmissionAlert = Exposure | DiskSpace
SendSubmissionAlert = Callable[[SubmissionAlert], Awaitable[bool]]
"""Sends an alert to the operator; returns whether it was sent."""


async def check_submission_block(context: Context, send: SendSubmissionAlert) -> None:
    """Update queued jobs' messages when the submission block changes, and alert the operator."""
    block, exposure = await context.database.read(lambda tx: _read_state(tx, context))
    await run_once_per(
        context, _BLOCK_SHOWN, block.reason if block else "none", lambda _: _show(context)
    )
    await _alert_exposure(context, exposure, send)
    await _alert_disk_space(context, send)


async def _read_state(
    tx: AsyncConnection, context: Context
) -> tuple[SubmissionBlock | None, Exposure]:
    return await find_submission_block(tx, context), await read_exposure(
        tx, context, context.now_ms()
    )


async def _show(context: Context) -> bool:
    await context.database.transact(
        lambda tx: status_messages.mark_all_outdated(tx, JobState.QUEUED)
    )
    return True


async def _alert_exposure(context: Context, exposure: Exposure, send: SendSubmissionAlert) -> None:
    """Alert each time the exposure reaches its limit, and again after the operator accepted it."""
    if not exposure.is_reached:
        await reset_run_once(context, _EXPOSURE_ALERT)
        return

    async def send_alert(_: int | None) -> bool:
        _log.error("submissions stopped: exposure limit reached", micro_usd=exposure.amount)
        return await send(exposure)

    key = f"{context.now_ms() // DAY_MS}-{exposure.accepted}"
    await run_once_per(context, _EXPOSURE_ALERT, key, send_alert)


async def _alert_disk_space(context: Context, send: SendSubmissionAlert) -> None:
    """Alert each time the disk space falls below its floor."""
    space = context.disk_space()
    if not space.is_low:
        await reset_run_once(context, _DISK_SPACE_ALERT)
        return

    async def send_alert(_: int | None) -> bool:
        _log.error(
            "submissions stopped: disk space low",
            free=space.free_bytes,
            floor=space.min_free_bytes,
        )
        return await send(space)

    await run_once_per(context, _DISK_SPACE_ALERT, "short", send_alert)
