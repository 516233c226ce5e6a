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
from storage.billing import Entry
from storage.jobs import Event, Job
from workflow.context import Context

PAGE: Final = 3
"""Jobs on a page."""


class Decision(StrEnum):
    """What the operator may decide about a parked job."""

    BIND = "bind"
    ASK = "ask"
    POST = "post"
    RELEASE = "release"
    BEAR = "bear"
    CHARGE = "charge"
    CLOSE = "close"


MOVES_MONEY: Final = frozenset({Decision.RELEASE, Decision.BEAR, Decision.CHARGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a parked job.

    `stood` is the state from which it was parked at `since_ms`. `held` waits in the ledger, `paid`
    is what its member paid in the end, `borne` what the operator bears of it.
    """

    job: Job
    stood: JobState
    since_ms: int
    events: tuple[Event, ...]
    entries: tuple[Entry, ...]
    held: MicroUSD
    paid: MicroUSD
    borne: MicroUSD

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """List what may be decided; nothing where the job waits for nobody."""
        if self.job.closed_at_ms is not None:
            return ()
        d, charge = Decision, (Decision.CHARGE,) if self.held else ()
        match self.job.state:
            case JobState.SUBMIT_UNKNOWN:
                return (d.BIND, d.RELEASE) if self.held else (d.BIND, d.RELEASE, d.CLOSE)
            case JobState.RESULT_LOST:
                return (d.ASK, d.CLOSE)
            case JobState.UNDELIVERABLE:
                return (d.POST, d.CLOSE)
            case JobState.QUARANTINED if self.stood in PAID:
                return (d.ASK, d.BEAR)
            case JobState.STUCK | JobState.QUARANTINED:
                return (d.ASK, d.RELEASE, d.BEAR, *charge)
            case _:
                return ()


@dataclass(frozen=True, slots=True)
class ParkedPage:
    """A page of the list, counted from 0 of `pages`, and how many jobs wait in all."""

    rows: tuple[Evidence, ...]
    number: int
    pages: int
    total: int


async def parked_page(context: Context, number: int) -> ParkedPage:
    """Gather a page of the jobs that wait, oldest first; the last one for a number beyond it."""

    async def work(tx: AsyncConnection) -> ParkedPage:
        total = await parked_jobs.count(tx)
        pages = max(1, -(-total // PAGE))
        here = min(max(0, number), pages - 1)
        ids = await parked_jobs.ids(tx, here * PAGE, PAGE)
        rows = [await evidence(tx, job_id) for job_id in ids]
        return ParkedPage(tuple(row for row in rows if row), here, pages, total)

    return await context.database.read(work)


async def evidence_of(context: Context, job_id: str) -> Evidence | None:
    """Gather what is known of a job; None if there is none of this name."""
    return await context.database.read(lambda tx: evidence(tx, job_id))


async def evidence(tx: AsyncConnection, job_id: str) -> Evidence | None:
    """Gather what is known of a job within a transaction."""
    job = await jobs.get(tx, job_id)
    if job is None:
        return None
    events = tuple(await jobs.history(tx, job_id))
    entries = tuple(await billing.entries(tx, job_id))
    is_held = await billing.is_held(tx, job.id, job.attempt)
    return Evidence(
        job=job,
        stood=events[-1].source or job.state if job.state in PARKED else job.state,
        since_ms=events[-1].at_ms,
        events=events,
        entries=entries,
        held=job.price if is_held else MicroUSD(0),
        paid=await billing.paid(tx, job_id),
        borne=await exposure.borne(tx, job_id),
    )
