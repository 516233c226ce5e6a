"""Service control for the operator: stop and resume submissions, read the service status.

While submissions are stopped, by the operator or automatically, no process submits anything;
polls, downloads and posts continue.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.errors import ApixoError
from domain.audit_log import NewChange
from domain.jobs import AT_APIXO, JobState
from domain.money import MicroUSD
from storage import audit_log, exposure, jobs, parked_jobs, queue, status_messages, submission_pause
from storage.submission_pause import SubmissionPause
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.disk_space import DiskSpace
from workflow.operator.processes import ProcessStatus, list_processes

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the day may cost the operator, how much of it they have accepted, and the limit."""

    amount: MicroUSD
    accepted: MicroUSD
    limit: MicroUSD | None

    @property
    def is_reached(self) -> bool:
        """Return whether the exposure beyond what was accepted has reached the limit."""
        return self.limit is not None and self.amount - self.accepted >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """The status of the service; `balance` is None if APIXO did not answer."""

    now_ms: int
    submission_pause: SubmissionPause
    exposure: Exposure
    disk_space: DiskSpace
    jobs: Mapping[JobState, int]
    in_flight: int
    max_in_flight: int
    oldest_queued_ms: int | None
    parked: int
    balance: MicroUSD | None
    processes: Sequence[ProcessStatus]


async def stop_submissions(context: Context, reason: str, operator: Actor) -> None:
    """Stop submissions in every process, and show the reason on queued jobs."""

    async def record_stop(tx: AsyncConnection) -> None:
        now_ms, before = context.now_ms(), await submission_pause.lock(tx)
        if await audit_log.get_by_interaction(tx, operator.interaction_id) is not None:
            return
        await submission_pause.stop(tx, now_ms, str(operator.user_id), reason)
        await status_messages.mark_all_outdated(tx, JobState.QUEUED)
        await audit_log.record(tx, _change("stop", operator, now_ms, before.stop_reason, reason))

    await context.database.transact(record_stop)
    _log.warning("submissions stopped", by=operator.user_id)


async def resume_submissions(context: Context, operator: Actor) -> bool:
    """Resume submissions and accept the day's exposure so far; False if nothing blocked them."""

    async def record_resumption(tx: AsyncConnection) -> bool:
        now_ms, before = context.now_ms(), await submission_pause.lock(tx)
        if await audit_log.get_by_interaction(tx, operator.interaction_id) is not None:
            return True
        is_reached = await exposure.is_limit_reached(tx, now_ms, context.policy.exposure_limit)
        if not (before.is_paused(now_ms) or is_reached):
            return False
        await submission_pause.resume(tx)
        if is_reached:
            await exposure.accept(tx, now_ms)
        await status_messages.mark_all_outdated(tx, JobState.QUEUED)
        block = before.stop_reason or (before.reason if before.is_paused(now_ms) else "exposure")
        await audit_log.record(tx, _change("go on", operator, now_ms, block, None))
        return True

    was_stopped = await context.database.transact(record_resumption)
    _log.warning("submissions resumed", by=operator.user_id, was_stopped=was_stopped)
    return was_stopped


async def read_service_status(context: Context) -> ServiceStatus:
    """Return the status of the service."""
    balance = await _balance(context)

    async def read_status(tx: AsyncConnection) -> ServiceStatus:
        now_ms, counts = context.now_ms(), await jobs.count_by_state(tx)
        return ServiceStatus(
            now_ms=now_ms,
            submission_pause=await submission_pause.get(tx),
            exposure=await read_exposure(tx, context, now_ms),
            disk_space=context.disk_space(),
            jobs=counts,
            in_flight=sum(counts.get(state, 0) for state in AT_APIXO),
            max_in_flight=context.policy.max_tasks,
            oldest_queued_ms=await queue.oldest_created_at_ms(tx),
            parked=await parked_jobs.count(tx),
            balance=balance,
            processes=await list_processes(tx, now_ms),
        )

    return await context.database.read(read_status)


async def read_exposure(tx: AsyncConnection, context: Context, now_ms: int) -> Exposure:
    """Return the exposure of the UTC day of `now_ms`."""
    amount, accepted = (
        await exposure.get_for_day(tx, now_ms),
        await exposure.get_accepted(tx, now_ms),
    )
    return Exposure(amount, accepted, context.policy.exposure_limit)


async def _balance(context: Context) -> MicroUSD | None:
    try:
        return await context.apixo.fetch_balance()
    except ApixoError as error:
        _log.warning("balance not read", error=error)
        return None


def _change(
    what: str, operator: Actor, now_ms: int, before: str | None, after: str | None
) -> NewChange:
    return NewChange(
        at_ms=now_ms,
        guild_id=0,
        actor=str(operator.user_id),
        what=what,
        subject="belt",
        before=before,
        after=after,
        interaction_id=operator.interaction_id,
    )
