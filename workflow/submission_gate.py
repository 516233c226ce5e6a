"""Knows why nothing is submitted just now: one table, in the order in which members are told.

The belt, the cards, the figures of a monitor and the operator's alarms all go by it. Short pauses,
for a rate limit or a refused key, are the belt's own; nobody is told of them.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import exposure, submission_pause
from workflow.context import Context
from workflow.publisher import BlockReason, SubmissionBlock


async def find_submission_block(tx: AsyncConnection, context: Context) -> SubmissionBlock | None:
    """Tell what stands in the way of new submissions; None if nothing does."""
    for hindrance in _HINDRANCES:
        if (halt := await hindrance(tx, context)) is not None:
            return halt
    return None


async def _operator(tx: AsyncConnection, _: Context) -> SubmissionBlock | None:
    state = await submission_pause.get(tx)
    is_stopped = state.stopped_at_ms is not None
    return SubmissionBlock(BlockReason.OPERATOR, state.stop_reason or "") if is_stopped else None


async def _exposure(tx: AsyncConnection, context: Context) -> SubmissionBlock | None:
    limit = context.policy.exposure_limit
    is_reached = await exposure.is_limit_reached(tx, context.now_ms(), limit)
    return SubmissionBlock(BlockReason.EXPOSURE) if is_reached else None


async def _room(_: AsyncConnection, context: Context) -> SubmissionBlock | None:
    return SubmissionBlock(BlockReason.DISK_FULL) if context.disk_space().is_low else None


async def _funds(tx: AsyncConnection, _: Context) -> SubmissionBlock | None:
    return (
        SubmissionBlock(BlockReason.OUT_OF_CREDIT)
        if (await submission_pause.get(tx)).is_out_of_credit
        else None
    )


_HINDRANCES: Final[
    tuple[Callable[[AsyncConnection, Context], Awaitable[SubmissionBlock | None]], ...]
] = (
    _operator,
    _exposure,
    _room,
    _funds,
)
