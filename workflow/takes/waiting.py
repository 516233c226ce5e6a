"""Waiting of ready takes for the others of their order, which may be late."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import NEVER_MS, JobState
from domain.polling import typical_duration_ms
from storage.jobs import Job
from workflow.context import Context
from workflow.submission_gate import find_submission_block

_LATE_FACTOR: Final = 2
"""A take is late once it has taken so many times as long as usual, since it was sent."""

_LONGEST_WAIT_MS: Final = 60_000
"""After which a ready take looks at the others again, if nobody wakes it before."""


async def waits_until_ms(tx: AsyncConnection, context: Context, takes: Sequence[Job]) -> int | None:
    """Return until when the ready takes of an order wait for its others; None if for none.

    A take that is queued is waited for, unless nothing is submitted at present.
    """
    if any(take.state is JobState.QUEUED for take in takes):
        is_blocked = await find_submission_block(tx, context) is not None
        takes = [take for take in takes if not (is_blocked and take.state is JobState.QUEUED)]
    now_ms = context.now_ms()
    awaited = [late_ms for take in takes if (late_ms := _late_at_ms(context, take)) > now_ms]
    return min(*awaited, now_ms + _LONGEST_WAIT_MS) if awaited else None


def _late_at_ms(context: Context, take: Job) -> int:
    """Return when the others wait for a take no longer; 0 if they do not wait for it."""
    if take.erased_at_ms is not None:
        return 0
    match take.state:
        case JobState.QUEUED | JobState.SUBMITTING:
            return NEVER_MS
        case JobState.GENERATING | JobState.SUCCEEDED:
            return _late_after(context, take)
        case JobState.SUBMIT_UNKNOWN if context.callback_urls and take.due_at_ms < NEVER_MS:
            return _late_after(context, take)
        case _:
            return 0


def _late_after(context: Context, take: Job) -> int:
    request = take.request
    learned = context.learned_durations.known(request)
    _, usual_ms = typical_duration_ms(request.model, request.seconds)
    if learned is not None:
        usual_ms = learned.usual_ms
    since_ms = take.submitted_at_ms or take.created_at_ms
    return since_ms + round(_LATE_FACTOR * usual_ms / context.policy.time_scale)
