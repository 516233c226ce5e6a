"""Gathers the figures that a monitor reads, all of one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import JobState
from domain.money import MicroUSD
from storage import exposure, jobs, metrics, submission_pause
from storage.metrics import Move
from workflow.billing.reconciliation import Reading, latest_in
from workflow.context import Context
from workflow.submission_gate import halt_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """How the belt stands.

    `oldest_ms` is how long ago the oldest job in each state was wanted, `poll_late_ms` how long a
    task waits to be asked for beyond its moment. `moves` are new since the last look.
    """

    jobs: Mapping[JobState, int]
    oldest_ms: Mapping[JobState, int]
    poll_late_ms: int
    is_paused: bool
    held: MicroUSD
    exposure: MicroUSD
    reading: Reading | None
    moves: Sequence[Move]


async def last_move(context: Context) -> int:
    """Tell the number of the newest move of any job."""
    return await context.database.read(metrics.last_move)


async def gather(context: Context, last_move: int) -> Gauges:
    """Read every figure, and the moves after the one that was seen last."""

    async def work(tx: AsyncConnection) -> Gauges:
        now_ms = context.now_ms()
        due_ms = await metrics.poll_due_since(tx, now_ms)
        since_ms = await metrics.oldest(tx)
        return Gauges(
            jobs=await jobs.counts(tx),
            oldest_ms={state: now_ms - at_ms for state, at_ms in since_ms.items()},
            poll_late_ms=0 if due_ms is None else now_ms - due_ms,
            is_paused=await _is_paused(tx, context, now_ms),
            held=await metrics.held(tx),
            exposure=await exposure.of_day(tx, now_ms),
            reading=await latest_in(tx),
            moves=await metrics.moves_after(tx, last_move),
        )

    return await context.database.read(work)


async def _is_paused(tx: AsyncConnection, context: Context, now_ms: int) -> bool:
    """Tell whether nothing is submitted, for whatever reason."""
    halt = await halt_of(tx, context)
    is_halted = halt is not None and halt.is_total
    return is_halted or (await submission_pause.state(tx)).paused(now_ms)
