"""Recovery after a crash: an interrupted submission is parked, never sent again.

Every other state needs no recovery: its stage runs again as if nothing had happened.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import NEVER_MS, JobState
from storage import jobs, leases
from storage.database import Database
from storage.errors import StaleJobError
from storage.jobs import Job
from workflow.billing.settlement import Payer, resolve_payment
from workflow.context import Context
from workflow.stages.submit import park_unknown, requeue

_log = structlog.get_logger(__name__)


async def clean_up_after_crash(context: Context) -> None:
    """Remove partial files, and release all leases where no other process can be alive.

    SQLite admits one process, so at start every lease is stale. On PostgreSQL other processes may
    be running; the leases of dead ones expire.
    """
    await drop_stale_leases(context.database)
    context.media.remove_partial_files()


async def drop_stale_leases(database: Database) -> None:
    """Release all leases of a SQLite database that was just opened: nobody else has it open."""
    if database.dialect == "sqlite":
        await database.transact(lambda tx: leases.drop_leases(tx, None))


async def park_lost_submissions(context: Context) -> None:
    """Park each job in `submitting` whose lease has expired.

    A job with a record that nothing was sent is queued again.
    """
    lost = await context.database.transact(
        lambda tx: leases.claim_lost_submissions(tx, now_ms=context.now_ms())
    )
    for job in lost:
        try:
            if job.submitted_at_ms is None:
                await requeue(context, job, due_at_ms=context.now_ms(), failures=job.failures)
                continue
            await park_unknown(context, job, "the service stopped while the request was being sent")
        except StaleJobError:
            continue  # another process has parked it
        _log.error("submission interrupted", job=job.id)


async def end_grace_period(context: Context, job: Job) -> None:
    """Release the member's hold on a submission whose task did not appear in time.

    Its possible cost is booked to the operator's account. The job stays parked for the operator's
    decision; if its task appears later, the member is not charged.
    """

    async def release_hold(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await jobs.reschedule(tx, job, due_at_ms=NEVER_MS, status_shown=None)
        await resolve_payment(tx, job, Payer.OPERATOR, now_ms=now_ms, note="no answer from APIXO")

    assert job.state is JobState.SUBMIT_UNKNOWN, "only an unknown submission has a grace time"
    await context.database.transact(release_hold)
    _log.error("grace period over, hold released", job=job.id)
