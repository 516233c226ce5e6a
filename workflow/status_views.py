"""Status views: a job as its public status message shows it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypedDict

from domain.guild_rules import rule_applies
from domain.job_view import JobView
from domain.jobs import AT_APIXO, NEVER_MS, JobState
from domain.polling import typical_duration_ms
from domain.storyboard_steps import ShotPlace
from storage import queue, storyboards
from storage.jobs import Job
from workflow.context import Context
from workflow.guilds import settings
from workflow.publisher import StatusView, SubmissionBlock
from workflow.results.lookup import is_deleted, read_job_amounts
from workflow.submission_gate import find_submission_block
from workflow.urls.input_urls import build_preview_urls, files_to_attach, input_media

TRANSIENT_STATES = frozenset(
    {JobState.SUBMITTING, JobState.SUCCEEDED, JobState.STORED, JobState.POSTING}
)
"""States too short to be worth an edit; the message keeps what it shows."""

ACTIVE_STATES = AT_APIXO | {JobState.QUEUED}
"""States in which the status message carries the job's input files, for APIXO to fetch too."""


async def build_status_view(context: Context, job: Job) -> StatusView:
    """Return the view of a job for its status message, with the files that it carries.

    Raises:
        TemporaryPublishError: Discord does not say how large a file may be.
    """
    return await add_files(context, [job], await read_status(context, job))


async def add_files(context: Context, jobs: Sequence[Job], status: StatusView) -> StatusView:
    """Return the view of jobs that were given the same files, with those that its message carries.

    Raises:
        TemporaryPublishError: Discord does not say how large a file may be.
    """
    if not any(job.state in ACTIVE_STATES for job in jobs):
        return status
    job = jobs[0]
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
        **_expectation(context, job),
        charged=charged,
        hold_released=_is_hold_released(job) or is_unheld,
        deleted=is_deleted(job),
        submission_block=await _submission_block(context, job),
        shot=await find_shot(context, job),
    )


async def find_shot(context: Context, job: JobView) -> ShotPlace | None:
    """Return the place of a job in its storyboard; None for one of none."""
    if job.order_id is None:
        return None
    return await context.database.read(lambda tx: storyboards.find_place(tx, job.id))


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


def read_expected_times(context: Context, job: Job) -> tuple[int, int] | None:
    """Return when a job's task began and when it will typically end, Unix milliseconds.

    None while it is not being made.
    """
    if job.state is not JobState.GENERATING or job.started_at_ms is None:
        return None
    learned = context.learned_durations.known(job.request)
    _, latest_ms = typical_duration_ms(job.request.model, job.request.seconds)
    if learned is not None:
        latest_ms = learned.usual_ms
    return job.started_at_ms, job.started_at_ms + round(latest_ms / context.policy.time_scale)


class _Expectation(TypedDict, total=False):
    ready_at_ms: int
    share_done: float


def _expectation(context: Context, job: Job) -> _Expectation:
    """Return when a job is expected to be ready, and how much of that time is over."""
    expected = read_expected_times(context, job)
    if expected is None:
        return {}
    started_ms, ready_ms = expected
    share = (context.now_ms() - started_ms) / max(1, ready_ms - started_ms)
    return {"ready_at_ms": ready_ms, "share_done": min(max(share, 0.0), 1.0)}
