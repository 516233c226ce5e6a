"""Done-notifications: direct messages to members who enabled them, at most one per video.

Nothing is recorded: the process that delivered the video tries once, right after the delivery. If
it dies in between, or the member accepts no direct messages, there is no message, and never two.
"""

import asyncio
from typing import Final

import structlog

from storage import guild_settings
from storage.jobs import Job
from workflow.context import Context

_log = structlog.get_logger(__name__)

_TIMEOUT_S: Final = 30


async def wants_done_notification(context: Context, guild_id: int, user_id: int) -> bool:
    """Return whether a member has enabled done-notifications on a server."""
    return await context.database.read(
        lambda tx: guild_settings.wants_done_notification(tx, guild_id, user_id)
    )


async def set_done_notification(
    context: Context, guild_id: int, user_id: int, *, wanted: bool
) -> None:
    """Enable or disable a member's done-notifications on a server."""
    await context.database.transact(
        lambda tx: guild_settings.set_done_notification(tx, guild_id, user_id, enabled=wanted)
    )
    _log.info("done-notification changed", server=guild_id, user=user_id, wanted=wanted)


async def notify_done(context: Context, job: Job) -> None:
    """Notify the member of a job just delivered in a public channel, if they enabled it."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            if await wants_done_notification(context, job.guild_id, job.user_id):
                await context.publisher.notify_done(job)
    except Exception as error:  # noqa: BLE001 - whatever it is, the video is delivered
        _log.warning("done-notification not sent", job=job.id, error=error)
