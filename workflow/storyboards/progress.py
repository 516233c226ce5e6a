"""Progress of storyboards: a shot begins when the one before is made, and at the end the film does.

Each step is one transaction that changes nothing if another process has taken it.
"""

from collections.abc import Sequence
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.films import film_seconds
from domain.jobs import JobState
from domain.requests import Picture, VideoRequest, continue_from
from domain.storyboard import ShotStart
from domain.storyboard_steps import Ask, Begin, Join, Pause, Step, is_waiting, next_step, shot_state
from storage import billing, films, jobs, storyboards
from storage.errors import FilmInProgress, StaleJobError
from storage.films import NewFilm
from storage.jobs import Job
from storage.storyboards import Shot, Storyboard
from workflow.context import Context
from workflow.input_files import keep_inputs
from workflow.results.extend import ExtendRefusal, read_last_frame
from workflow.signals import Signal

_log = structlog.get_logger(__name__)

_DECISION_MS: Final = DAY_MS
"""How long the other shots wait for a decision about one without a video."""

_FRAME_NAME: Final = "last-frame.png"


class StoryboardWorker:
    """Takes the next step of each open storyboard, in one of the processes that work."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rests_since: int | None = None

    async def run_once(self) -> bool:
        """Take the steps that are due; return whether any storyboard is open.

        Raises:
            Outage: the database or the media store does not answer.
        """
        context, database = self._context, self._context.database
        is_at_rest = database.has_one_process and database.transactions == self._rests_since
        if is_at_rest or not context.high_water.is_checked:
            return False
        transactions = database.transactions
        found = await database.read(storyboards.list_open)
        for storyboard in found:
            await _advance(context, storyboard)
        self._rests_since = None if found else transactions
        return bool(found)


async def _advance(context: Context, storyboard: Storyboard) -> None:
    shots = await context.database.read(lambda tx: storyboards.list_shots(tx, storyboard.id))
    states = [shot_state(shot.job, is_skipped=shot.is_skipped) for shot in shots]
    try:
        await _take(context, storyboard, shots, next_step(storyboard.kind, states))
    except StaleJobError:
        _log.info("storyboard went on elsewhere", storyboard=storyboard.id)
    except FilmInProgress:
        _log.debug("storyboard waits for another film", storyboard=storyboard.id)
    except OSError as error:
        _log.warning("storyboard delayed", storyboard=storyboard.id, error=error)


async def _take(
    context: Context, storyboard: Storyboard, shots: Sequence[Shot], step: Step
) -> None:
    match step:
        case Begin(index, after):
            await _begin(context, storyboard, shots, index, after)
        case Ask(index):
            await _ask(context, storyboard, shots, index)
        case Join(indexes):
            await _join(context, storyboard, [shots[index].job for index in indexes])
        case Pause.END:
            await _end(context, storyboard, shots)
        case _:
            return


async def _begin(
    context: Context, storyboard: Storyboard, shots: Sequence[Shot], index: int, after: int | None
) -> None:
    shot = shots[index]
    request = shot.job.request
    if shot.start is ShotStart.PREVIOUS and after is not None:
        request = await _continue(context, shots[after].job, request)

    async def record_beginning(tx: AsyncConnection) -> None:
        if await _lock_open(tx, storyboard):
            await storyboards.begin(tx, shot.job, request, context.now_ms())

    await context.database.transact(record_beginning)
    context.signals.send(Signal.WORK)
    _log.info("shot begun", storyboard=storyboard.id, job=shot.job.id)


async def _continue(context: Context, before: Job, request: VideoRequest) -> VideoRequest:
    """Return a request that begins with the last frame of a video, if that can be had."""

    async def save(data: bytes, suffix: str) -> str:
        return (await context.media.save_input(data, suffix)).name

    frame = await read_last_frame(context, before.id, _FRAME_NAME, save)
    if isinstance(frame, ExtendRefusal):
        _log.warning("shot begun without a frame", job=before.id, reason=frame)
        return request
    assert isinstance(frame, Picture)
    continued = continue_from(request, frame)
    await keep_inputs(context, continued)
    return continued


async def _ask(context: Context, storyboard: Storyboard, shots: Sequence[Shot], index: int) -> None:
    """Wait for a decision; after a day the film is made of what there is."""
    now_ms, asked_at_ms = context.now_ms(), storyboard.asked_at_ms
    if asked_at_ms is not None and context.age_ms(asked_at_ms) < _DECISION_MS:
        return

    async def record_wait(tx: AsyncConnection) -> None:
        if not await _lock_open(tx, storyboard):
            return
        await storyboards.record_asked(tx, storyboard.id, now_ms)
        if asked_at_ms is not None:
            await storyboards.skip(tx, storyboard.id, shots[index].number)
            for shot in await _release(tx, shots, now_ms, "nobody decided about a shot"):
                await storyboards.skip(tx, storyboard.id, shot.number)

    await context.database.transact(record_wait)
    if asked_at_ms is not None:
        _log.info("storyboard not decided", storyboard=storyboard.id)


async def _join(context: Context, storyboard: Storyboard, made: Sequence[Job]) -> None:
    new = _new_film(storyboard, made, context.now_ms())

    async def record_film(tx: AsyncConnection) -> None:
        if await _lock_open(tx, storyboard):
            await films.add(tx, new)
            await storyboards.end(tx, storyboard.id, new.created_at_ms)

    await context.database.transact(record_film)
    _log.info("storyboard joined", storyboard=storyboard.id, parts=len(new.parts))


def _new_film(storyboard: Storyboard, made: Sequence[Job], now_ms: int) -> NewFilm:
    """Return the film of some shots; in a restored copy it may have been posted before."""
    is_restored = any(job.restored_at_ms is not None for job in made)
    return NewFilm(
        id=storyboard.id,
        interaction_id=storyboard.interaction_id,
        guild_id=storyboard.guild_id,
        channel_id=storyboard.channel_id,
        user_id=storyboard.user_id,
        parts=tuple(job.id for job in made),
        dissolve=False,
        seconds=film_seconds((job.request.seconds for job in made), dissolve=False),
        private=any(job.private for job in made),
        created_at_ms=now_ms,
        language=storyboard.language,
        posting_since_ms=storyboard.created_at_ms if is_restored else None,
    )


async def _end(context: Context, storyboard: Storyboard, shots: Sequence[Shot]) -> None:
    """Give a storyboard up, and release what waits."""

    async def record_end(tx: AsyncConnection) -> None:
        if await _lock_open(tx, storyboard):
            await _release(tx, shots, context.now_ms(), "the storyboard ended before this shot")
            await storyboards.end(tx, storyboard.id, context.now_ms())

    await context.database.transact(record_end)
    _log.info("storyboard ended", storyboard=storyboard.id)


async def _release(
    tx: AsyncConnection, shots: Sequence[Shot], now_ms: int, note: str
) -> list[Shot]:
    """Cancel the shots that wait and give their holds back; return them."""
    waiting = [shot for shot in shots if is_waiting(shot.job)]
    for shot in waiting:
        await release_shot(tx, shot.job, now_ms, note)
    return waiting


async def release_shot(tx: AsyncConnection, job: Job, now_ms: int, note: str) -> None:
    """Cancel a queued shot and give its hold back.

    Raises:
        StaleJobError: it changed since it was read.
    """
    await jobs.transition(tx, job, JobState.CANCELLED, now_ms=now_ms)
    await billing.release(tx, job.id, job.attempt, now_ms=now_ms, note=note)


async def _lock_open(tx: AsyncConnection, storyboard: Storyboard) -> bool:
    """Lock a storyboard; return whether it is as it was read, but for its shots."""
    now = await storyboards.lock(tx, storyboard.id)
    return now == storyboard
