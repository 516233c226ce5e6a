"""Turns the belt: takes the jobs that are due, gives each to its stage, and rests until the next.

One bad job never stops the others: what a stage does not expect is logged, and the job is tried
again later; five turns without progress put it into quarantine.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from domain.jobs import JobState, can_transition
from storage import jobs, leases, queue
from storage.errors import StaleJobError
from storage.jobs import Job
from workflow.context import Context
from workflow.reliability import commit_with_retry
from workflow.stages import recover
from workflow.stages.deliver import deliver
from workflow.stages.poll import poll
from workflow.stages.store import store
from workflow.stages.submit import park_unknown, submit
from workflow.status_updates import StatusUpdater
from workflow.submission_gate import find_submission_block

_log = structlog.get_logger(__name__)

LEASE_MS: Final = 60_000
HEARTBEAT_S: Final = 15
MAX_WAIT_S: Final = 2.0
"""Longest rest: other processes put jobs on the same belt."""

_MAX_AT_ONCE = 64
_MAX_TURNS = 5
_FREEING_S = 2

_Tasks = dict[asyncio.Task[None], str]
"""What is under way, with the job that each task is about."""

_STAGES: dict[JobState, Callable[[Context, Job], Awaitable[None]]] = {
    JobState.SUBMITTING: submit,
    JobState.GENERATING: poll,
    JobState.SUCCEEDED: store,
    JobState.STORED: deliver,
    JobState.POSTING: deliver,
    JobState.SUBMIT_UNKNOWN: recover.end_grace_period,
}


class Worker:
    """The conveyor belt of one process; `owner` names the process in the leases it takes."""

    def __init__(self, context: Context, owner: str) -> None:
        self._context = context
        self._owner = owner
        self._announcer = StatusUpdater(context)
        self._working: _Tasks = {}
        self._announcing: _Tasks = {}
        self._bell = asyncio.Event()
        self._renewed_ms = 0
        self.last_run_ms: int | None = None
        self.runs = 0

    async def recover(self) -> None:
        """Make good what a crash left behind; call once before the first turn."""
        await recover.clean_up_after_crash(self._context)

    async def run_once(self) -> None:
        """Give every due job to its stage; returns while the stages work."""
        self._bell.clear()
        await self._renew_leases()
        await recover.park_lost_submissions(self._context)
        for job in await self._claim():
            self._spawn(self._working, job.id, self._work(job))
        for job in await self._announcer.due_jobs(_MAX_AT_ONCE):
            is_free = len(self._announcing) < _MAX_AT_ONCE
            if is_free and job.id not in self._announcing.values():
                self._spawn(self._announcing, job.id, self._announcer.update(job))
        self.last_run_ms = self._context.now_ms()
        self.runs += 1

    async def wait_for_work(self, max_wait_s: float = MAX_WAIT_S) -> None:
        """Wait until the next job is due, the bell rings, or a stage has ended.

        A job that another process queued, or that waits for a place, is due without a sign.
        """
        next_ms = await self._context.database.read(leases.next_due_ms)
        wait_s = max_wait_s
        if next_ms is not None and len(self._working) < _MAX_AT_ONCE:
            wait_s = min(wait_s, max(0.0, (next_ms - self._context.now_ms()) / 1000))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait_s, 0.01)):
                await self._bell.wait()

    def wake(self) -> None:
        """End the rest: there is something new."""
        self._bell.set()

    async def wait_until_idle(self) -> None:
        """Wait for the stages that work now."""
        while tasks := [*self._working, *self._announcing]:
            await asyncio.wait(tasks)

    async def drain(self, timeout_s: float) -> None:
        """Let the stages finish for `patience_s` seconds, cut off the rest, and free the leases."""
        if tasks := [*self._working, *self._announcing]:
            _, late = await asyncio.wait(tasks, timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            async with asyncio.timeout(_FREEING_S):
                await self._context.database.transact(
                    lambda tx: leases.drop_leases(tx, self._owner)
                )
        except TimeoutError:
            _log.warning("leases not freed; they run out by themselves")

    async def _claim(self) -> list[Job]:
        room = _MAX_AT_ONCE - len(self._working)
        if room <= 0:
            return []

        async def claim(tx: AsyncConnection) -> list[Job]:
            now_ms, owner = self._context.now_ms(), self._owner
            due = await leases.claim_due(
                tx, now_ms=now_ms, owner=owner, lease_ms=LEASE_MS, limit=room
            )
            if not self._context.publisher.is_ready:
                return due  # no new money is spent while its video could not be posted
            halt = await find_submission_block(tx, self._context)
            if halt is not None and halt.is_total:
                return due
            queued = await queue.claim_for_submission(
                tx,
                now_ms=now_ms,
                owner=owner,
                lease_ms=LEASE_MS,
                max_in_flight=self._context.policy.max_tasks,
                limit=self._context.throttle.allowance(self._context.unscaled_ms(now_ms)),
            )
            return due + queued

        claimed = await self._context.database.transact(claim)
        if any(job.state is JobState.SUBMITTING for job in claimed):
            self._context.throttle.record_start(self._context.unscaled_ms(self._context.now_ms()))
        return claimed

    def _spawn(self, tasks: _Tasks, job_id: str, work: Coroutine[None, None, None]) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            del tasks[task]
            self._bell.set()
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("stage failed", job=job_id, exc_info=error)

        task = asyncio.create_task(work, name=f"job {job_id}")
        tasks[task] = job_id
        task.add_done_callback(ended)

    async def _work(self, job: Job) -> None:
        try:
            if job.turns > _MAX_TURNS and can_transition(job.state, JobState.QUARANTINED):
                await self._quarantine(job)
            else:
                await _STAGES[job.state](self._context, job)
        except StaleJobError:
            _log.warning("another holder has the job", job=job.id, state=job.state)
        except Outage as error:
            _log.warning("stage cut off", job=job.id, state=job.state, why=str(error))
            await self._put_back(job, self._context.now_ms(), is_ours=False)
        except Exception:  # noqa: BLE001 - whatever it is, the belt goes on
            _log.exception("stage failed", job=job.id, state=job.state)
            await self._put_back(job, self._context.backoff_until_ms(job.turns), is_ours=True)

    async def _quarantine(self, job: Job) -> None:
        async def record_quarantine(tx: AsyncConnection) -> Job:
            now_ms = self._context.now_ms()
            reason = f"{_MAX_TURNS} turns without progress in {job.state}"
            return await jobs.transition(
                tx, job, JobState.QUARANTINED, now_ms=now_ms, reason=reason
            )

        await self._context.database.transact(record_quarantine)
        _log.error("quarantined", job=job.id, state=job.state)

    async def _put_back(self, job: Job, due_at_ms: int, *, is_ours: bool) -> None:
        """Leave a job that its stage could not handle for a later turn, wherever it stands now.

        A fault of ours counts against the job, an outage of the database does not.
        """

        async def release_lease(tx: AsyncConnection) -> None:
            now = await jobs.get(tx, job.id)
            if now is not None and now.lease_owner == self._owner:
                await jobs.reschedule(tx, now, due_at_ms=due_at_ms, progress=not is_ours)

        try:
            if job.state is JobState.SUBMITTING:
                await park_unknown(self._context, job, "the submission ended in a fault of ours")
            else:
                await commit_with_retry(self._context, release_lease)
        except Exception:  # noqa: BLE001 - whatever it is, the belt goes on
            _log.exception("job not put back", job=job.id)

    async def _renew_leases(self) -> None:
        now_ms = self._context.now_ms()
        if self._working and now_ms - self._renewed_ms >= HEARTBEAT_S * 1000:
            mine, until_ms = set(self._working.values()), now_ms + LEASE_MS
            await self._context.database.transact(
                lambda tx: leases.renew(tx, self._owner, mine, until_ms)
            )
            self._renewed_ms = now_ms
