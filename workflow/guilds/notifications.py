"""Leaves members who wish so a direct message when a video of theirs is done, at most once.

Nothing is written down of it: it is tried once, right after the delivery, by the process that made
it. A process that dies in between, or a member who takes no direct messages, means no message, and
never a second one.
"""

import asyncio
from typing import Final

import structlog

from storage import guild_settings
from storage.jobs import Job
from workflow.context import Context

_log = structlog.get_logger(__name__)

_LONGEST_S: Final = 30


async def wants_done_notification(context: Context, guild_id: int, user_id: int) -> bool:
    """Tell whether a member wants a message when a video of theirs is done."""
    return await context.database.read(
        lambda tx: guild_settings.wants_done_notification(tx, guild_id, user_id)
    )


async def set_done_notification(
    context: Context, guild_id: int, user_id: int, *, wanted: bool
) -> None:
    """Remember whether a member wants a message when a video of theirs is done."""
    await context.database.transact(
        lambda tx: guild_settings.set_done_notification(tx, guild_id, user_id, enabled=wanted)
    )
    _log.info("message when done", server=guild_id, user=user_id, wanted=wanted)


async def notify_done(context: Context, job: Job) -> None:
    """Tell the member of a job that was just delivered where everybody sees it, if they wish so."""
    try:
        async with asyncio.timeout(_LONGEST_S):
            if await wants_done_notification(context, job.guild_id, job.user_id):
                await context.publisher.notify_done(job)
    except Exception as error:  # noqa: BLE001 - whatever it is, the video is delivered
        _log.warning("not told that it is done", job=job.id, error=str(error))
