"""Fourth stage: download the finished video before its URL expires, and store it if it plays.

The task is charged by now. Only if no file that plays can be downloaded is the job `result_lost`;
the member is then refunded from the operator's account, and the ledger has both rows. Where the
check itself cannot run, the file is kept, and checked later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from apixo.errors import ApixoError, DownloadError, DownloadFailed
from domain.errors import DailiesError, Outage
from domain.jobs import JobState, loggable_id
from storage import jobs
from storage.errors import MediaTooLarge, MediaUnavailable, NotAVideo
from storage.jobs import Job
from storage.media import StoredFile
from workflow.billing.settlement import refund
from workflow.context import Context
from workflow.errors import NotPlayable, PlaybackUnknown
from workflow.results.result_urls import join_urls, split_urls
from workflow.scheduling import retry_later

_log = structlog.get_logger(__name__)

MAX_VIDEO_BYTES = 512 * 1024 * 1024
_TRANSIENT_TRIES = 300
"""About a day: a URL is valid that long, and an outage on either side may end."""

_DEAD_TRIES = 10
"""About a quarter of an hour: a URL may be valid before the file has been replicated."""

_NEW_URLS_EVERY = 10
"""Tries after which URLs that may still work are requested once more all the same."""

_LENGTH_TOLERANCE_MS = 500
"""Encoders end a video with a whole frame, and its sound with a whole block."""

_UNUSABLE = (DownloadError, NotAVideo, MediaTooLarge, NotPlayable)
"""What is wrong with one address, or with the file behind it."""

_GiveUp = Callable[[Context, Job, Exception], Awaitable[None]]


async def store(context: Context, job: Job) -> None:
    """Have a video that plays in the media store, for a job in `succeeded`.

    Raises:
        Outage: the media store takes no file, which is no failure of the job's.
    """
    urls = split_urls(job.result_url)
    try:
        stored = await _restore(context, job)
        if stored is None:
            urls = urls or await _fetch_urls(context, job)
            stored = await _download_any(context, job, urls)
    except PlaybackUnknown as error:
        _log.error("result not checked", job=job.id, error=error)
        await _retry(context, job, error, urls, _TRANSIENT_TRIES, _quarantine)
    except (ApixoError, DownloadFailed) as error:
        await _retry(context, job, error, urls, _TRANSIENT_TRIES)
    except _UNUSABLE as error:
        await _retry(context, job, error, (), _DEAD_TRIES)
    except Outage:
        raise
    except OSError as error:
        _log.error("media folder not writable", error=error)
        raise MediaUnavailable(str(error)) from error
    else:
        await _stored(context, job, stored)


async def _restore(context: Context, job: Job) -> StoredFile | None:
    """Return a video that is in the folder already, though its job does not know, if it plays."""
    stored = await context.media.restore_video(f"{job.id}.mp4", max_bytes=MAX_VIDEO_BYTES)
    if stored is None:
        return None
    try:
        return await _check(context, job, stored)
    except NotPlayable as error:
        _log.info("stored result refused", job=job.id, error=error)
        return None


async def _fetch_urls(context: Context, job: Job) -> tuple[str, ...]:
    assert job.task_id is not None, "a job that succeeded has a task"
    status = await context.apixo.fetch_status(job.request.model, job.task_id)
    if not status.result_urls:
        raise DownloadError("the task succeeded without a result address")
    return status.result_urls


async def _download_any(context: Context, job: Job, urls: Sequence[str]) -> StoredFile:
    """Download the video from the first of its addresses that has it.

    Raises:
        DownloadFailed: at least one of them may have it later.
        DownloadError, NotAVideo, MediaTooLarge, NotPlayable: none of them has it.
        PlaybackUnknown: one of them may have it, and its file is kept.
        OSError: the media store does not take it.
    """
    refusals = list[Exception]()
    for number, url in enumerate(urls, 1):
        try:
            return await _download(context, job, url)
        except _UNUSABLE as error:
            refusals.append(error)
            _log.info("result address refused", job=job.id, number=number, error=error)
    failures = [error for error in refusals if isinstance(error, DownloadFailed)]
    raise (failures or refusals)[0]


async def _download(context: Context, job: Job, url: str) -> StoredFile:
    name = f"{job.id}.mp4"
    async with context.results.stream(url, max_bytes=MAX_VIDEO_BYTES) as chunks:
        stored = await context.media.save_video(name, chunks, max_bytes=MAX_VIDEO_BYTES)
    return await _check(context, job, stored)


async def _check(context: Context, job: Job, stored: StoredFile) -> StoredFile:
    """Return a stored video that plays; remove one that does not.

    It lies in the folder meanwhile: should the check not be made, its address may have expired
    when it is.
    """
    try:
        async with context.media.use_video(stored.name) as video:
            played_ms = await context.playback.check(video)
    except NotPlayable:
        await asyncio.to_thread(context.media.remove_video, stored.name)
        raise
    if abs(played_ms - job.request.seconds * 1000) > _LENGTH_TOLERANCE_MS:
        _log.warning(
            "result of another length",
            job=job.id,
            asked_s=job.request.seconds,
            played_s=played_ms / 1000,
        )
    return stored


async def _stored(context: Context, job: Job, stored: StoredFile) -> None:
    async def record_stored_file(tx: AsyncConnection) -> Job:
        return await jobs.transition(
            tx,
            job,
            JobState.STORED,
            now_ms=context.now_ms(),
            file_name=stored.name,
            file_size=stored.size,
            file_sha256=stored.sha256,
        )

    await context.database.transact(record_stored_file)
    _log.info("result stored", job=job.id, bytes=stored.size)


def _full_text(error: Exception) -> str:
    return error.full_text if isinstance(error, DailiesError) else str(error)


async def _lost(context: Context, job: Job, error: Exception) -> None:
    async def record_lost_result(tx: AsyncConnection) -> None:
        now_ms = context.now_ms()
        await jobs.transition(
            tx, job, JobState.RESULT_LOST, now_ms=now_ms, reason=_full_text(error)
        )
        note = "paid by the operator: the video could not be fetched"
        await refund(tx, job, now_ms=now_ms, note=note)

    await context.database.transact(record_lost_result)
    _log.error("result lost", job=job.id, task=loggable_id(job.task_id), error=error)


async def _quarantine(context: Context, job: Job, error: Exception) -> None:
    """Park a job whose file is kept, and may be as good as any."""

    async def record_quarantine(tx: AsyncConnection) -> Job:
        now_ms = context.now_ms()
        return await jobs.transition(
            tx, job, JobState.QUARANTINED, now_ms=now_ms, reason=_full_text(error)
        )

    await context.database.transact(record_quarantine)
    _log.error("job quarantined", job=job.id, state=job.state)


async def _retry(
    context: Context,
    job: Job,
    error: Exception,
    urls: Sequence[str],
    max_tries: int,
    give_up: _GiveUp = _lost,
) -> None:
    """Retry later, at most `max_tries` times: with these URLs, or new ones if none.

    Now and then new ones are requested all the same.
    """
    failures = job.failures + 1
    kept = urls if failures % _NEW_URLS_EVERY else ()
    if failures >= max_tries:
        await give_up(context, job, error)
        return
    await retry_later(context, job, result_url=join_urls(kept))
    _log.warning("result not stored", job=job.id, failures=failures, error=error)
