"""Looks up a job that somebody asks about, and what it cost."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from domain.money import ZERO, MicroUSD
from storage import billing, jobs
from workflow.context import Context


@dataclass(frozen=True, slots=True)
class JobCost:
    """What a job costs its member: the amount on hold now, and what was charged in the end."""

    held: MicroUSD
    charged: MicroUSD


async def get_job(context: Context, job_id: str) -> JobView | None:
    """Read a job; None if there is none of this name."""
    return await context.database.read(lambda tx: jobs.get(tx, job_id))


async def read_job_cost(context: Context, job_id: str) -> JobCost:
    """Sum what the ledger says of a job's member."""

    async def sum_entries(tx: AsyncConnection) -> JobCost:
        entries = await billing.list_entries(tx, job_id)
        resolved = {entry.hold_id for entry in entries if entry.kind in ("charge", "release")}
        members = [entry for entry in entries if entry.account == "member"]
        held = (e.amount for e in members if e.kind == "hold" and e.id not in resolved)
        charged = (e.amount for e in members if e.kind in ("charge", "adjust"))
        return JobCost(MicroUSD(sum(held, ZERO)), MicroUSD(sum(charged, ZERO)))

    return await context.database.read(sum_entries)
