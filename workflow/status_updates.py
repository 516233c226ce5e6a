"""Beside the belt: keeps each job's public status message true to its state.

The database says which state the message shows, so a message that was missed because of a crash or
a fault of Discord's is brought up to date like any other.
"""

from dataclasses import replace

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import Outage
from domain.guild_rules import rule_applies
from domain.jobs import AT_APIXO, ENDED_WITHOUT_VIDEO, PARKED, JobState
from domain.polling import backoff_ms, typical_duration_ms
from storage import jobs, queue, status_messages
from storage.jobs import Job
from workflow.context import Context
from workflow.errors import HistoryDenied, PublishError, TemporaryPublishError
from workflow.guilds import settings
from workflow.publisher import MessageKind, StatusView, SubmissionBlock
from workflow.reliability import commit_with_retry
from workflow.results.delete import is_deleted
from workflow.results.lookup import read_job_cost
from workflow.scheduling import NEVER_MS
from workflow.submission_gate import find_submission_block
from workflow.urls.input_urls import build_preview_urls, files_to_attach, input_media

ACTIVE_STATES = AT_APIXO | {JobState.QUEUED}
"""While a job has one of these states, its card shows what it was given, for APIXO too."""


async def build_status_view(context: Context, job: Job) -> StatusView:
    """Gather what there is to show of a job."""
    charged, unheld = await _costs(context, job)
    running = job.state in ACTIVE_STATES
    return StatusView(
        job,
        queue_position=await _place(context, job),
        ready_at_ms=_ready_at_ms(context, job),
        charged=charged,
        hold_released=_is_given_up(job) or unheld,
        deleted=is_deleted(job),
        submission_block=await _halt(context, job),
        preview_urls=build_preview_urls(context, job) if running else (),
        files=files_to_attach(context, job) if running else (),
        is_spoiler=running and await _is_spoiler(context, job),
    )


def is_view_unchanged(earlier: Job, later: Job) -> bool:
    """Tell whether a job that kept its state has the same card still."""
    return (is_deleted(earlier), _is_given_up(earlier)) == (is_deleted(later), _is_given_up(later))


def _is_given_up(job: Job) -> bool:
    return job.state is JobState.SUBMIT_UNKNOWN and job.due_at_ms == NEVER_MS


async def _costs(context: Context, job: Job) -> tuple[bool, bool]:
    """Tell whether a job that failed was charged, and whether a stuck one has no hold any more."""
    if job.state not in (JobState.FAILED, JobState.STUCK):
        return False, False
    cost = await read_job_cost(context, job.id)
    return cost.charged > 0, job.state is JobState.STUCK and not cost.held


async def _halt(context: Context, job: Job) -> SubmissionBlock | None:
    if job.state is not JobState.QUEUED:
        return None
    return await context.database.read(lambda tx: find_submission_block(tx, context))


async def _is_spoiler(context: Context, job: Job) -> bool:
    if not input_media(job.request):
        return False
    chosen = await settings.read(context, job.guild_id)
    return rule_applies(chosen.spoilers, chosen, job.request.prompt)


async def _place(context: Context, job: Job) -> int | None:
    if job.state is not JobState.QUEUED:
        return None
    return await context.database.read(lambda tx: queue.position(tx, job.id))


def _ready_at_ms(context: Context, job: Job) -> int | None:
    if job.state is not JobState.GENERATING or job.started_at_ms is None:
        return None
    _, latest_ms = typical_duration_ms(job.request.model, job.request.seconds)
    return job.started_at_ms + round(latest_ms / context.policy.time_scale)


_log = structlog.get_logger(__name__)

_POST_AGAIN_AFTER_MS = 10_000
_TOLD_AFTER_MS = 60_000
"""A failure this long after the request is told in a reply that mentions the member."""

_TOLD = (ENDED_WITHOUT_VIDEO | PARKED) - {JobState.CANCELLED, JobState.UNDELIVERABLE}
"""States in which a member may be waiting for what does not come."""

_UNSEEN = JobState.SUBMITTING, JobState.SUCCEEDED, JobState.STORED, JobState.POSTING
"""States that pass too quickly to be worth an edit; the message keeps what it shows."""


