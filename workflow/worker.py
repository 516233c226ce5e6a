"""The worker: claims due jobs, runs each one's stage, and waits for the next.

One bad job never stops the others: an unexpected error of a stage is logged and the job retried
later; after five turns without progress it is quarantined. An outage counts as no turn and no
failure of the job's, however long it lasts: the job goes on after growing pauses.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog
from cachetools import LRUCache
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from domain.jobs import JobState, can_transition
from storage import jobs, leases, queue, work_ahead
from storage.errors import StaleJobError
from storage.jobs import Job
from storage.work_ahead import WorkAhead
from workflow.context import Context
from workflow.reliability import commit_with_retry
from workflow.restore import check_high_water
from workflow.signals import Signal
from workflow.stages import recover
from workflow.stages.deliver import deliver
from workflow.stages.deliver_takes import deliver_take
from workflow.stages.discard import discard
from workflow.stages.poll import poll
from workflow.stages.store import store
from workflow.stages.submit import park_unknown, submit
from workflow.status_updates import StatusUpdater
from workflow.status_views import TRANSIENT_STATES
from workflow.submission_gate import find_submission_block

_log = structlog.get_logger(__name__)

LEASE_MS: Final = 60_000
HEARTBEAT_S: Final = 15
MAX_WAIT_S: Final = 2.0
"""The longest wait: other processes add jobs to the same queue."""

_MAX_CONCURRENT = 64
_MAX_TURNS = 5
_MAX_INTERRUPTED = 10_000
_RELEASE_TIMEOUT_S = 2

_UNKNOWN: Final = WorkAhead(
    is_due=True, is_queued=True, has_lost=True, has_outdated=True, next_due_ms=None
)
"""What awaits the worker before its first look."""

_Tasks = dict[asyncio.Task[None], str]
"""Running tasks, with the job id of each."""

_STAGES: dict[JobState, Callable[[Context, Job], Awaitable[None]]] = {
    JobState.SUBMITTING: submit,
    JobState.GENERATING: poll,
    JobState.SUCCEEDED: store,
    JobState.STORED: deliver,
    JobState.POSTING: deliver,
    JobState.SUBMIT_UNKNOWN: recover.end_grace_period,
}
_WITH_VIDEO = JobState.SUCCEEDED, JobState.STORED, JobState.POSTING


def _stage_of(job: Job) -> Callable[[Context, Job], Awaitable[None]]:
    """Return the stage of a job; the video of one that was erased is not for posting."""
    if job.erased_at_ms is not None and job.state in _WITH_VIDEO:
        return discard
    is_posted_together = job.order_id is not None and _STAGES[job.state] is deliver
    return deliver_take if is_posted_together else _STAGES[job.state]


class Worker:
    """The worker of one process; `owner` names the process in the leases it takes.

    Where `takes_jobs` is False, other processes work, and this one may only be asked to wake.
    """

    def __init__(self, context: Context, owner: str, *, takes_jobs: bool = True) -> None:
        self.takes_jobs = takes_jobs
        self.owner = owner
        self._context = context
        self._status_updater = StatusUpdater(context)
        self._interruptions = LRUCache[str, int](_MAX_INTERRUPTED)
        self._working: _Tasks = {}
        self._updating: _Tasks = {}
        self._wake_event = asyncio.Event()
        context.signals.on(Signal.WORK, lambda _: self._wake_event.set())
        self._renewed_ms = 0
        self._ahead = _UNKNOWN
        self._seen_transactions = 0
        self.last_run_ms: int | None = None
        self.runs = 0

    async def recover(self) -> None:
        """Clean up after a crash; call once before the first run."""
        await recover.clean_up_after_crash(self._context)

    async def run_once(self) -> None:
        """Start the stage of every due job; return while the stages run.

        Raises:
            MarksNotCompared: it is not known yet whether the database was restored from a copy.
        """
        self._wake_event.clear()
        if not self._context.high_water.is_checked:
            await check_high_water(self._context)
        await self._renew_leases()
        if not self._is_at_rest():
            await self._take_turn()
        self._show_progress()
        self.last_run_ms = self._context.now_ms()
        self.runs += 1

    async def wait_for_work(self, max_wait_s: float = MAX_WAIT_S) -> None:
        """Wait until the next job is due, `wake` is called, or a stage has ended.

        The wait is bounded by `max_wait_s`, because a job that another process queued, or that
        waits for a free slot, becomes due without a signal.
        """
        progress_ms = self._status_updater.progress.next_ms
        next_ms, wait_s = self._ahead.next_due_ms, max_wait_s
        if progress_ms is not None:
            wait_s = min(wait_s, max(0.0, (progress_ms - self._context.now_ms()) / 1000))
        if next_ms is not None and len(self._working) < _MAX_CONCURRENT:
            wait_s = min(wait_s, max(0.0, (next_ms - self._context.now_ms()) / 1000))
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait_s, 0.01)):
                await self._wake_event.wait()

    def wake(self, *, everyone: bool = False) -> None:
        """End the wait: there is new work.

        Other processes are told if this one does not work, or cannot take it up now; `everyone` is,
        of what stops or starts all work.
        """
        self._wake_event.set()
        if everyone or self.runs == 0 or len(self._working) >= _MAX_CONCURRENT:
            self._context.signals.send(Signal.WORK)

    async def wait_until_idle(self) -> None:
        """Wait for the running stages."""
        while tasks := [*self._working, *self._updating]:
            await asyncio.wait(tasks)

    async def drain(self, timeout_s: float) -> None:
        """Let stages finish for `timeout_s` seconds, cancel the others, and release the leases."""
        if tasks := [*self._working, *self._updating]:
            _, late = await asyncio.wait(tasks, timeout=timeout_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            async with asyncio.timeout(_RELEASE_TIMEOUT_S):
                await self._context.database.transact(lambda tx: leases.drop_leases(tx, self.owner))
        except TimeoutError:
            _log.warning("leases not released")  # they expire by themselves

    def _is_at_rest(self) -> bool:
        """Return whether nothing can be due: all is as it was found, and the next job is early."""
        next_ms = self._ahead.next_due_ms
        return self._is_as_found() and (next_ms is None or self._context.now_ms() < next_ms)

    def _is_as_found(self) -> bool:
        """Return whether all was found at rest, and nobody has written since."""
        database = self._context.database
        is_same = database.has_one_process and database.transactions == self._seen_transactions
        return is_same and self._ahead.is_at_rest

    async def _look(self) -> WorkAhead:
        """Look what awaits the worker; of what it has found, only the time can have come."""
        if self._is_as_found():
            return replace(self._ahead, is_due=True, next_due_ms=None)
        self._seen_transactions = self._context.database.transactions
        now_ms = self._context.now_ms()
        return await self._context.database.read(
            lambda tx: work_ahead.look(tx, now_ms, TRANSIENT_STATES)
        )

    async def _take_turn(self) -> None:
        self._ahead = ahead = await self._look()
        if ahead.has_lost or self.runs == 0:
            await recover.park_lost_submissions(self._context)
        if ahead.is_due or ahead.is_queued:
            for job in await self._claim(ahead):
                self._spawn(self._working, job.id, self._work(job))
        if ahead.has_outdated:
            await self._update_messages()

    async def _update_messages(self) -> None:
        for job in await self._status_updater.due_jobs(_MAX_CONCURRENT):
            is_free = len(self._updating) < _MAX_CONCURRENT
            if is_free and job.id not in self._updating.values():
                self._spawn(self._updating, job.id, self._status_updater.update(job))

    def _show_progress(self) -> None:
        progress = self._status_updater.progress
        for job_id, is_last in progress.take_due():
            is_free = len(self._updating) < _MAX_CONCURRENT
            if is_free and job_id not in self._updating.values():
                self._spawn(self._updating, job_id, progress.edit(job_id, is_last=is_last))

    async def _claim(self, ahead: WorkAhead) -> list[Job]:
        free_slots = _MAX_CONCURRENT - len(self._working)
        if free_slots <= 0:
            return []

        async def claim(tx: AsyncConnection) -> list[Job]:
            now_ms, owner = self._context.now_ms(), self.owner
            due = await leases.claim_due(
                tx, now_ms=now_ms, owner=owner, lease_ms=LEASE_MS, limit=free_slots
            )
            # Nothing new is bought while its server might be left unnoticed.
            if not (ahead.is_queued and self._context.publisher.is_connected):
                return due
            block = await find_submission_block(tx, self._context)
            if block is not None and block.is_total:
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
        def on_done(task: asyncio.Task[None]) -> None:
            del tasks[task]
            self._wake_event.set()
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.error("stage failed", job=job_id, exc_info=error)

        task = asyncio.create_task(work, name=f"job {job_id}")
        tasks[task] = job_id
        task.add_done_callback(on_done)

    async def _work(self, job: Job) -> None:
        try:
            if job.turns > _MAX_TURNS and can_transition(job.state, JobState.QUARANTINED):
                await self._quarantine(job)
            else:
                await _stage_of(job)(self._context, job)
                self._status_updater.progress.adopt(job)
            self._interruptions.pop(job.id, None)
        except StaleJobError:
            _log.warning("stale job, stage abandoned", job=job.id, state=job.state)
        except Outage as error:
            _log.warning("stage interrupted", job=job.id, state=job.state, error=error)
            await self._reschedule(job, self._resume_at_ms(job), is_bug=False)
        except Exception:  # noqa: BLE001 - whatever it is, the worker goes on
            _log.exception("stage failed", job=job.id, state=job.state)
            await self._reschedule(job, self._context.backoff_until_ms(job.turns), is_bug=True)

    def _resume_at_ms(self, job: Job) -> int:
        """Return when to go on with an interrupted job: at once, then after growing pauses."""
        before = self._interruptions.get(job.id, 0)
        self._interruptions[job.id] = before + 1
        return self._context.backoff_until_ms(before) if before else self._context.now_ms()

    async def _quarantine(self, job: Job) -> None:
        async def record_quarantine(tx: AsyncConnection) -> Job:
            now_ms = self._context.now_ms()
            reason = f"{_MAX_TURNS} turns without progress in {job.state}"
            return await jobs.transition(
                tx, job, JobState.QUARANTINED, now_ms=now_ms, reason=reason, order_post=None
            )

        await self._context.database.transact(record_quarantine)
        _log.error("job quarantined", job=job.id, state=job.state)

    async def _reschedule(self, job: Job, due_at_ms: int, *, is_bug: bool) -> None:
        """Reschedule a job after a failed stage, whatever state it is in now.

        A bug counts towards quarantine, an outage of the database does not. A submission may have
        reached APIXO, so it is parked instead.
        """

        async def release_lease(tx: AsyncConnection) -> None:
            now = await jobs.get(tx, job.id)
            if now is not None and now.lease_owner == self.owner:
                await jobs.reschedule(tx, now, due_at_ms=due_at_ms, progress=not is_bug)

        try:
            if job.state is JobState.SUBMITTING:
                await park_unknown(self._context, job, "the submission ended in a fault of ours")
            else:
                await commit_with_retry(self._context, release_lease)
        except Exception:  # noqa: BLE001 - whatever it is, the worker goes on
            _log.exception("job not rescheduled", job=job.id)

    async def _renew_leases(self) -> None:
        now_ms = self._context.now_ms()
        if self._working and now_ms - self._renewed_ms >= HEARTBEAT_S * 1000:
            job_ids, until_ms = set(self._working.values()), now_ms + LEASE_MS
            await self._context.database.transact(
                lambda tx: leases.renew(tx, self.owner, job_ids, until_ms)
            )
            self._renewed_ms = now_ms
