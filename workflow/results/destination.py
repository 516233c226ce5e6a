"""Knows where a result goes: the server's channel for results, else the channel of its request."""

from dataclasses import dataclass, replace
from functools import partial

import structlog

from domain.guild_rules import concerns
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import PublishError, TooLargeToPost, TryLater
from workflow.guilds import settings
from workflow.results.payload import send_fitting

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Placed:
    """The message that carries a result, and its channel if that is not the one of the request."""

    message_id: int
    channel_id: int | None = None
    directly: bool = False


async def results_channel(context: Context, job: Job) -> int | None:
    """Tell the channel to which a result goes instead of that of its request.

    A video that only adults may ask for does not go to a channel that is open to others.

    Raises:
        TryLater: Discord does not tell.
    """
    if job.private:
        return None
    chosen = await settings.read(context, job.guild_id)
    channel_id = chosen.result_channel
    if channel_id is None or channel_id == job.channel_id:
        return None
    if not concerns(chosen.age_gate, chosen, job.request.prompt):
        return channel_id
    return channel_id if await context.publisher.is_for_adults(channel_id) else None


async def place(context: Context, job: Job, *, or_nothing: bool = True) -> Placed:
    """Post a result to its channel, or where that can not be to the next best place.

    That is the channel of its request, then its member's direct messages.

    Raises:
        FileNotFoundError: the video is not kept any more.
        TooLargeToPost: there is nothing that fits, and it is not to say so (`or_nothing`).
        PublishError: no place takes it, or (TryLater) Discord does not answer.
    """
    publisher = context.publisher
    send = partial(send_fitting, context, or_nothing=or_nothing)
    for channel_id in dict.fromkeys((job.result_channel_id, None)):
        there = replace(job, result_channel_id=channel_id)
        try:
            message_id = await send(there, publisher.post_result, publisher.largest_file(there))
        except TryLater:
            raise
        except PublishError as error:
            if job.private or (isinstance(error, TooLargeToPost) and not or_nothing):
                raise
            _log.warning("channel refused", job=job.id, channel=there.place_id, error=str(error))
        else:
            return Placed(message_id, channel_id)
    most_bytes = publisher.largest_file(job, private=True)
    message_id = await send(job, publisher.send_result_privately, most_bytes)
    return Placed(message_id, directly=True)
