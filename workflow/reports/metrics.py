"""Metrics: a consistent snapshot of all figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.money import MicroUSD
from storage import exposure, jobs, metrics, processes, reports, submission_pause
from storage.metrics import Transition
from storage.reports import SpendingFilter
from workflow.billing.reconciliation import Reconciliation, reconcile_latest
from workflow.context import Context
from workflow.submission_gate import find_submission_block


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSnapshot:
    """The figures of the queue and its money at one time.

    `oldest_age_ms` is the age of the oldest job in each state, `poll_late_ms` how long the most
    overdue poll is late. `transitions` are those since the previous snapshot.
    """

    jobs: Mapping[JobState, int]
    oldest_age_ms: Mapping[JobState, int]
    poll_late_ms: int
    is_paused: bool
    held: MicroUSD
    exposure: MicroUSD
    reconciliation: Reconciliation | None
    transitions: Sequence[Transition]


async def is_elected(context: Context, process_id: str) -> bool:
    """Return whether a process is the one that serves the database's figures: the oldest alive.

    With a SQLite file there is no other.
    """
    now_ms = context.now_ms()
    alive = await context.database.read(lambda tx: processes.list_alive(tx, now_ms))
    return not alive or alive[0].id == process_id


async def last_transition_id(context: Context) -> int:
    """Return the id of the newest transition of any job."""
    return await context.database.read(metrics.last_transition_id)


async def collect_metrics(context: Context, last_transition_id: int) -> MetricsSnapshot:
    """Read all figures, and the transitions after the last one seen."""

    async def read_metrics(tx: AsyncConnection) -> MetricsSnapshot:
        now_ms = context.now_ms()
        due_ms = await metrics.oldest_due_poll_ms(tx, now_ms)
        since_ms = await metrics.oldest_created_at_ms_by_state(tx)
        return MetricsSnapshot(
            jobs=await jobs.count_by_state(tx),
            oldest_age_ms={state: now_ms - at_ms for state, at_ms in since_ms.items()},
            poll_late_ms=0 if due_ms is None else now_ms - due_ms,
            is_paused=await _is_paused(tx, context, now_ms),
            held=(await reports.get_open_holds(tx, SpendingFilter())).amount,
            exposure=await exposure.get_for_day(tx, now_ms),
            reconciliation=await reconcile_latest(tx),
            transitions=await metrics.list_transitions_after(tx, last_transition_id),
        )

    return await context.database.read(read_metrics)


async def _is_paused(tx: AsyncConnection, context: Context, now_ms: int) -> bool:
    """Return whether nothing is submitted, for whatever reason."""
    block = await find_submission_block(tx, context)
    is_blocked = block is not None and block.is_total
    return is_blocked or (await submission_pause.get(tx)).is_paused(now_ms)
