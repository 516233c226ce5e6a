"""Search for a result that a process posted before it could record it."""

from dataclasses import replace

from storage.jobs import Job
from workflow.context import Context
from workflow.errors import ChannelUnavailable, HistoryDenied
from workflow.publisher import MessageKind
from workflow.results.destination import PostedResult

_NONCE_WINDOW_MS = 60_000
"""Discord keeps a nonce for "a few minutes"; only this much is relied upon."""


async def find_posted(context: Context, job: Job) -> PostedResult | None:
    """Search every destination for a result that was posted before a process died.

    In a restored database the post may be older than its intent, and its nonce forgotten.
    """
    is_restored = job.restored_at_ms is not None
    intended_ms = None if is_restored else job.posting_since_ms
    since_ms = intended_ms or job.created_at_ms
    for channel_id in dict.fromkeys((job.result_channel_id, None)):
        candidate = replace(job, result_channel_id=channel_id)
        try:
            found = await context.publisher.find_message(candidate, MessageKind.RESULT, since_ms)
        except HistoryDenied:
            if not is_restored and context.now_ms() - since_ms < _NONCE_WINDOW_MS:
                return None
            raise
        except ChannelUnavailable:
            continue
        if found is not None:
            return PostedResult(found, channel_id)
    found = await context.publisher.find_result_dm(job, since_ms)
    return None if found is None else PostedResult(found, by_dm=True)
