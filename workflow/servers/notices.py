"""Notices to members whose jobs were released: one message for all of them, one member at a time.

Discord blocks bots that open many direct messages at once, and a server may have hundreds of jobs
waiting; so every direct message about a server that was left takes its turn.
"""

from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.durations import DAY_MS
from domain.obstacles import ObstacleKind
from domain.polling import backoff_ms
from storage import released_jobs
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import PublishError, TemporaryPublishError
from workflow.publisher import ReleaseNotice
from workflow.reliability import claim_turn

_log = structlog.get_logger(__name__)

INTERVAL_MS: Final = 10_000
"""The least time between two direct messages, over all processes."""

_SETTLE_MS: Final = 5_000
"""How long to wait for further jobs of the same member."""

_NEXT_TURN: Final = "next direct message"


async def claim_message(context: Context) -> int | None:
    """Claim the next direct message; else return when to ask again, Unix milliseconds."""

    async def claim(tx: AsyncConnection) -> int | None:
        return await claim_turn(tx, context, _NEXT_TURN, INTERVAL_MS)

    return await context.database.transact(claim)


class ReleaseNotices:
    """Sends the notices, with growing pauses while Discord does not answer."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._failures = 0
        self._retry_at_ms = 0

    async def send_next(self) -> None:
        """Send the next notice if it is due."""
        context = self._context
        if not context.publisher.is_ready or context.now_ms() < self._retry_at_ms:
            return
        settled_ms = context.now_ms() - round(_SETTLE_MS / context.policy.time_scale)
        released = await context.database.read(
            lambda tx: released_jobs.list_next_untold(tx, settled_ms)
        )
        if not released or await claim_message(context) is not None:
            return
        if await self._is_settled(released):
            now_ms = context.now_ms()
            await context.database.transact(
                lambda tx: released_jobs.mark_told(tx, released, now_ms)
            )

    async def _is_settled(self, released: list[Job]) -> bool:
        """Send a notice; return False if it is to be tried again."""
        context, first = self._context, released[0]
        notice = ReleaseNotice(
            user_id=first.user_id,
            channel_id=first.channel_id,
            job_id=first.id,
            kind=ObstacleKind(first.fail_code or ""),
            count=len(released),
            language=first.language,
        )
        try:
            await context.publisher.notify_released(notice)
        except TemporaryPublishError as error:
            self._failures += 1
            wait_ms = backoff_ms(self._failures, context.random.random())
            self._retry_at_ms = context.due_after(wait_ms)
            _log.warning("release notice not sent", user=first.user_id, error=error)
            return context.age_ms(first.ended_at_ms or 0) > DAY_MS
        except PublishError as error:
            _log.info("release notice refused", user=first.user_id, error=error)
        self._failures = 0
        return True
