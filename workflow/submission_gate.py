"""The submission gate: one table of what blocks new submissions, in order of precedence.

The worker, status messages, metrics and operator alerts all use it. Short pauses, for a rate limit
or a refused key, concern the worker alone and are not shown.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import exposure, submission_pause
from workflow.context import Context
from workflow.publisher import BlockReason, SubmissionBlock


async def find_submission_block(tx: AsyncConnection, context: Context) -> SubmissionBlock | None:
    """Return the first block of new submissions; None if there is none."""
    for check in _CHECKS:
        if (block := await check(tx, context)) is not None:
            return block
    return None


async def _operator(tx: AsyncConnection, _: Context) -> SubmissionBlock | None:
    state = await submission_pause.get(tx)
    is_stopped = state.stopped_at_ms is not None
    return SubmissionBlock(BlockReason.OPERATOR, state.stop_reason or "") if is_stopped else None


async def _exposure(tx: AsyncConnection, context: Context) -> SubmissionBlock | None:
    limit = context.policy.exposure_limit
    is_reached = await exposure.is_limit_reached(tx, context.now_ms(), limit)
    return SubmissionBlock(BlockReason.EXPOSURE) if is_reached else None


async def _disk_space(_: AsyncConnection, context: Context) -> SubmissionBlock | None:
    return SubmissionBlock(BlockReason.DISK_FULL) if context.disk_space().is_low else None


async def _credit(tx: AsyncConnection, _: Context) -> SubmissionBlock | None:
    return (
        SubmissionBlock(BlockReason.OUT_OF_CREDIT)
        if (await submission_pause.get(tx)).is_out_of_credit
        else None
    )


_CHECKS: Final[
    tuple[Callable[[AsyncConnection, Context], Awaitable[SubmissionBlock | None]], ...]
] = (
    _operator,
    _exposure,
    _disk_space,
    _credit,
)
