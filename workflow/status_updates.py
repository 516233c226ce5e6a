"""Status messages: keep each job's public message up to date with its state.

The database stores which state the message shows, so a message missed because of a crash or a
fault of Discord's is updated like any other.
"""

from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from domain.guild_rules import rule_applies
from domain.job_view import JobView
from domain.jobs import AT_APIXO, ENDED_WITHOUT_VIDEO, PARKED, JobState
from domain.polling import MAX_FAILURES, backoff_ms, typical_duration_ms
from storage import jobs, queue, status_messages
from storage.jobs import Job, JobEvent
from workflow.context import Context
from workflow.errors import HistoryDenied, PublishError, TemporaryPublishError
from workflow.guilds import settings
from workflow.publisher import MessageKind, StatusView, SubmissionBlock
from workflow.reliability import commit_with_retry
from workflow.results.delete import is_deleted
from workflow.results.lookup import read_job_amounts
from workflow.results.messages import remove_messages
from workflow.scheduling import NEVER_MS
from workflow.submission_gate import find_submission_block
from workflow.urls.carriers import remove_carriers
from workflow.urls.input_urls import build_preview_urls, files_to_attach, input_media

ACTIVE_STATES = AT_APIXO | {JobState.QUEUED}
"""States in which the status message carries the job's input files, for APIXO to fetch too."""


async def build_status_view(context: Context, job: Job) -> StatusView:
    """Return the view of a job for its status message, with the files that it carries.

    Raises:
        TemporaryPublishError: Discord does not say how large a file may be.
    """
    status = await read_status(context, job)
    if job.state not in ACTIVE_STATES:
        return status
    files = await files_to_attach(context, job)
    return replace(
        status,
        preview_urls=build_preview_urls(context, job, files),
        files=files,
        is_spoiler=await _is_spoiler(context, job),
    )


async def read_status(context: Context, job: Job) -> StatusView:
    """Return the view of a job without its files, for which nobody but the database is asked."""
    charged, is_unheld = await _costs(context, job)
    return StatusView(
        job,
        queue_position=await _queue_position(context, job),
        ready_at_ms=_ready_at_ms(context, job),
        charged=charged,
        hold_released=_is_hold_released(job) or is_unheld,
        deleted=is_deleted(job),
        submission_block=await _submission_block(context, job),
    )


def is_view_unchanged(earlier: Job, later: Job) -> bool:
    """Return whether a job that kept its state still has the same view."""
    return (earlier.erased_at_ms, is_deleted(earlier), _is_hold_released(earlier)) == (
        later.erased_at_ms,
        is_deleted(later),
        _is_hold_released(later),
    )


def _is_hold_released(job: Job) -> bool:
    """Return whether a lost submission's hold has ended; if restored, its ledger rows decide."""
    is_over = job.due_at_ms == NEVER_MS and not _waits_since_restore(job)
    return job.state is JobState.SUBMIT_UNKNOWN and is_over


def _waits_since_restore(job: JobView) -> bool:
    """Return whether a job was parked, or stays parked, because its database was restored."""
    return job.state is JobState.SUBMIT_UNKNOWN and job.restored_at_ms is not None


def _calls_for_reply(job: Job, event: JobEvent) -> bool:
    """Return whether a transition was told to the member, if it came late."""
    is_of_restore = event.at_ms == job.restored_at_ms and event.target is JobState.SUBMIT_UNKNOWN
    return event.target in _FAILURE_STATES and not is_of_restore


async def _costs(context: Context, job: Job) -> tuple[bool, bool]:
    """Return whether a failed job was charged, and whether a parked job has lost its hold."""
    is_parked = job.state is JobState.STUCK or _waits_since_restore(job)
    if not (is_parked or job.state is JobState.FAILED):
        return False, False
    cost = await read_job_amounts(context, job.id)
    return cost.paid > 0, is_parked and not cost.held


