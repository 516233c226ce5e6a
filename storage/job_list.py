"""A member's jobs on a server as a paged list, newest first.

A page is identified by its first job, so that new jobs do not shift the page being viewed.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPage:
    """The ids of one page, and the first jobs of the pages before and after it.

    `newer_count` counts the jobs before the page, `total` all of them.
    """

    ids: tuple[str, ...]
    newer: str | None
    older: str | None
    newer_count: int
    total: int


async def get_page(
    tx: AsyncConnection, guild_id: int, user_id: int, start: str | None, limit: int
) -> JobPage:
    """Return the page that begins at `start`; the first for None or another member's job."""
    is_members_job = and_(*_of_member(guild_id, user_id))
    found = await tx.execute(select(*_SORT_KEY).where(is_members_job, jobs.c.id == start))
    start_key = found.one_or_none()
    is_newer = tuple_(*start_key) < tuple_(*_SORT_KEY) if start_key else ~true()
    newest_first = (column.desc() for column in _SORT_KEY)
    page = select(jobs.c.id).where(is_members_job, ~is_newer).order_by(*newest_first)
    newer_jobs = select(jobs.c.id).where(is_members_job, is_newer).order_by(*_SORT_KEY)
    ids = (await tx.execute(page.limit(limit + 1))).scalars().all()
    newer = (await tx.execute(newer_jobs.limit(limit))).scalars().all()
    counts = select(func.count().filter(is_newer), func.count()).where(is_members_job)
    newer_count, total = (await tx.execute(counts)).one()
    return JobPage(
        ids=tuple(ids[:limit]),
        newer=newer[-1] if newer else None,
        older=ids[limit] if len(ids) > limit else None,
        newer_count=newer_count,
        total=total,
    )


async def list_prompts(
    tx: AsyncConnection, guild_id: int, user_id: int, limit: int
) -> list[tuple[str, str]]:
    """Return the ids and prompts of a member's latest jobs on a server, newest first."""
    members_jobs = select(jobs.c.id, jobs.c.request).where(*_of_member(guild_id, user_id))
    found = await tx.execute(members_jobs.order_by(*(c.desc() for c in _SORT_KEY)).limit(limit))
    return [(job_id, request.prompt) for job_id, request in found]


def _of_member(guild_id: int, user_id: int) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a job is listed: its member has not had everything deleted."""
    is_theirs = jobs.c.guild_id == guild_id, jobs.c.user_id == user_id
    return *is_theirs, jobs.c.erased_at_ms.is_(None)


_SORT_KEY = (jobs.c.created_at_ms, jobs.c.id)
