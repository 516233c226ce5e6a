"""How the last tasks of one kind ended at APIXO, and how long they took."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.requests import VideoRequest
from storage.schema import FINISHED_TASK, jobs


async def list_latest(tx: AsyncConnection, request: VideoRequest, count: int) -> list[int | None]:
    """Return the durations of the last `count` tasks like a request's, the latest first.

    They are milliseconds of documented time; None for a task that failed.
    """
    found = await tx.execute(
        select(jobs.c.took_ms)
        .where(
            jobs.c.model == request.model,
            jobs.c.mode == request.mode,
            jobs.c.resolution == request.resolution,
            jobs.c.seconds == request.seconds,
            FINISHED_TASK,
        )
        .order_by(jobs.c.started_at_ms.desc())
        .limit(count)
    )
    return list(found.scalars())
