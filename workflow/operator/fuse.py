"""Tells that the day's exposure has stopped the belt, and has what waits say so on its card."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from domain.jobs import JobState
from storage import jobs
from workflow.context import Context
from workflow.once import forget, once
from workflow.operator.operate import Exposure, exposure_of

_log = structlog.get_logger(__name__)

_DAY_MS: Final = 86_400_000
_SHOWN: Final = "exposure shown"
_TOLD: Final = "exposure told"

Tell = Callable[[Exposure], Awaitable[bool]]
"""Tells the operator; False if that did not work."""


async def mind(context: Context, tell: Tell) -> None:
    """Bring the cards up to date when the exposure reaches its limit, or falls under it again.

    The operator is told each time that it reaches it, and what they accepted counts as a new time.
    """
    now_ms = context.now_ms()
    exposure = await context.database.read(lambda tx: exposure_of(tx, context, now_ms))
    shown = "reached" if exposure.is_reached else "free"
    await once(context, _SHOWN, shown, lambda _: _show(context))
    if not exposure.is_reached:
        await forget(context, _TOLD)
        return

    async def work(_: int | None) -> bool:
        _log.error("stopped: the exposure of the day is at its limit", micro_usd=exposure.amount)
        return await tell(exposure)

    await once(context, _TOLD, f"{now_ms // _DAY_MS}-{exposure.accepted}", work)


async def _show(context: Context) -> bool:
    await context.database.transact(lambda tx: jobs.announce_anew(tx, JobState.QUEUED))
    return True