async def _submission_block(context: Context, job: Job) -> SubmissionBlock | None:
    if job.state is not JobState.QUEUED:
        return None
    return await context.database.read(lambda tx: find_submission_block(tx, context))


async def _is_spoiler(context: Context, job: Job) -> bool:
    if not input_media(job.request):
        return False
    chosen = await settings.read(context, job.guild_id)
    return rule_applies(chosen.spoilers, chosen, job.request.prompt)


async def _queue_position(context: Context, job: Job) -> int | None:
    if job.state is not JobState.QUEUED:
        return None
    return await context.database.read(lambda tx: queue.position(tx, job.id))


def _ready_at_ms(context: Context, job: Job) -> int | None:
    if job.state is not JobState.GENERATING or job.started_at_ms is None:
        return None
    learned = context.learned_durations.known(job.request)
    _, latest_ms = typical_duration_ms(job.request.model, job.request.seconds)
    if learned is not None:
        latest_ms = learned.usual_ms
    return job.started_at_ms + round(latest_ms / context.policy.time_scale)


_log = structlog.get_logger(__name__)

_REPOST_AFTER_MS = 10_000
_LATE_AFTER_MS = 60_000
"""A failure this long after the request gets a reply that mentions the member."""

_FAILURE_STATES = (ENDED_WITHOUT_VIDEO | PARKED) - {JobState.CANCELLED, JobState.UNDELIVERABLE}
"""States in which a member may be waiting for a video that does not come."""

TRANSIENT_STATES = frozenset(
    {JobState.SUBMITTING, JobState.SUCCEEDED, JobState.STORED, JobState.POSTING}
)
"""States too short to be worth an edit; the message keeps what it shows."""


class _PostUnderWay(TemporaryPublishError):
    """Another process is posting the status message, or died at it a moment ago."""


