"""Storyboards: which jobs' videos become one film, in which order, and how each of them begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import NEVER_MS, JobState
from domain.requests import VideoRequest
from domain.storyboard import ShotStart
from domain.storyboard_steps import ShotPlace, StoryboardKind
from storage.errors import StaleJobError
from storage.film_tables import storyboard_shots, storyboards
from storage.jobs import Job, job_from_row, update_if_unchanged
from storage.schema import jobs
from storage.upsert import insert_or_ignore


@dataclass(frozen=True, slots=True, kw_only=True)
class Storyboard:
    """A storyboard; its film has its id.

    `asked_at_ms` is since when its member is asked about a shot, `ended_at_ms` when it was joined
    or given up.
    """

    id: str
    kind: StoryboardKind
    interaction_id: int
    guild_id: int
    channel_id: int
    user_id: int
    private: bool
    language: str | None
    created_at_ms: int
    asked_at_ms: int | None = None
    ended_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """A shot of a storyboard, and its latest job; of one without a video, whether to go on."""

    number: int
    start: ShotStart
    is_skipped: bool
    job: Job


async def add(tx: AsyncConnection, new: Storyboard, shots: Sequence[tuple[str, ShotStart]]) -> None:
    """Add a storyboard with its shots: each one's job and how it begins."""
    row = {name: getattr(new, name) for name in Storyboard.__dataclass_fields__}
    values = row | {"private": int(new.private)}
    added = await tx.execute(insert_or_ignore(tx, storyboards, "interaction_id").values(values))
    if added.rowcount == 0:  # the same click, just before
        return
    rows = [
        {"storyboard_id": new.id, "number": number, "job_id": job_id, "start": start, "skipped": 0}
        for number, (job_id, start) in enumerate(shots, 1)
    ]
    await tx.execute(insert(storyboard_shots), rows)


async def list_open(tx: AsyncConnection) -> list[Storyboard]:
    """Return the storyboards that are not ended, the oldest first."""
    found = await tx.execute(_OPEN)
    return [_from_row(row) for row in found.mappings()]


async def lock(tx: AsyncConnection, storyboard_id: str) -> Storyboard | None:
    """Return a storyboard, locked against changes until the transaction ends."""
    found = select(storyboards).where(storyboards.c.id == storyboard_id).with_for_update()
    row = (await tx.execute(found)).mappings().one_or_none()
    return None if row is None else _from_row(row)


async def list_shots(tx: AsyncConnection, storyboard_id: str) -> list[Shot]:
    """Return the shots of a storyboard, in order."""
    found = await tx.execute(_SHOTS, {"wanted": storyboard_id})
    return [_shot(row) for row in found.mappings()]


async def find_by_job(tx: AsyncConnection, job_id: str) -> tuple[str, int] | None:
    """Return the storyboard and the number of the shot whose latest job this is."""
    columns = storyboard_shots.c.storyboard_id, storyboard_shots.c.number
    found = await tx.execute(
        select(*columns).where(storyboard_shots.c.job_id == job_id, _IS_OF_STORYBOARD)
    )
    row = found.one_or_none()
    return None if row is None else (row.storyboard_id, row.number)


async def find_place(tx: AsyncConnection, job_id: str) -> ShotPlace | None:
    """Return the place of a job among the shots of its storyboard, if it has one."""
    row = (await tx.execute(_PLACE, {"wanted": job_id})).one_or_none()
    if row is None:
        return None
    is_open = row.ended_at_ms is None and not row.skipped
    return ShotPlace(row.number, row.shot_count, is_open=is_open)


async def record_asked(tx: AsyncConnection, storyboard_id: str, asked_at_ms: int | None) -> None:
    """Record since when a storyboard's member is asked, or None."""
    await _update(tx, storyboard_id, asked_at_ms=asked_at_ms)


