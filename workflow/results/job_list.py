"""Job list of a member on a server: the status and the money of each job."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from domain.job_view import JobAmounts
from domain.jobs import JobState
from storage import billing, job_list, jobs
from storage.job_list import JobPage
from storage.jobs import Job
from workflow.context import Context
from workflow.publisher import StatusView
from workflow.results.repost import can_repost
from workflow.status_views import read_status

PAGE_SIZE: Final = 5
"""Jobs on a page."""


@dataclass(frozen=True, slots=True)
class JobListEntry:
    """A job in the list, and the actions that its member has."""

    status: StatusView
    money: JobAmounts
    can_cancel: bool
    can_repost: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class JobListPage:
    """A page of the list: its jobs, newest first, and the first jobs of the adjacent pages.

    `newer_count` is the number of newer jobs, `total` that of all jobs.
    """

    rows: tuple[JobListEntry, ...]
    newer: str | None
    older: str | None
    newer_count: int
    total: int


async def read_job_page(
    context: Context, guild_id: int, user_id: int, start: str | None = None
) -> JobListPage:
    """Return a member's page starting at a job; the newest page without one of their own."""

    async def read_page(tx: AsyncConnection) -> tuple[JobPage, list[Job], dict[str, JobAmounts]]:
        page = await job_list.get_page(tx, guild_id, user_id, start, PAGE_SIZE)
        found = [await jobs.get(tx, job_id) for job_id in page.ids]
        money = await billing.sum_by_job(tx, page.ids)
        return page, [job for job in found if job is not None], money

    page, found, money = await context.database.read(read_page)
    return JobListPage(
        rows=tuple([await _build_entry(context, job, money[job.id]) for job in found]),
        newer=page.newer,
        older=page.older,
        newer_count=page.newer_count,
        total=page.total,
    )


async def _build_entry(context: Context, job: Job, money: JobAmounts) -> JobListEntry:
    status = await read_status(context, job)
    return JobListEntry(
        status, money, job.state is JobState.QUEUED, await _may_repost(context, job)
    )


async def _may_repost(context: Context, job: Job) -> bool:
    """Return whether to offer to post a video again; yes while the media store does not answer."""
    try:
        return await can_repost(context, job)
    except Outage:
        return True
