"""Snapshot for an observer: the newest jobs, the newest ledger rows, and the totals.

Plain data, for readers that do not import the service's own types.
"""

from typing import Final, Literal, TypedDict

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, RUNNABLE, JobState
from storage.billing import get_totals
from storage.schema import billing, jobs

JobPhase = Literal["waiting", "moving", "delivered", "ended", "parked"]
"""What a state means to the member who waits for the video."""


class JobRow(TypedDict):
    """A job; `due_at_ms` is None where nothing is scheduled."""

    id: str
    user_id: int
    state: str
    phase: JobPhase
    price_micro: int
    created_at_ms: int
    due_at_ms: int | None
    ended_at_ms: int | None
    reason: str | None


class LedgerRow(TypedDict):
    """A row of the ledger, its amount as stored."""

    id: int
    at_ms: int
    kind: str
    account: str
    amount_micro: int
    job_id: str | None
    user_id: int


class Snapshot(TypedDict):
    """The totals in micro-dollars over all time, and the newest rows, newest first."""

    held_micro: int
    charged_micro: int
    released_micro: int
    jobs: list[JobRow]
    ledger: list[LedgerRow]


_PHASES: Final[dict[JobState, JobPhase]] = {
    **dict.fromkeys(JobState, "moving"),
    **dict.fromkeys(PARKED, "parked"),
    **dict.fromkeys(ENDED_WITHOUT_VIDEO, "ended"),
    JobState.QUEUED: "waiting",
    JobState.DELIVERED: "delivered",
}
_JOB_COLUMNS: Final = (
    *("id", "user_id", "state", "price_micro", "created_at_ms", "due_at_ms", "ended_at_ms"),
    *("reason", "fail_code"),
)
_SCHEDULED: Final = (RUNNABLE - {JobState.QUEUED}) | {JobState.SUBMIT_UNKNOWN}


async def read_snapshot(tx: AsyncConnection, limit: int) -> Snapshot:
    """Return the totals and at most `limit` jobs and ledger rows."""
    sums = await get_totals(tx)
    refunds = select(func.coalesce(func.sum(billing.c.amount_micro), 0)).where(
        billing.c.kind == "adjust", billing.c.account == "member", billing.c.amount_micro < 0
    )
    return Snapshot(
        held_micro=sums.held,
        charged_micro=sums.charged,
        # SUM over 64-bit integers returns a Decimal on PostgreSQL.
        released_micro=sums.released - int((await tx.execute(refunds)).scalar_one()),
        jobs=await _read_jobs(tx, limit),
        ledger=await _read_ledger(tx, limit),
    )


async def _read_jobs(tx: AsyncConnection, limit: int) -> list[JobRow]:
    columns = (jobs.c[name] for name in _JOB_COLUMNS)
    newest = select(*columns).order_by(jobs.c.created_at_ms.desc(), jobs.c.id.desc()).limit(limit)
    return [
        JobRow(
            id=row.id,
            user_id=row.user_id,
            state=str(row.state),
            phase=_PHASES[row.state],
            price_micro=row.price_micro,
            created_at_ms=row.created_at_ms,
            due_at_ms=row.due_at_ms if row.state in _SCHEDULED else None,
            ended_at_ms=row.ended_at_ms,
            reason=row.reason or row.fail_code,
        )
        for row in await tx.execute(newest)
    ]


async def _read_ledger(tx: AsyncConnection, limit: int) -> list[LedgerRow]:
    newest = select(billing).order_by(billing.c.id.desc()).limit(limit)
    return [
        LedgerRow(
            id=row.id,
            at_ms=row.created_at_ms,
            kind=row.kind,
            account=row.account,
            amount_micro=row.amount_micro,
            job_id=row.job_id,
            user_id=row.user_id,
        )
        for row in await tx.execute(newest)
    ]
