"""Gathers what a job's public status message shows at this moment."""

from domain.admission import concerns
from domain.jobs import AT_APIXO, JobState
from domain.schedule import typical_ms
from storage import line
from storage.jobs import Job
from workflow.context import Context
from workflow.hosting.addresses import media_of, to_attach, to_show
from workflow.operator.halt import halt_of
from workflow.patience import NEVER_MS
from workflow.publishing import Halt, Sight
from workflow.results.erase import is_deleted
from workflow.results.recall import cost_of
from workflow.servers import settings

RUNNING = AT_APIXO | {JobState.QUEUED}
"""While a job has one of these states, its card shows what it was given, for APIXO too."""


async def sight_of(context: Context, job: Job) -> Sight:
    """Gather what there is to show of a job."""
    charged, unheld = await _costs(context, job)
    running = job.state in RUNNING
    return Sight(
        job,
        place=await _place(context, job),
        ready_at_ms=_ready_at_ms(context, job),
        charged=charged,
        given_up=_is_given_up(job) or unheld,
        deleted=is_deleted(job),
        halt=await _halt(context, job),
        pictures=to_show(context, job) if running else (),
        files=to_attach(context, job) if running else (),
        is_spoiler=running and await _is_spoiler(context, job),
    )


def looks_alike(earlier: Job, later: Job) -> bool:
    """Tell whether a job that kept its state has the same card still."""
    return (is_deleted(earlier), _is_given_up(earlier)) == (is_deleted(later), _is_given_up(later))


def _is_given_up(job: Job) -> bool:
    return job.state is JobState.SUBMIT_UNKNOWN and job.due_at_ms == NEVER_MS


async def _costs(context: Context, job: Job) -> tuple[bool, bool]:
    """Tell whether a job that failed was charged, and whether a stuck one has no hold any more."""
    if job.state not in (JobState.FAILED, JobState.STUCK):
        return False, False
    cost = await cost_of(context, job.id)
    return cost.charged > 0, job.state is JobState.STUCK and not cost.held


async def _halt(context: Context, job: Job) -> Halt | None:
    if job.state is not JobState.QUEUED:
        return None
    return await context.database.read(lambda tx: halt_of(tx, context))


async def _is_spoiler(context: Context, job: Job) -> bool:
    if not media_of(job.request):
        return False
    chosen = await settings.read(context, job.guild_id)
    return concerns(chosen.spoilers, chosen, job.request.prompt)


async def _place(context: Context, job: Job) -> int | None:
    if job.state is not JobState.QUEUED:
        return None
    return await context.database.read(lambda tx: line.place(tx, job.id))


def _ready_at_ms(context: Context, job: Job) -> int | None:
    if job.state is not JobState.GENERATING or job.started_at_ms is None:
        return None
    _, latest_ms = typical_ms(job.request.model, job.request.seconds)
    return job.started_at_ms + round(latest_ms / context.policy.time_scale)
