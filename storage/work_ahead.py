"""What awaits the worker: one statement that says whether a turn has anything to do."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import NEVER_MS, JobState
from storage import leases
from storage.schema import TIMED, Int, in_states, jobs
from storage.status_messages import IS_OUTDATED, is_shown


@dataclass(frozen=True, slots=True)
class WorkAhead:
    """What awaits the worker at a moment.

    `is_due` is whether a job in progress can be claimed, `is_queued` whether any job is in line,
    due or not, `has_lost` whether a submission's lease has expired, `has_outdated` whether a status
    message is outdated. `next_due_ms` is when the next of the other jobs in progress may be
    claimed, at the earliest, or None.
    """

    is_due: bool
    is_queued: bool
    has_lost: bool
    has_outdated: bool
    next_due_ms: int | None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is to be done before `next_due_ms`, unless a job is changed."""
        return not (self.is_due or self.is_queued or self.has_lost or self.has_outdated)


async def look(tx: AsyncConnection, now_ms: int, unshown: frozenset[JobState]) -> WorkAhead:
    """Return what awaits the worker; status messages of jobs in `unshown` may be outdated."""
    row = (await tx.execute(_look(unshown), {"now_ms": now_ms})).one()
    due, queued, lost, outdated, *later_ms = row
    next_ms = min((at_ms for at_ms in later_ms if at_ms is not None), default=None)
    return WorkAhead(bool(due), bool(queued), bool(lost), bool(outdated), next_ms)


@cache
def _look(unshown: frozenset[JobState]) -> Select[*tuple[Any, ...]]:
    now_ms = bindparam("now_ms", type_=Int)
    # Looks at the beginnings of an index: a minimum over both times would read every job.
    due = [
        select(func.min(jobs.c.due_at_ms)).where(in_states([state]), jobs.c.due_at_ms > now_ms)
        for state in sorted(TIMED)
    ]
    held = select(func.min(jobs.c.lease_until_ms)).where(
        leases.IS_TIMED, jobs.c.due_at_ms <= now_ms, jobs.c.lease_until_ms > now_ms
    )
    return select(
        exists().where(leases.IS_DUE),
        exists().where(in_states([JobState.QUEUED]), jobs.c.due_at_ms < NEVER_MS),
        exists().where(leases.IS_LOST),
        exists().where(IS_OUTDATED, is_shown(unshown)),
        *(one.scalar_subquery() for one in due),
        held.scalar_subquery(),
    )
