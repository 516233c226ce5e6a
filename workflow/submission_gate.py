"""The submission gate: what blocks new submissions, in order of precedence.

The worker, status messages, metrics and operator alerts all use it. Short pauses, for a rate limit
or a refused key, concern the worker alone and are not shown.
"""

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import exposure, submission_pause
from workflow.context import Context
from workflow.publisher import BlockReason, SubmissionBlock


async def find_submission_block(tx: AsyncConnection, context: Context) -> SubmissionBlock | None:
    """Return the first block of new submissions; None if there is none."""
    pause = await submission_pause.get(tx)
    if pause.stopped_at_ms is not None:
        return SubmissionBlock(BlockReason.OPERATOR, pause.stop_reason or "")
    limit = context.policy.exposure_limit
    if await exposure.is_limit_reached(tx, context.now_ms(), limit):
        return SubmissionBlock(BlockReason.EXPOSURE)
    if context.disk_space().is_low:
        return SubmissionBlock(BlockReason.DISK_FULL)
    return SubmissionBlock(BlockReason.OUT_OF_CREDIT) if pause.is_out_of_credit else None
