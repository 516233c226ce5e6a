"""Tells the operator of parked jobs: of each once, and at most one message a minute."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import belt, jobs, notes, parked
from storage.jobs import Job
from workflow.context import Context

_LAST: Final = "parked told"
_GAP_MS: Final = 60_000

Tell = Callable[[Counter[JobState]], Awaitable[bool]]
"""Tells the operator how many jobs were parked in which states; False if that did not work."""


async def report(context: Context, tell: Tell) -> None:
    """Tell of what was parked since the last message, if that is a minute ago.

    A message that reached nobody, or a process that died over it, is made good a minute later.
    """
    if not await context.database.read(parked.untold):
        return
    waiting = await context.database.transact(lambda tx: _take(tx, context.now_ms()))
    if waiting and await tell(Counter(job.state for job in waiting)):
        ids = [job.id for job in waiting]
        now_ms = context.now_ms()
        await context.database.transact(lambda tx: parked.told(tx, ids, now_ms))


async def _take(tx: AsyncConnection, now_ms: int) -> Sequence[Job]:
    """Take the turn to tell, which the others then leave alone for a minute."""
    await belt.lock(tx)
    last_ms = int(await notes.get(tx, _LAST) or 0)
    if now_ms - last_ms < _GAP_MS:
        return ()
    await notes.put(tx, _LAST, str(now_ms))
    found = [await jobs.get(tx, job_id) for job_id in await parked.untold(tx)]
    return [job for job in found if job is not None]
