"""Credit of the member whose video another one was made from."""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.job_view import JobView
from storage import jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import PublishError, TemporaryPublishError
from workflow.reliability import commit_with_retry
from workflow.results.lookup import get_job

_log = structlog.get_logger(__name__)


async def find_origin(context: Context, job: JobView) -> JobView | None:
    """Return the job that a job is a remix of; None if its member has had everything deleted."""
    origin = None if job.remix_of is None else await get_job(context, job.remix_of)
    return None if origin is None or origin.erased_at_ms is not None else origin


async def remove_outdated_credit(context: Context, job: Job) -> None:
    """Take the credit out of a delivered remix whose origin's member had everything deleted.

    Raises:
        TemporaryPublishError: Discord did not do it; try again.
    """
    if job.remix_of is None or await find_origin(context, job) is not None:
        return
    try:
        await context.publisher.remove_credit(job)
    except TemporaryPublishError:
        raise
    except PublishError as error:
        _log.warning("credit of a member not removed", job=job.id, error=error)

    async def forget_origin(tx: AsyncConnection) -> None:
        await jobs.forget_origin(tx, job.id)

    await commit_with_retry(context, forget_origin)
