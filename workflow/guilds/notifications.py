"""Done-notifications: direct messages to members who enabled them, at most one per video.

That one is to be sent is not recorded: the process that delivered the video tries once, right after
the delivery. If it dies in between, or the member accepts no direct messages, there is no message,
and never two. The id of one that was sent is kept, for its deletion.
"""

import asyncio
from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import guild_settings, jobs, key_value
from storage.jobs import Job
from storage.personal_data import DONE_NOTICE_NOTE
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
                await _keep(context, job, await context.publisher.notify_done(job))
    except Exception as error:  # noqa: BLE001 - whatever it is, the video is delivered
        _log.warning("done-notification not sent", job=job.id, error=error)


async def delete_done_notification(context: Context, job: Job) -> None:
    """Delete the message that was sent about a job, if one is known.

    Raises:
        PublishError: Discord did not do it.
    """
    kept = await context.database.read(lambda tx: key_value.get(tx, _key(job)))
    if kept is not None:
        await context.publisher.delete_notice(job, int(kept))
        await context.database.transact(lambda tx: key_value.remove(tx, _key(job)))


async def _keep(context: Context, job: Job, message_id: int) -> None:
    """Keep the id of a message; if all of its member was deleted meanwhile, delete it, too."""

    async def record_notice(tx: AsyncConnection) -> bool:
        now = await jobs.get(tx, job.id)
        if now is None or now.erased_at_ms is not None:
            return False
        await key_value.put(tx, _key(job), str(message_id))
        return True

    if not await context.database.transact(record_notice):
        await context.publisher.delete_notice(job, message_id)


def _key(job: Job) -> str:
    return f"{DONE_NOTICE_NOTE} {job.id}"
