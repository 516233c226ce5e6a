"""Removal of results from their messages, which takes of one request share."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from domain.jobs import JobState
from storage.jobs import Job
from workflow.context import Context
from workflow.publisher import ResultPayload, TakesPost
from workflow.results.lookup import is_deleted
from workflow.results.payload import use_payload
from workflow.takes.lookup import list_takes
from workflow.takes.views import list_without_video


async def remove_result(context: Context, job: Job) -> None:
    """Delete the result of a job from its message, or the message where it shows nothing else.

    Two removals at once may pass each other: each looks again, until the message shows what is
    left.

    Raises:
        PublishError: Discord did not do it.
    """
    left = await _others(context, job)
    while left:
        await _edit(context, left)
        shown, left = left, await _others(context, job)
        if [take.id for take in shown] == [take.id for take in left]:
            return
    await context.publisher.delete_result(job)


async def _others(context: Context, job: Job) -> list[Job]:
    """Return the other takes that the message of a job shows."""
    if job.result_message_id is None:
        return []
    return [
        take
        for take in await list_takes(context, job)
        if take.id != job.id
        and take.state is JobState.DELIVERED
        and take.result_message_id == job.result_message_id
        and not is_deleted(take)
    ]


async def _edit(context: Context, left: Sequence[Job]) -> None:
    publisher, first = context.publisher, left[0]
    without_video = await list_without_video(context, first)
    max_bytes = await publisher.max_file_bytes(first)
    takes = list[tuple[Job, ResultPayload]]()
    replaces_files = True
    async with AsyncExitStack() as stack:
        for take in left:
            try:
                payload = await stack.enter_async_context(use_payload(context, take, max_bytes))
            except FileNotFoundError:
                payload, replaces_files = ResultPayload(None), False
            takes.append((take, payload))
        post = TakesPost(first.order_id or "", first.order_post or 0, tuple(takes), without_video)
        await publisher.edit_takes(post, replaces_files=replaces_files)
