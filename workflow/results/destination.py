"""Knows where a result goes: the server's channel for results, else the channel of its request."""

from dataclasses import dataclass, replace
from functools import partial

import structlog

from domain.guild_rules import rule_applies
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import PublishError, TemporaryPublishError, TooLargeToPost
from workflow.guilds import settings
from workflow.results.payload import send_payload

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PostedResult:
    """The message that carries a result, and its channel if that is not the one of the request."""

    message_id: int
    channel_id: int | None = None
    by_dm: bool = False


async def find_result_channel(context: Context, job: Job) -> int | None:
    """Tell the channel to which a result goes instead of that of its request.

    A video that only adults may ask for does not go to a channel that is open to others.

    Raises:
        TemporaryPublishError: Discord does not tell.
    """
    if job.private:
        return None
    chosen = await settings.read(context, job.guild_id)
    channel_id = chosen.result_channel
    if channel_id is None or channel_id == job.channel_id:
        return None
    if not rule_applies(chosen.age_gate, chosen, job.request.prompt):
        return channel_id
    return channel_id if await context.publisher.is_age_restricted(channel_id) else None


async def post_result(
    context: Context, job: Job, *, allow_without_video: bool = True
) -> PostedResult:
    """Post a result to its channel, or where that can not be to the next best place.

    That is the channel of its request, then its member's direct messages.

    Raises:
        FileNotFoundError: the video is not kept any more.
        TooLargeToPost: there is nothing that fits, and it is not to say so (`or_nothing`).
        PublishError: no place takes it, or (TemporaryPublishError) Discord does not answer.
    """
    publisher = context.publisher
    send = partial(send_payload, context, allow_without_video=allow_without_video)
    for channel_id in dict.fromkeys((job.result_channel_id, None)):
        there = replace(job, result_channel_id=channel_id)
        try:
            message_id = await send(there, publisher.post_result, publisher.max_file_bytes(there))
        except TemporaryPublishError:
            raise
        except PublishError as error:
            if job.private or (isinstance(error, TooLargeToPost) and not allow_without_video):
                raise
            _log.warning(
                "channel refused",
                job=job.id,
                channel=there.destination_channel_id,
                error=str(error),
            )
        else:
            return PostedResult(message_id, channel_id)
    most_bytes = publisher.max_file_bytes(job, private=True)
    message_id = await send(job, publisher.send_result_by_dm, most_bytes)
    return PostedResult(message_id, by_dm=True)
