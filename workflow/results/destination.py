"""Destination of a result: the server's result channel, else the channel of its request."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from domain.guild_rules import rule_applies
from domain.jobs import RESULT_MESSAGE_DELETED, SENT_BY_DM
from domain.snowflakes import MAX_SNOWFLAKE
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import MessageDeleted, PublishError, TemporaryPublishError, TooLargeToPost
from workflow.guilds import settings
from workflow.results.payload import send_payload
from workflow.status_views import find_shot

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PostedResult:
    """The message of a result, and its channel if that is not the channel of the request.

    The id of a message that somebody has deleted already is not known.
    """

    message_id: int | None
    channel_id: int | None = None
    by_dm: bool = False

    @property
    def reason(self) -> str | None:
        """Return why a delivered job's result is not where it was asked for; None if it is."""
        if self.message_id is None:
            return RESULT_MESSAGE_DELETED
        return SENT_BY_DM if self.by_dm else None


async def find_result_channel(context: Context, job: Job) -> int | None:
    """Return the result channel of a job; None for the channel of its request.

    An age-gated video does not go to a channel without an age restriction.

    Raises:
        TemporaryPublishError: Discord does not answer whether the channel is age-restricted.
    """
    if job.private:
        return None
    server_settings = await settings.read(context, job.guild_id)
    channel_id = server_settings.result_channel
    if channel_id is None or channel_id == job.channel_id or channel_id > MAX_SNOWFLAKE:
        return None
    if not rule_applies(server_settings.age_gate, server_settings, job.request.prompt):
        return channel_id
    is_restricted = await context.publisher.is_age_restricted(job.guild_id, channel_id)
    return channel_id if is_restricted else None


async def post_result(
    context: Context, job: Job, *, allow_without_video: bool = True
) -> PostedResult:
    """Post a result to its channel, else to the next fallback.

    Raises:
        FileNotFoundError: the video is no longer stored.
        MessageDeleted: an earlier attempt has posted it, and somebody has deleted it.
        TooLargeToPost: neither a copy nor a link fits, and `allow_without_video` is false.
        PublishError: every destination refuses it, or (TemporaryPublishError) Discord does not
            answer.
    """
    publisher, shot = context.publisher, await find_shot(context, job)
    send = partial(send_payload, context, allow_without_video=allow_without_video, shot=shot)

    async def post(candidate: Job) -> int:
        max_bytes = await publisher.max_file_bytes(candidate)
        return await send(candidate, publisher.post_result, max_bytes)

    async def send_by_dm() -> int:
        max_bytes = await publisher.max_file_bytes(job, private=True)
        return await send(job, publisher.send_result_by_dm, max_bytes)

    return await post_where_possible(
        context, job, post, send_by_dm, allow_without_video=allow_without_video
    )


async def post_where_possible(
    context: Context,
    job: Job,
    post: Callable[[Job], Awaitable[int]],
    send_by_dm: Callable[[], Awaitable[int]],
    *,
    allow_without_video: bool = True,
) -> PostedResult:
    """Post to a job's result channel, else to its request's, else to its member.

    `post` gets the job with the channel to post to. Raises as `post_result` does.
    """
    for channel_id in _channel_ids(context, job):
        candidate = replace(job, result_channel_id=channel_id)
        try:
            message_id = await post(candidate)
        except (TemporaryPublishError, MessageDeleted):
            raise
        except PublishError as error:
            if job.private or (isinstance(error, TooLargeToPost) and not allow_without_video):
                raise
            _log.warning(
                "channel refused the result",
                job=job.id,
                channel=candidate.destination_channel_id,
                error=error,
            )
        else:
            return PostedResult(message_id, channel_id)
    return PostedResult(await send_by_dm(), by_dm=True)


def _channel_ids(context: Context, job: Job) -> Iterable[int | None]:
    """Return the channels of a result in order, None for that of its request.

    On a server that the bot has left there are none; of a private result, direct messages are one.
    """
    if context.publisher.has_left(job.guild_id) and not job.private:
        return ()
    return dict.fromkeys((job.result_channel_id, None))