async def end(tx: AsyncConnection, storyboard_id: str, now_ms: int) -> None:
    """Record that nothing more is to be done for a storyboard."""
    await _update(tx, storyboard_id, ended_at_ms=now_ms)


async def skip(tx: AsyncConnection, storyboard_id: str, number: int) -> None:
    """Record that a shot without a video is left out."""
    await _update_shot(tx, storyboard_id, number, skipped=1)


async def replace_job(tx: AsyncConnection, storyboard_id: str, number: int, job_id: str) -> None:
    """Give a shot another job, in the place of one without a video."""
    await _update_shot(tx, storyboard_id, number, job_id=job_id, skipped=0)


async def let_wait(tx: AsyncConnection, job_ids: Sequence[str]) -> None:
    """Have queued jobs wait for others: nobody submits them, and they have no message yet."""
    waits = {"due_at_ms": NEVER_MS, "status_shown": JobState.QUEUED}
    await tx.execute(update(jobs).where(jobs.c.id.in_(job_ids)).values(**waits))


async def begin(tx: AsyncConnection, job: Job, request: VideoRequest, now_ms: int) -> Job:
    """Have a waiting job submitted, with the request as it is now; its price is the same.

    Raises:
        StaleJobError: it changed since it was read.
    """
    begun = await update_if_unchanged(
        tx,
        job,
        request=request,
        mode=request.mode,
        due_at_ms=now_ms,
        status_shown=None,
        fence=job.fence + 1,
    )
    if begun is None:
        raise StaleJobError(job.id)
    return begun


async def _update(tx: AsyncConnection, storyboard_id: str, **values: object) -> None:
    await tx.execute(update(storyboards).where(storyboards.c.id == storyboard_id).values(**values))


async def _update_shot(
    tx: AsyncConnection, storyboard_id: str, number: int, **values: object
) -> None:
    which = (
        storyboard_shots.c.storyboard_id == storyboard_id,
        storyboard_shots.c.number == number,
    )
    await tx.execute(update(storyboard_shots).where(*which).values(**values))


def _from_row(row: RowMapping) -> Storyboard:
    fields: dict[str, Any] = {name: row[name] for name in _COLUMNS}
    return Storyboard(kind=StoryboardKind(row["kind"]), private=bool(row["private"]), **fields)


def _shot(row: RowMapping) -> Shot:
    return Shot(row["number"], ShotStart(row["start"]), bool(row["skipped"]), job_from_row(row))


_COLUMNS: Final = [
    name for name in Storyboard.__dataclass_fields__ if name not in ("kind", "private")
]
_others = storyboard_shots.alias()
_IS_OF_STORYBOARD: Final[ColumnElement[bool]] = storyboard_shots.c.storyboard_id.in_(
    select(storyboards.c.id).where(storyboards.c.kind == StoryboardKind.STORYBOARD)
)
# The loop runs these every few moments, so they are built once.
_OPEN = (
    select(storyboards)
    .where(storyboards.c.ended_at_ms.is_(None))
    .order_by(storyboards.c.created_at_ms, storyboards.c.id)
)
_SHOTS = (
    select(jobs, storyboard_shots.c.number, storyboard_shots.c.start, storyboard_shots.c.skipped)
    .join(storyboard_shots, storyboard_shots.c.job_id == jobs.c.id)
    .where(storyboard_shots.c.storyboard_id == bindparam("wanted"))
    .order_by(storyboard_shots.c.number)
)
_PLACE = (
    select(
        storyboard_shots.c.number,
        storyboard_shots.c.skipped,
        storyboards.c.ended_at_ms,
        select(func.count())
        .where(_others.c.storyboard_id == storyboard_shots.c.storyboard_id)
        .scalar_subquery()
        .label("shot_count"),
    )
    .join(storyboards, storyboards.c.id == storyboard_shots.c.storyboard_id)
    .where(
        storyboard_shots.c.job_id == bindparam("wanted"),
        storyboards.c.kind == StoryboardKind.STORYBOARD,
    )
)
