"""Gathers the list of a member's jobs on a server: where each stands, and its money."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.money import ZERO
from storage import job_list, jobs
from storage.job_list import Money, Window
from storage.jobs import Job
from workflow.context import Context
from workflow.publisher import Sight
from workflow.results.repost import can_post_again
from workflow.status_updates import sight_of

PAGE: Final = 5
"""Jobs on a page."""

_NOTHING: Final = Money(held=ZERO, charged=ZERO, released=ZERO, adjusted=ZERO)


@dataclass(frozen=True, slots=True)
class Listed:
    """A job on the list, and what its member may do with it there."""

    sight: Sight
    money: Money
    can_cancel: bool
    can_post_again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of the list: its jobs, newest first, and the first jobs of the pages beside it.

    `before` counts the newer jobs, `total` all of them.
    """

    rows: tuple[Listed, ...]
    newer: str | None
    older: str | None
    before: int
    total: int


async def page_of(context: Context, guild_id: int, user_id: int, start: str | None = None) -> Page:
    """Gather a member's page that begins with a job; the newest without one, or for another's."""

    async def work(tx: AsyncConnection) -> tuple[Window, list[Job], dict[str, Money]]:
        window = await job_list.window(tx, guild_id, user_id, start, PAGE)
        found = [await jobs.get(tx, job_id) for job_id in window.ids]
        money = await job_list.money(tx, window.ids)
        return window, [job for job in found if job is not None], money

    window, found, money = await context.database.read(work)
    return Page(
        rows=tuple([await _listed(context, job, money.get(job.id, _NOTHING)) for job in found]),
        newer=window.newer,
        older=window.older,
        before=window.before,
        total=window.total,
    )


async def _listed(context: Context, job: Job, money: Money) -> Listed:
    sight = await sight_of(context, job)
    return Listed(sight, money, job.state is JobState.QUEUED, can_post_again(context, job))
