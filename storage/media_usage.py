"""Knows which jobs have a use for the files that lie in the media folder."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import TRANSITIONS
from domain.requests import VideoRequest
from storage.schema import jobs

_AT_ONCE = 500
"""Names in one question; every engine takes more."""

_ENDED = [state for state, moves in TRANSITIONS.items() if not moves]
_HAS_INPUTS = '%"kept":"%'
"""A request as text names a file so; that a prompt can say it as well does no harm."""


@dataclass(frozen=True, slots=True)
class InputUse:
    """A job that was given files; one that has not `ended` may need them still."""

    guild_id: int
    created_at_ms: int
    ended: bool
    request: VideoRequest


@dataclass(frozen=True, slots=True)
class VideoJob:
    """The job of a video; `ended_at_ms` is None while it may yet be posted."""

    guild_id: int
    ended_at_ms: int | None


async def list_input_uses(tx: AsyncConnection, since_ms: int) -> list[InputUse]:
    """List the jobs with files that were asked for since then, or have not ended."""
    has_inputs = cast(jobs.c.request, Text).like(_HAS_INPUTS)
    wanted = or_(jobs.c.created_at_ms >= since_ms, jobs.c.state.not_in(_ENDED))
    columns = (jobs.c.guild_id, jobs.c.created_at_ms, jobs.c.state, jobs.c.request)
    found = await tx.execute(select(*columns).where(has_inputs, wanted))
    return [
        InputUse(guild_id, created_at_ms, state in _ENDED, request)
        for guild_id, created_at_ms, state, request in found
    ]


async def get_video_jobs(tx: AsyncConnection, job_ids: Sequence[str]) -> dict[str, VideoJob]:
    """Read what there is of some jobs, by their ids."""
    known: dict[str, VideoJob] = {}
    columns = (jobs.c.id, jobs.c.guild_id, jobs.c.ended_at_ms)
    for start in range(0, len(job_ids), _AT_ONCE):
        some = job_ids[start : start + _AT_ONCE]
        for job_id, *kept in await tx.execute(select(*columns).where(jobs.c.id.in_(some))):
            known[job_id] = VideoJob(*kept)
    return known
