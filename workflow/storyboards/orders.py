"""Orders of storyboards: accepted as a whole, and decided about by their member."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState, new_job_id
from domain.orders import OrderKind
from domain.storyboard import ShotStart
from domain.storyboard_steps import ShotState, StoryboardKind, shot_state
from storage import orders, status_messages, storyboards
from storage.errors import StaleJobError
from storage.jobs import Job
from storage.storyboards import Shot, Storyboard
from workflow.context import Context
from workflow.errors import JobNotFound, ShotDecided
from workflow.stages.accept import Accepted, Order, accept
from workflow.storyboards.progress import release_shot

_log = structlog.get_logger(__name__)

_CANCELLED = "cancelled by the member"


@dataclass(frozen=True, slots=True)
class _FailedShot:
    """A shot without a video whose member has not decided about it yet."""

    storyboard: Storyboard
    shot: Shot


async def accept_storyboard(
    context: Context, order: Order, starts: Sequence[ShotStart]
) -> Accepted:
    """Accept the shots of a storyboard, each a request of the order; all but the first wait.

    Raises:
        The errors of `accept`.
    """

    async def plan(tx: AsyncConnection, shots: Sequence[Job]) -> None:
        first, *others = shots
        assert first.order_id is not None, "a storyboard has several shots"
        new = _storyboard(first, first.order_id, StoryboardKind.STORYBOARD)
        ids = [job.id for job in shots]
        await storyboards.add(tx, new, list(zip(ids, starts, strict=True)))
        await storyboards.let_wait(tx, [job.id for job in others])

    return await accept(context, replace(order, kind=OrderKind.STORYBOARD, plan=plan))


def plan_joining(context: Context, order: Order, before: str) -> Order:
    """Return an order whose video is joined to that of the job that it goes on from."""

    async def plan(tx: AsyncConnection, new_jobs: Sequence[Job]) -> None:
        (job,) = new_jobs
        board_id = new_job_id(job.created_at_ms, context.random.getrandbits(50))
        new = _storyboard(job, board_id, StoryboardKind.EXTENSION)
        shots = [(before, ShotStart.CUT), (job.id, ShotStart.PREVIOUS)]
        await storyboards.add(tx, new, shots)

    return replace(order, plan=plan)


async def try_again(context: Context, order: Order, job_id: str) -> Accepted:
    """Accept an order in the place of a shot without a video.

    Raises:
        ShotDecided: it was decided about, or its storyboard has ended.
        The errors of `accept`.
    """

    async def plan(tx: AsyncConnection, new_jobs: Sequence[Job]) -> None:
        (job,) = new_jobs
        failed = await _find_failed(tx, job_id, order.user_id)
        board_id, number = failed.storyboard.id, failed.shot.number
        await storyboards.replace_job(tx, board_id, number, job.id)
        await storyboards.record_asked(tx, board_id, None)
        await status_messages.mark_outdated(tx, job_id)
        await orders.join_job(tx, job.id, board_id, number)

    return await accept(context, replace(order, plan=plan))


async def skip_shot(context: Context, job_id: str, user_id: int) -> None:
    """Leave out a shot without a video; the others go on.

    Raises:
        ShotDecided: it was decided about, or its storyboard has ended.
    """

    async def record_skip(tx: AsyncConnection) -> None:
        failed = await _find_failed(tx, job_id, user_id)
        await storyboards.skip(tx, failed.storyboard.id, failed.shot.number)
        await storyboards.record_asked(tx, failed.storyboard.id, None)
        await status_messages.mark_outdated(tx, job_id)

    await context.database.transact(record_skip)
    _log.info("shot skipped", job=job_id)


async def cancel_storyboard(context: Context, storyboard_id: str, user_id: int) -> bool:
    """Cancel what waits of a storyboard; what is being made comes. Return False if it had ended.

    Raises:
        JobNotFound: there is no such storyboard of theirs.
    """

    async def record_cancellation(tx: AsyncConnection) -> bool:
        storyboard = await storyboards.lock(tx, storyboard_id)
        if storyboard is None or storyboard.user_id != user_id:
            raise JobNotFound
        if storyboard.ended_at_ms is not None:
            return False
        now_ms = context.now_ms()
        for shot in await storyboards.list_shots(tx, storyboard_id):
            if shot.job.state is JobState.QUEUED:
                await release_shot(tx, shot.job, now_ms, _CANCELLED)
        await storyboards.end(tx, storyboard_id, now_ms)
        return True

    try:
        return await context.database.transact(record_cancellation)
    except StaleJobError:  # by the worker, just now: read the shots again
        return await context.database.transact(record_cancellation)


async def _find_failed(tx: AsyncConnection, job_id: str, user_id: int) -> _FailedShot:
    found = await storyboards.find_by_job(tx, job_id)
    storyboard = found and await storyboards.lock(tx, found[0])
    if not storyboard or storyboard.user_id != user_id or storyboard.ended_at_ms is not None:
        raise ShotDecided(job_id)
    for shot in await storyboards.list_shots(tx, storyboard.id):
        state = shot_state(shot.job, is_skipped=shot.is_skipped)
        if shot.job.id == job_id and state is ShotState.FAILED:
            return _FailedShot(storyboard, shot)
    raise ShotDecided(job_id)


def _storyboard(job: Job, storyboard_id: str, kind: StoryboardKind) -> Storyboard:
    return Storyboard(
        id=storyboard_id,
        kind=kind,
        interaction_id=job.interaction_id,
        guild_id=job.guild_id,
        channel_id=job.channel_id,
        user_id=job.user_id,
        private=job.private,
        language=job.language,
        created_at_ms=job.created_at_ms,
    )
