"""Progress of running jobs on their status messages: at most four edits a job, by expected time.

The first requests that are dropped where Discord's limits are near. Nothing of it is stored: a
process that takes over a job says no more than that it takes longer than usual.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from cachetools import LRUCache

from domain.errors import Outage
from domain.jobs import JobState
from storage import jobs, status_messages
from storage.jobs import Job
from workflow.answer_updates import update_answer
from workflow.context import Context
from workflow.errors import PublishError
from workflow.status_views import read_expected_times
from workflow.takes.lookup import list_takes
from workflow.takes.views import build_view

_log = structlog.get_logger(__name__)

_SHARES: Final = (0.25, 0.5, 0.75, 1.0)
"""Of the expected time, after which the message is edited; the last one says that it is over."""

MIN_GAP_MS: Final = 300
"""Edits that are closer to each other would not be seen."""

_POSTPONED_MS: Final = 5_000
_MAX_ADOPTED: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Plan:
    """When to edit the message of a job, Unix milliseconds; the last time is when it is late."""

    times_ms: tuple[int, ...]

    @property
    def is_last(self) -> bool:
        return len(self.times_ms) == 1


class ProgressEdits:
    """The edits that this process plans."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._since_ms = context.now_ms()
        self._plans = dict[str, _Plan]()
        self._adopted = LRUCache[str, bool](_MAX_ADOPTED)

    @property
    def next_ms(self) -> int | None:
        """Return when the next edit is due, Unix milliseconds; None if none is planned."""
        return min((plan.times_ms[0] for plan in self._plans.values()), default=None)

    def follow(self, job: Job) -> None:
        """Plan the edits of a job whose message shows that it is being made."""
        times_ms = tuple(_times_ms(self._context, job, _SHARES))
        if times_ms:
            self._plans[job.id] = _Plan(times_ms)

    def adopt(self, job: Job) -> None:
        """Plan the last edit of a job that was begun before this process, once."""
        is_older = job.started_at_ms is not None and job.started_at_ms < self._since_ms
        if is_older and job.id not in self._plans and job.id not in self._adopted:
            self._adopted[job.id] = True
            if times_ms := tuple(_times_ms(self._context, job, _SHARES[-1:])):
                self._plans[job.id] = _Plan(times_ms)

    def take_due(self) -> list[tuple[str, bool]]:
        """Return the jobs whose edits are due, and whether it is the last one of each.

        With Discord's limits near, edits are dropped; the last one is put off.
        """
        now_ms, due = self._context.now_ms(), list[tuple[str, bool]]()
        for job_id, plan in [*self._plans.items()]:
            if plan.times_ms[0] > now_ms:
                continue
            has_room = self._context.publisher.has_spare_requests
            if plan.is_last and not has_room:
                self._plans[job_id] = _Plan((now_ms + _POSTPONED_MS,))
                continue
            # Of what has become due while nobody looked, the last counts.
            rest = tuple(at_ms for at_ms in plan.times_ms if at_ms > now_ms)
            self._plans.pop(job_id)
            if rest:
                self._plans[job_id] = replace(plan, times_ms=rest)
            if has_room:
                due.append((job_id, not rest))
        return due

    async def edit(self, job_id: str, *, is_last: bool) -> None:
        """Show on its message how far a job is; the private answer hears of the last edit only."""
        try:
            await self._edit(job_id, is_last=is_last)
        except (PublishError, Outage) as error:
            _log.info("progress not shown", job=job_id, reason=error)

    async def _edit(self, job_id: str, *, is_last: bool) -> None:
        job = await self._read(job_id)
        shown = [] if job is None else await list_takes(self._context, job) or [job]
        is_left = job is not None and self._is_out_of_reach(job)
        if job is None or is_left or shown[0].status_message_id is None:
            self._plans.pop(job_id, None)
            return
        if is_last:
            await update_answer(self._context, shown)
        await self._context.publisher.edit_status(await build_view(self._context, job))
        is_shared = len(shown) > 1 or not self._context.database.has_one_process
        if is_shared and await self._has_changed(job, shown):
            # The message may have been edited before this edit arrived.
            await self._context.database.transact(
                lambda tx: status_messages.mark_outdated(tx, job_id)
            )

    def _is_out_of_reach(self, job: Job) -> bool:
        return self._context.publisher.has_left(job.guild_id) and not job.private

    async def _has_changed(self, job: Job, shown: Sequence[Job]) -> bool:
        """Return whether a job, or a take on the same message, is no longer as it was shown."""
        if await self._read(job.id) is None:
            return True
        states = {take.id: take.state for take in await list_takes(self._context, job)}
        return any(states.get(take.id, take.state) is not take.state for take in shown)

    async def _read(self, job_id: str) -> Job | None:
        """Return a job that is still being made."""
        job = await self._context.database.read(lambda tx: jobs.get(tx, job_id))
        if job is None or job.erased_at_ms is not None:
            return None
        return job if job.state is JobState.GENERATING else None


def _times_ms(context: Context, job: Job, shares: Iterable[float]) -> Iterable[int]:
    """Yield when a job is so far, as far as that is to come; the end in any case."""
    expected = read_expected_times(context, job)
    if expected is None:
        return
    started_ms, ready_ms = expected
    last_ms = context.now_ms()
    for share in shares:
        at_ms = started_ms + round(share * (ready_ms - started_ms))
        if share == _SHARES[-1]:
            yield at_ms
        elif at_ms - last_ms >= MIN_GAP_MS and ready_ms - at_ms >= MIN_GAP_MS:
            yield (last_ms := at_ms)
