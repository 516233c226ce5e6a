"""Parked jobs: the jobs that wait for the operator, and the decisions each allows.

The decisions depend on the state a job was parked in and on its ledger entries, so that each one
leads to a state whose money is consistent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import PAID, PARKED, JobState
from domain.money import MicroUSD
from storage import billing, exposure, jobs, parked_jobs, restored_jobs
from storage.billing import LedgerEntry
from storage.jobs import Job, JobEvent
from workflow.context import Context

PAGE_SIZE: Final = 3
"""Jobs on a page."""


class Decision(StrEnum):
    """The operator's decisions on a parked job."""

    BIND_TASK = "bind"
    RETRY = "ask"
    POST = "post"
    RELEASE = "release"
    CHARGE_OPERATOR = "bear"
    CHARGE_MEMBER = "charge"
    CLOSE = "close"


MONEY_DECISIONS: Final = frozenset(
    {Decision.RELEASE, Decision.CHARGE_OPERATOR, Decision.CHARGE_MEMBER}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedJob:
    """A parked job with its history and its money.

    `parked_from` is the state from which it was parked at `since_ms`, Unix milliseconds. `held` is
    the open hold, `member_paid` and `operator_paid` are what each has paid.
    """

    job: Job
    parked_from: JobState
    since_ms: int
    events: tuple[JobEvent, ...]
    entries: tuple[LedgerEntry, ...]
    held: MicroUSD
    member_paid: MicroUSD
    operator_paid: MicroUSD

    @property
    def sent_at_ms(self) -> int:
        """Return when it was last submitted, Unix milliseconds; when it was parked if never."""
        sent = (event.at_ms for event in self.events if event.target is JobState.SUBMITTING)
        return max(sent, default=self.since_ms)

    @property
    def allowed_decisions(self) -> tuple[Decision, ...]:
        """Return the decisions that the job allows, the advised one first.

        There are none if it does not wait for the operator.
        """
        if self.job.closed_at_ms is not None:
            return ()
        d, charge = Decision, (Decision.CHARGE_MEMBER,) if self.held else ()
        match self.job.state:
            case JobState.SUBMIT_UNKNOWN if self.held and self.job.restored_at_ms is not None:
                return (d.BIND_TASK, d.RELEASE, d.CHARGE_OPERATOR)
            case JobState.SUBMIT_UNKNOWN:
                return (d.BIND_TASK, d.RELEASE) if self.held else (d.BIND_TASK, d.RELEASE, d.CLOSE)
            case JobState.RESULT_LOST:
                return (d.RETRY, d.CLOSE)
            case JobState.UNDELIVERABLE:
                return (d.POST, d.CLOSE)
            case JobState.QUARANTINED if self.parked_from in PAID:
                return (d.RETRY, d.CHARGE_OPERATOR)
            case JobState.STUCK | JobState.QUARANTINED:
                return (d.RETRY, d.RELEASE, d.CHARGE_OPERATOR, *charge)
            case _:
                return ()


@dataclass(frozen=True, slots=True)
class ParkedPage:
    """A page of parked jobs, its number from 0 out of `pages`, and the total number of jobs.

    `releasable` has the number of jobs parked by a restore, for each server with rows on this page.
    """

    rows: tuple[ParkedJob, ...]
    number: int
    pages: int
    total: int
    releasable: Mapping[int, int]


async def read_parked_page(context: Context, number: int) -> ParkedPage:
    """Read a page of parked jobs, oldest first; the last page for a number beyond it."""

    async def read_page(tx: AsyncConnection) -> ParkedPage:
        total = await parked_jobs.count(tx)
        pages = max(1, -(-total // PAGE_SIZE))
        page = min(max(0, number), pages - 1)
        ids = await parked_jobs.list_ids(tx, page * PAGE_SIZE, PAGE_SIZE)
        found = [await read_parked_job(tx, job_id) for job_id in ids]
        rows = tuple(row for row in found if row)
        counts = await restored_jobs.count_releasable(tx)
        guilds = dict.fromkeys(row.job.guild_id for row in rows)
        releasable = {guild: counts[guild] for guild in guilds if guild in counts}
        return ParkedPage(rows, page, pages, total, releasable)

    return await context.database.read(read_page)


async def count_releasable(context: Context, guild_id: int) -> int:
    """Return how many jobs of a server are parked because the database was restored."""
    counts = await context.database.read(restored_jobs.count_releasable)
    return counts.get(guild_id, 0)


async def get_parked_job(context: Context, job_id: str) -> ParkedJob | None:
    """Read a job with its history and money; None if there is no such job."""
    return await context.database.read(lambda tx: read_parked_job(tx, job_id))


async def read_parked_job(tx: AsyncConnection, job_id: str) -> ParkedJob | None:
    """Read a job with its history and money within a transaction."""
    job = await jobs.get(tx, job_id)
    if job is None:
        return None
    events = tuple(await jobs.list_events(tx, job_id))
    entries = tuple(await billing.list_entries(tx, job_id))
    amounts = await billing.amounts_of(tx, job_id)
    return ParkedJob(
        job=job,
        parked_from=events[-1].source or job.state if job.state in PARKED else job.state,
        since_ms=events[-1].at_ms,
        events=events,
        entries=entries,
        held=amounts.held,
        member_paid=amounts.paid,
        operator_paid=await exposure.get_for_job(tx, job_id),
    )
