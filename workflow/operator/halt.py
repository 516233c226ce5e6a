"""Knows why nothing is submitted just now, as far as members are told."""

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import belt, exposure
from workflow.context import Context
from workflow.publishing import Halt


async def halt_of(tx: AsyncConnection, context: Context) -> Halt | None:
    """Tell whether the operator stops the belt, or the day's exposure does; None if neither."""
    state = await belt.state(tx)
    if state.stopped_at_ms is not None:
        return Halt(state.stop_reason or "")
    limit = context.policy.exposure_limit
    return Halt() if await exposure.is_reached(tx, context.now_ms(), limit) else None
