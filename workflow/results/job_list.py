"""Gathers the list of a member's jobs on a server: where each stands, and its money."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobAmounts
from domain.jobs import JobState
from domain.money import ZERO
from storage import job_list, jobs
from storage.job_list import JobPage
from storage.jobs import Job
from workflow.context import Context
from workflow.publisher import StatusView
from workflow.results.repost import can_repost
from workflow.status_updates import build_status_view

PAGE_SIZE: Final = 5
"""Jobs on a page."""

_NOTHING: Final = JobAmounts(held=ZERO, charged=ZERO, released=ZERO, adjusted=ZERO)


@dataclass(frozen=True, slots=True)
class JobListEntry:
    """A job on the list, and what its member may do with it there."""

    status: StatusView
    money: JobAmounts
    can_cancel: bool
    can_repost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListPage:
    """A page of the list: its jobs, newest first, and the first jobs of the pages beside it.

    `before` counts the newer jobs, `total` all of them.
    """

    rows: tuple[JobListEntry, ...]
    newer: str | None
    older: str | None
    newer_count: int
    total: int


async def read_job_page(
    context: Context, guild_id: int, user_id: int, start: str | None = None
) -> JobListPage:
    """Gather a member's page that begins with a job; the newest without one, or for another's."""

    async def read_page(tx: AsyncConnection) -> tuple[JobPage, list[Job], dict[str, JobAmounts]]:
        window = await job_list.get_page(tx, guild_id, user_id, start, PAGE_SIZE)
        found = [await jobs.get(tx, job_id) for job_id in window.ids]
        money = await job_list.sum_by_job(tx, window.ids)
        return window, [job for job in found if job is not None], money

    window, found, money = await context.database.read(read_page)
    return JobListPage(
        rows=tuple([await _listed(context, job, money.get(job.id, _NOTHING)) for job in found]),
        newer=window.newer,
        older=window.older,
        newer_count=window.newer_count,
        total=window.total,
    )


async def _listed(context: Context, job: Job, money: JobAmounts) -> JobListEntry:
    sight = await build_status_view(context, job)
    return JobListEntry(sight, money, job.state is JobState.QUEUED, can_repost(context, job))
