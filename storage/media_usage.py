"""Usage of the media folder: which jobs still need which files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from sqlalchemy import Text, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import TRANSITIONS
from storage.film_tables import films
from storage.schema import jobs

_BATCH_SIZE = 500
"""Ids per query; every engine accepts more."""

_ENDED = [state for state, next_states in TRANSITIONS.items() if not next_states]
HAS_INPUTS = '%"kept":"%'
"""Matches a stored request that has files."""

_INPUT = re.compile(r'"kept": ?"([0-9a-f]{64}\.[a-z0-9]{1,5})"', re.ASCII)
"""How a stored request names a file; a prompt that contains it too does no harm."""


@dataclass(frozen=True, slots=True)
class InputUse:
    """A job's input files, by name; until it has `ended` it may need them."""

    guild_id: int
    created_at_ms: int
    ended: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VideoJob:
    """The job or film of a video; `ended_at_ms` is None while it may still be posted."""

    guild_id: int
    ended_at_ms: int | None


def find_inputs(text: str) -> list[str]:
    """Return the names of the files in a stored request."""
    return _INPUT.findall(text)


async def list_input_uses(tx: AsyncConnection, since_ms: int) -> list[InputUse]:
    """Return the jobs with input files that were created since then, or have not ended."""
    request = cast(jobs.c.request, Text)  # as text: to build every request would take long
    wanted = or_(jobs.c.created_at_ms >= since_ms, jobs.c.state.not_in(_ENDED))
    columns = (jobs.c.guild_id, jobs.c.created_at_ms, jobs.c.state, request)
    found = await tx.execute(select(*columns).where(request.like(HAS_INPUTS), wanted))
    return [
        InputUse(guild_id, created_at_ms, state in _ENDED, tuple(find_inputs(text)))
        for guild_id, created_at_ms, state, text in found
    ]


async def get_video_jobs(tx: AsyncConnection, job_ids: Sequence[str]) -> dict[str, VideoJob]:
    """Return the jobs, and the films, that exist among these ids, by id."""
    found: dict[str, VideoJob] = {}
    for start, table in product(range(0, len(job_ids), _BATCH_SIZE), (jobs, films)):
        batch = job_ids[start : start + _BATCH_SIZE]
        columns = (table.c.id, table.c.guild_id, table.c.ended_at_ms)
        for job_id, *fields in await tx.execute(select(*columns).where(table.c.id.in_(batch))):
            found[job_id] = VideoJob(*fields)
    return found
