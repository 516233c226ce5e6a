"""Release of jobs whose video could not be posted: cancelled, and their holds given back.

What APIXO has already goes on; its video goes to its member, or to the operator.
"""

from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.obstacles import Obstacle, ObstacleKind
from storage import billing, jobs, released_jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import TemporaryPublishError
from workflow.reliability import commit_with_retry

_log = structlog.get_logger(__name__)

_BATCH_SIZE: Final = 25
"""Jobs in one transaction, which nothing else can write beside on SQLite."""


async def release_job(context: Context, job: Job, obstacle: Obstacle) -> None:
    """Release a job in `submitting` of which nothing was sent."""

    async def record_release(tx: AsyncConnection) -> None:
        queued = await jobs.transition(tx, job, JobState.QUEUED, now_ms=context.now_ms())
        await _release(tx, context, queued, obstacle)

    await commit_with_retry(context, record_release)
    _log_release(job.guild_id, obstacle.kind, 1)


async def release_waiting(context: Context, guild_id: int, obstacle: Obstacle) -> int:
    """Release the queued jobs of a server, and return how many there were."""

    async def record_release(tx: AsyncConnection) -> int:
        waiting = await released_jobs.lock_queued(tx, guild_id, _BATCH_SIZE)
        for job in waiting:
            await _release(tx, context, job, obstacle)
        return len(waiting)

    count = 0
    while released := await context.database.transact(record_release):
        count += released
    if count:
        _log_release(guild_id, obstacle.kind, count)
    return count


async def release_where_left(context: Context) -> None:
    """Release what waits on servers that the bot has left, perhaps while it was not running."""
    for guild_id in await context.database.read(released_jobs.list_waiting_guilds):
        if not context.publisher.has_left(guild_id):
            continue
        try:
            obstacle = await context.publisher.find_obstacle(guild_id, None)
        except TemporaryPublishError:
            continue  # looked at again in the next round
        if obstacle is not None:
            await release_waiting(context, guild_id, obstacle)


async def _release(tx: AsyncConnection, context: Context, job: Job, obstacle: Obstacle) -> None:
    """Cancel a queued job; where its message cannot be edited, it counts as shown."""
    now_ms = context.now_ms()
    shown = JobState.CANCELLED if obstacle.hides_messages else job.status_shown
    await jobs.transition(
        tx, job, JobState.CANCELLED, now_ms=now_ms, fail_code=obstacle.kind, status_shown=shown
    )
    await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note=obstacle.kind)


def _log_release(guild_id: int, kind: ObstacleKind, count: int) -> None:
    _log.warning("queued jobs released", server=guild_id, reason=kind, count=count)
