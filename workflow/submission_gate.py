"""Knows why nothing is submitted just now: one table, in the order in which members are told.

The belt, the cards, the figures of a monitor and the operator's alarms all go by it. Short pauses,
for a rate limit or a refused key, are the belt's own; nobody is told of them.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import exposure, submission_pause
from workflow.context import Context
from workflow.publisher import Halt, Why


async def halt_of(tx: AsyncConnection, context: Context) -> Halt | None:
    """Tell what stands in the way of new submissions; None if nothing does."""
    for hindrance in _HINDRANCES:
        if (halt := await hindrance(tx, context)) is not None:
            return halt
    return None


async def _operator(tx: AsyncConnection, _: Context) -> Halt | None:
    state = await submission_pause.state(tx)
    is_stopped = state.stopped_at_ms is not None
    return Halt(Why.OPERATOR, state.stop_reason or "") if is_stopped else None


async def _exposure(tx: AsyncConnection, context: Context) -> Halt | None:
    limit = context.policy.exposure_limit
    is_reached = await exposure.is_reached(tx, context.now_ms(), limit)
    return Halt(Why.EXPOSURE) if is_reached else None


async def _room(_: AsyncConnection, context: Context) -> Halt | None:
    return Halt(Why.NO_ROOM) if context.room().is_short else None


async def _funds(tx: AsyncConnection, _: Context) -> Halt | None:
    return Halt(Why.NO_FUNDS) if (await submission_pause.state(tx)).is_short else None


_HINDRANCES: Final[tuple[Callable[[AsyncConnection, Context], Awaitable[Halt | None]], ...]] = (
    _operator,
    _exposure,
    _room,
    _funds,
)
