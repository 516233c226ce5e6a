"""Gathers the jobs that wait for the operator, with all that is known of each.

What may be decided depends on where a job was parked and on what its ledger says, so that every
decision leads to a state of the belt with the money that belongs to it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import PAID, PARKED, JobState
from domain.money import MicroUSD
from storage import billing, exposure, jobs, parked_jobs
from storage.billing import LedgerEntry
from storage.jobs import Job, JobEvent
from workflow.context import Context

PAGE_SIZE: Final = 3
"""Jobs on a page."""


class Decision(StrEnum):
    """What the operator may decide about a parked job."""

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
    """What is known of a parked job.

    `stood` is the state from which it was parked at `since_ms`. `held` waits in the ledger, `paid`
    is what its member paid in the end, `borne` what the operator bears of it.
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
    def allowed_decisions(self) -> tuple[Decision, ...]:
        """List what may be decided; nothing where the job waits for nobody."""
        if self.job.closed_at_ms is not None:
            return ()
        d, charge = Decision, (Decision.CHARGE_MEMBER,) if self.held else ()
        match self.job.state:
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
    """A page of the list, counted from 0 of `pages`, and how many jobs wait in all."""

    rows: tuple[ParkedJob, ...]
    number: int
    pages: int
    total: int


async def read_parked_page(context: Context, number: int) -> ParkedPage:
    """Gather a page of the jobs that wait, oldest first; the last one for a number beyond it."""

    async def read_page(tx: AsyncConnection) -> ParkedPage:
        total = await parked_jobs.count(tx)
        pages = max(1, -(-total // PAGE_SIZE))
        here = min(max(0, number), pages - 1)
        ids = await parked_jobs.list_ids(tx, here * PAGE_SIZE, PAGE_SIZE)
        rows = [await read_parked_job(tx, job_id) for job_id in ids]
        return ParkedPage(tuple(row for row in rows if row), here, pages, total)

    return await context.database.read(read_page)


async def get_parked_job(context: Context, job_id: str) -> ParkedJob | None:
    """Gather what is known of a job; None if there is none of this name."""
    return await context.database.read(lambda tx: read_parked_job(tx, job_id))


async def read_parked_job(tx: AsyncConnection, job_id: str) -> ParkedJob | None:
    """Gather what is known of a job within a transaction."""
    job = await jobs.get(tx, job_id)
    if job is None:
        return None
    events = tuple(await jobs.list_events(tx, job_id))
    entries = tuple(await billing.list_entries(tx, job_id))
    is_held = await billing.has_open_hold(tx, job.id, job.attempt)
    return ParkedJob(
        job=job,
        parked_from=events[-1].source or job.state if job.state in PARKED else job.state,
        since_ms=events[-1].at_ms,
        events=events,
        entries=entries,
        held=job.price if is_held else MicroUSD(0),
        member_paid=await billing.amount_paid(tx, job_id),
        operator_paid=await exposure.get_for_job(tx, job_id),
    )