class StatusUpdater:
    """Brings status messages up to date; remembers which ones Discord would not take just now."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._patience: dict[str, tuple[int, int]] = {}
        """Per job: failures in a row, and the moment before which it is not tried again."""

    async def due_jobs(self, limit: int) -> list[Job]:
        """List the jobs whose status message is behind and may be tried now."""
        if not self._context.publisher.is_ready:
            return []
        now_ms = self._context.now_ms()
        behind = await self._context.database.read(
            lambda tx: status_messages.list_outdated(
                tx, limit + len(self._patience), exclude=_UNSEEN
            )
        )
        ready = [job for job in behind if self._patience.get(job.id, (0, 0))[1] <= now_ms]
        return ready[:limit]

    async def update(self, job: Job) -> None:
        """Post or edit the status message of one job, and reply where a failure came late."""
        try:
            await self._show(job)
        except (TemporaryPublishError, Outage) as error:
            _log.warning("status not shown yet", job=job.id, error=str(error))
            self._be_patient(job)
        except PublishError as error:
            _log.warning("status can not be shown", job=job.id, error=str(error))
            await self._shown(job)
        except Exception:  # noqa: BLE001 - whatever it is, the belt goes on
            _log.exception("announcing failed", job=job.id)
            self._be_patient(job)
        else:
            self._patience.pop(job.id, None)

    def _be_patient(self, job: Job) -> None:
        failures = self._patience.get(job.id, (0, 0))[0] + 1
        wait_ms = backoff_ms(failures, self._context.random.random())
        self._patience[job.id] = failures, self._context.now_ms() + wait_ms

    async def _show(self, job: Job) -> None:
        publisher = self._context.publisher
        known = job.status_message_id or await self._find(job)
        message_id = known or await publisher.post_status(
            await build_status_view(self._context, job)
        )
        sight = await build_status_view(self._context, replace(job, status_message_id=message_id))
        # A post that was begun before may have given back the one of then, with what that says.
        if known is not None or job.status_since_ms is not None:
            await publisher.edit_status(sight)
        if self._is_late_failure(sight) and not await self._was_told(job):
            await publisher.post_failure(sight)
        await self._shown(job, message_id, sight)

    async def _find(self, job: Job) -> int | None:
        """Find the status message that a process that died, or a lost answer, left unrecorded."""
        now_ms = self._context.now_ms()
        mine = await self._context.database.transact(
            lambda tx: status_messages.claim_post(tx, job, now_ms, _POST_AGAIN_AFTER_MS)
        )
        if not mine:
            raise TemporaryPublishError("it is being posted")
        if job.status_since_ms is None:
            return None
        try:
            return await self._context.publisher.find_message(
                job, MessageKind.STATUS, job.status_since_ms
            )
        except HistoryDenied:
            return None

    def _is_late_failure(self, sight: StatusView) -> bool:
        job = sight.job
        is_late = self._context.now_ms() - job.created_at_ms > _TOLD_AFTER_MS
        return job.state in _TOLD and is_late and not sight.hold_released

    async def _was_told(self, job: Job) -> bool:
        """Tell whether a reply was due before: a parked job may end, or be parked again, later."""
        *earlier, _ = await self._context.database.read(lambda tx: jobs.list_events(tx, job.id))
        late_ms = job.created_at_ms + _TOLD_AFTER_MS
        return any(event.target in _TOLD and event.at_ms > late_ms for event in earlier)

    async def _shown(
        self, job: Job, message_id: int | None = None, sight: StatusView | None = None
    ) -> None:
        async def record_shown(tx: AsyncConnection) -> None:
            now = await jobs.get(tx, job.id)
            still = now is not None and is_view_unchanged(job, now)
            if job.state is JobState.QUEUED and sight is not None:
                still = (
                    still
                    and await find_submission_block(tx, self._context) == sight.submission_block
                )
            shown = job.state if still else None
            if message_id or shown:
                await status_messages.save_message(tx, job.id, message_id=message_id, shown=shown)

        await commit_with_retry(self._context, record_shown)
