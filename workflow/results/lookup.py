"""Lookup of a job and its cost."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.money import ZERO, MicroUSD
from storage import billing, jobs
from workflow.context import Context


@dataclass(frozen=True, slots=True)
class JobCost:
    """The cost of a job to its member: the open hold, and the net amount charged."""

    held: MicroUSD
    charged: MicroUSD


async def get_job(context: Context, job_id: str) -> JobView | None:
    """Return a job; None if there is no such job."""
    return await context.database.read(lambda tx: jobs.get(tx, job_id))


async def read_job_cost(context: Context, job_id: str) -> JobCost:
    """Return what the ledger has held and charged for a job."""

    async def sum_entries(tx: AsyncConnection) -> JobCost:
        entries = await billing.list_entries(tx, job_id)
        resolved = {entry.hold_id for entry in entries if entry.kind in ("charge", "release")}
        members = [entry for entry in entries if entry.account == "member"]
        held = (e.amount for e in members if e.kind == "hold" and e.id not in resolved)
        charged = (e.amount for e in members if e.kind in ("charge", "adjust"))
        return JobCost(MicroUSD(sum(held, ZERO)), MicroUSD(sum(charged, ZERO)))

    return await context.database.read(sum_entries)
