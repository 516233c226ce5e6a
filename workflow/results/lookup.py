"""Lookup of a job, of its amounts, and of whether its video is deleted."""

from domain.job_view import JobAmounts, JobView
from domain.jobs import JobState
from storage import billing, jobs
from workflow.context import Context


async def get_job(context: Context, job_id: str) -> JobView | None:
    """Return a job; None if there is no such job."""
    return await context.database.read(lambda tx: jobs.get(tx, job_id))


async def read_job_amounts(context: Context, job_id: str) -> JobAmounts:
    """Return what the ledger has held, charged and given back for a job."""
    return await context.database.read(lambda tx: billing.amounts_of(tx, job_id))


def is_deleted(job: JobView) -> bool:
    """Return whether the video of a job was posted and then deleted."""
    return job.state is JobState.DELIVERED and job.file_name is None
