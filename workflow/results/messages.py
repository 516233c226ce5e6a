"""Deletion of all messages of a job whose member had everything deleted."""

from collections.abc import Awaitable, Iterator

import structlog

from domain.jobs import PARKED, JobState
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import HistoryDenied, PublishError, TemporaryPublishError
from workflow.failure_replies import find_reply
from workflow.guilds.notifications import delete_done_notification
from workflow.urls.carriers import remove_carriers

_log = structlog.get_logger(__name__)

_MAY_HAVE_REPLY = PARKED | {JobState.FAILED, JobState.REJECTED}


async def remove_messages(context: Context, job: Job) -> None:
    """Delete a job's status, failure, result and showcase messages, and those with its files.

    A done-notification goes, too. What Discord refuses for good is left, with a line in the log.

    Raises:
        TemporaryPublishError: Discord did not do all of it; try again.
    """
    temporary: TemporaryPublishError | None = None
    for deletion in _deletions(context, job):
        try:
            await deletion
        except TemporaryPublishError as error:
            temporary = error
        except PublishError as error:
            _log.warning("message of a member not deleted", job=job.id, error=error)
    if temporary is not None:
        raise temporary


def _deletions(context: Context, job: Job) -> Iterator[Awaitable[None]]:
    publisher = context.publisher
    if job.status_message_id is not None:
        yield publisher.delete_message(job, job.status_message_id)
        if job.state in _MAY_HAVE_REPLY:
            yield _delete_failure(context, job)
    yield publisher.delete_result(job)
    yield publisher.delete_shared(job)
    yield remove_carriers(context, job)
    yield delete_done_notification(context, job)


async def _delete_failure(context: Context, job: Job) -> None:
    """Delete the reply that said that there is no video, if the history shows one."""
    try:
        found = await find_reply(context, job)
    except HistoryDenied:
        return
    if found is not None:
        await context.publisher.delete_message(job, found)
