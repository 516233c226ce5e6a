"""Gathers the figures that a monitor reads, all of one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.money import MicroUSD
from storage import exposure, jobs, metrics, submission_pause
from storage.metrics import Transition
from workflow.billing.reconciliation import Reconciliation, reconcile_latest
from workflow.context import Context
from workflow.submission_gate import find_submission_block


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSnapshot:
    """How the belt stands.

    `oldest_ms` is how long ago the oldest job in each state was wanted, `poll_late_ms` how long a
    task waits to be asked for beyond its moment. `moves` are new since the last look.
    """

    jobs: Mapping[JobState, int]
    oldest_age_ms: Mapping[JobState, int]
    poll_late_ms: int
    is_paused: bool
    held: MicroUSD
    exposure: MicroUSD
    reconciliation: Reconciliation | None
    transitions: Sequence[Transition]


async def last_transition_id(context: Context) -> int:
    """Tell the number of the newest move of any job."""
    return await context.database.read(metrics.last_transition_id)


async def collect_metrics(context: Context, last_transition_id: int) -> MetricsSnapshot:
    """Read every figure, and the moves after the one that was seen last."""

    async def read_metrics(tx: AsyncConnection) -> MetricsSnapshot:
        now_ms = context.now_ms()
        due_ms = await metrics.oldest_due_poll_ms(tx, now_ms)
        since_ms = await metrics.oldest_created_at_ms_by_state(tx)
        return MetricsSnapshot(
            jobs=await jobs.count_by_state(tx),
            oldest_age_ms={state: now_ms - at_ms for state, at_ms in since_ms.items()},
            poll_late_ms=0 if due_ms is None else now_ms - due_ms,
            is_paused=await _is_paused(tx, context, now_ms),
            held=await metrics.sum_open_holds(tx),
            exposure=await exposure.get_for_day(tx, now_ms),
            reconciliation=await reconcile_latest(tx),
            transitions=await metrics.list_transitions_after(tx, last_transition_id),
        )

    return await context.database.read(read_metrics)


async def _is_paused(tx: AsyncConnection, context: Context, now_ms: int) -> bool:
    """Tell whether nothing is submitted, for whatever reason."""
    halt = await find_submission_block(tx, context)
    is_halted = halt is not None and halt.is_total
    return is_halted or (await submission_pause.get(tx)).is_paused(now_ms)
