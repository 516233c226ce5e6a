"""After a crash: what was cut off in the middle of a submission is parked, never sent again.

Every other state needs nothing special: its stage takes the job as if nothing had happened.
"""

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from storage import jobs, leases
from storage.errors import StaleJobError
from storage.jobs import Job
from workflow.billing.settlement import Payer, resolve_payment
from workflow.context import Context
from workflow.scheduling import NEVER_MS
from workflow.stages.submit import park_unknown, requeue

_log = structlog.get_logger(__name__)


async def clean_up_after_crash(context: Context) -> None:
    """Free what a dead process of this database held, where no other process can be alive.

    SQLite admits one process, so on start every lease is stale. On PostgreSQL others may work:
    their leases run out by themselves.
    """
    if context.database.dialect == "sqlite":
        await context.database.transact(lambda tx: leases.drop_leases(tx, None))
    context.media.remove_partial_files()


async def park_lost_submissions(context: Context) -> None:
    """Park each job in `submitting` whose holder's lease has run out.

    One of which it is on record that nothing was sent goes back into the line.
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
        _log.error("submission cut off", job=job.id)


async def end_grace_period(context: Context, job: Job) -> None:
    """Release the member's hold on a submission whose task did not show up in time.

    The operator's account is booked with what it may have cost. The job stays where it is, for the
    operator to decide; should its task turn up, the member is not charged.
    """

    async def release_hold(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await jobs.reschedule(tx, job, due_at_ms=NEVER_MS, status_shown=None)
        await resolve_payment(tx, job, Payer.OPERATOR, now_ms=now_ms, note="no answer from APIXO")

    assert job.state is JobState.SUBMIT_UNKNOWN, "only an unknown submission has a grace time"
    await context.database.transact(release_hold)
    _log.error("grace over, hold released", job=job.id)