class StatusUpdater:
    """Updates status messages, with a backoff per job after temporary failures."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._retries: dict[str, tuple[int, int]] = {}
        """Per job: failures in a row, and the time before which it is not retried."""

    async def due_jobs(self, limit: int) -> list[Job]:
        """Return the jobs whose status message is outdated and may be tried now."""
        if not self._context.publisher.is_ready:
            return []
        now_ms = self._context.now_ms()
        outdated = await self._context.database.read(
            lambda tx: status_messages.list_outdated(
                tx, limit + len(self._retries), exclude=TRANSIENT_STATES
            )
        )
        ready = [job for job in outdated if self._retries.get(job.id, (0, 0))[1] <= now_ms]
        return ready[:limit]

    async def update(self, job: Job) -> None:
        """Post or edit the status message of one job, and reply to it after a late failure."""
        try:
            await self._show(job)
        except _PostUnderWay:
            _log.debug("status message left to another process", job=job.id)
            self._retry_later(job)
        except (TemporaryPublishError, Outage) as error:
            await self._retry_or_give_up(job, error)
        except PublishError as error:
            _log.warning("status message refused", job=job.id, error=error)
            await self._shown(job)
        except Exception:  # noqa: BLE001 - whatever it is, the worker goes on
            _log.exception("status update failed", job=job.id)
            self._retry_later(job)
        else:
            self._retries.pop(job.id, None)

    async def _retry_or_give_up(self, job: Job, error: Exception) -> None:
        """Retry later, until the message has failed for so long that it is left as it is."""
        if self._retries.get(job.id, (0, 0))[0] >= MAX_FAILURES:
            _log.error("status message given up", job=job.id, error=error)
            self._retries.pop(job.id, None)
            await self._shown(job)
            return
        _log.warning("status message not updated", job=job.id, error=error)
        self._retry_later(job)

    def _retry_later(self, job: Job) -> None:
        failures = self._retries.get(job.id, (0, 0))[0] + 1
        wait_ms = backoff_ms(failures, self._context.random.random())
        self._retries[job.id] = failures, self._context.now_ms() + wait_ms

    async def _show(self, job: Job) -> None:
        publisher = self._context.publisher
        if publisher.has_left(job.guild_id) and not job.private:
            await self._shown(job)
            return
        if job.erased_at_ms is not None:
            await self._remove(job)
            return
        known = job.status_message_id or await self._find(job)
        message_id = known or await publisher.post_status(
            await build_status_view(self._context, job)
        )
        view = await build_status_view(self._context, replace(job, status_message_id=message_id))
        # A repeated post may have returned the earlier message, whose content is outdated.
        if known is not None or job.status_since_ms is not None:
            await self._edit(view)
        if job.state not in ACTIVE_STATES and input_media(job.request):
            await remove_carriers(self._context, view.job)
        if self._is_late_failure(view) and not await self._had_reply(job):
            await publisher.post_failure(view)
        await self._shown(job, message_id, view)

    async def _remove(self, job: Job) -> None:
        """Delete every message of a job whose member had everything deleted."""
        message_id = job.status_message_id
        if message_id is None and job.status_since_ms is not None:
            message_id = await self._find(job)
        await remove_messages(self._context, replace(job, status_message_id=message_id))
        await self._shown(job)

    async def _edit(self, view: StatusView) -> None:
        """Edit a status message; if that is refused, the member still hears of a failure."""
        try:
            await self._context.publisher.edit_status(view)
        except TemporaryPublishError:
            raise
        except PublishError as error:
            _log.warning("status message refused", job=view.job.id, error=error)

    async def _find(self, job: Job) -> int | None:
        """Find a status message left unrecorded by a dead process or a lost answer."""
        now_ms = self._context.now_ms()
        is_claimed = await self._context.database.transact(
            lambda tx: status_messages.claim_post(tx, job, now_ms, _REPOST_AFTER_MS)
        )
        if not is_claimed:
            raise _PostUnderWay("it is being posted")
        await self._context.high_water.keep_if_possible(self._context.database, self._context.media)
        if job.status_since_ms is None:
            return None
        try:
            return await self._context.publisher.find_message(
                job, MessageKind.STATUS, job.status_since_ms
            )
        except HistoryDenied:
            if job.restored_at_ms is not None:
                raise  # the nonce is forgotten: a second message could not be told from the first
            return None

    def _is_late_failure(self, view: StatusView) -> bool:
        job = view.job
        is_late = self._context.now_ms() - job.created_at_ms > _LATE_AFTER_MS
        is_failure = job.state in _FAILURE_STATES and not _waits_since_restore(job)
        return is_failure and is_late and not view.hold_released

    async def _had_reply(self, job: Job) -> bool:
        """Return whether a reply was due before: a parked job may later end, or be parked again.

        A process that died may have posted this one; within a minute its nonce prevents a second.
        """
        *earlier, last = await self._context.database.read(lambda tx: jobs.list_events(tx, job.id))
        late_ms = job.created_at_ms + _LATE_AFTER_MS
        if any(_calls_for_reply(job, event) and event.at_ms > late_ms for event in earlier):
            return True
        is_restored = job.restored_at_ms is not None
        if self._context.now_ms() - last.at_ms < _LATE_AFTER_MS and not is_restored:
            return False
        since_ms = job.created_at_ms if is_restored else last.at_ms
        find = self._context.publisher.find_message
        try:
            return await find(job, MessageKind.FAILURE, since_ms) is not None
        except HistoryDenied:
            return is_restored

    async def _shown(
        self, job: Job, message_id: int | None = None, view: StatusView | None = None
    ) -> None:
        async def record_shown(tx: AsyncConnection) -> None:
            now = await jobs.lock(tx, job.id)
            is_current = now is not None and is_view_unchanged(job, now)
            if job.state is JobState.QUEUED and view is not None:
                is_current = (
                    is_current
                    and await find_submission_block(tx, self._context) == view.submission_block
                )
            shown = job.state if is_current else None
            if message_id or shown:
                await status_messages.save_message(tx, job.id, message_id=message_id, shown=shown)

        await commit_with_retry(self._context, record_shown)
