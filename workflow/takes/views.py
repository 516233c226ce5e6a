"""Views of takes: all of them in one status message, and those of which a post speaks."""

from collections.abc import Sequence
from dataclasses import replace

from domain.orders import is_without_video
from storage.jobs import Job
from workflow.context import Context
from workflow.publisher import StatusView
from workflow.status_views import add_files, build_status_view, read_status
from workflow.takes.lookup import list_takes


async def build_takes_view(context: Context, takes: Sequence[Job]) -> StatusView:
    """Return the view of all takes of an order for their status message, with its files.

    Raises:
        TemporaryPublishError: Discord does not say how large a file may be.
    """
    return await add_files(context, takes, await read_takes(context, takes))


async def build_view(context: Context, job: Job) -> StatusView:
    """Return the view of a job for its status message, which takes of one request share.

    Raises:
        TemporaryPublishError: Discord does not say how large a file may be.
    """
    takes = await list_takes(context, job)
    return await (build_takes_view(context, takes) if takes else build_status_view(context, job))


async def read_takes(context: Context, takes: Sequence[Job]) -> StatusView:
    """Return the view of all takes of an order, for which nobody but the database is asked."""
    views = [await read_status(context, take) for take in takes]
    return replace(views[0], takes=tuple(views))


async def list_without_video(context: Context, job: Job) -> tuple[StatusView, ...]:
    """Return the takes of which the post of a take says why they have no video."""
    return tuple(
        [
            await read_status(context, take)
            for take in await list_takes(context, job)
            if take.order_post == job.order_post and is_without_video(take)
        ]
    )
