"""What must be true of a simulated world: while it goes on, and when all has come to rest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from qa.simulation.event_log import EventLog
from qa.simulation.simulated_apixo import video_bytes
from qa.simulation.simulated_discord import SimulatedDiscord
from sandbox.apixo import State, Task
from storage import audit, released_jobs, status_messages
from storage.audit import AuditReport
from storage.database import Database
from storage.media import MediaFolder
from storage.schema import jobs as jobs_table

_NEVER_MS = 1 << 52
_UNPAID = frozenset({JobState.CANCELLED, JobState.REJECTED})
_RESTING = PARKED | ENDED_WITHOUT_VIDEO | {JobState.DELIVERED}


@dataclass(frozen=True, slots=True)
class ExternalState:
    """What others know of the jobs: members, APIXO, Discord and the disk.

    `accepted` are the jobs that members were told of, `demands` how often each was to be posted
    once more, `erased` those whose video somebody wanted deleted, `lost_prompts` those of jobs that
    were lost with a database when a copy was put back, if one was (`is_restored`).
    """

    accepted: Iterable[str]
    demand_counts: Mapping[str, int]
    erased: Set[str]
    lost_prompts: Set[str]
    is_restored: bool
    tasks: Iterable[Task]
    discord: SimulatedDiscord
    media: MediaFolder


async def audit_ledger(database: Database, journal: EventLog) -> AuditReport:
    """Have the ledger prove itself."""
    verdict = await database.read(audit.run_audit)
    for violation in verdict.violations:
        journal.report_violation(f"unbalanced: {violation}")
    return verdict


async def is_at_rest(database: Database) -> bool:
    """Return whether no job is under way, none waits for a person, and every card is true."""
    return await database.read(_is_at_rest)


async def check_invariants(database: Database, outside: ExternalState, journal: EventLog) -> None:
    """Look for anything lost, done twice, unbalanced or silent, with all at rest."""
    verdict = await audit_ledger(database, journal)
    if verdict.ledger["held"]:
        journal.report_violation(f"{verdict.ledger['held']} micro-dollars are held for nobody")
    if not await is_at_rest(database):
        journal.report_violation(f"not at rest: {verdict.jobs}")
    rows = {row["id"]: row for row in await database.read(_rows)}
    for lost in set(outside.accepted) - set(rows):
        journal.report_violation(f"lost: {lost} was accepted, and there is no such job")
    _judge_tasks(rows, outside, journal)
    for row in rows.values():
        _judge_posts(row, outside, journal)
    for (job_id, part), count in outside.discord.carriers().items():
        if job_id not in outside.discord.denied_channels and not outside.is_restored:
            journal.report_violation(f"{count} messages with files are left: {part} of {job_id}")
    for part in outside.media.video_path("x.mp4").parent.rglob("*.part"):
        journal.report_violation(f"half a file is left: {part.name}")


def _judge_tasks(
    rows: Mapping[str, Mapping[str, Any]], outside: ExternalState, journal: EventLog
) -> None:
    """Look for a second task for one order, and for one that nobody wants to know of."""
    jobs_of: dict[str, Mapping[str, Any]] = {_prompt(row): row for row in rows.values()}
    made = Counter[str]()
    for task in outside.tasks:
        prompt = task.submission.prompt
        made[prompt] += 1
        row = jobs_of.get(prompt)
        if row is None and prompt in outside.lost_prompts:
            continue
        if row is None:
            journal.report_violation(f"lost: nobody knows of the task for {prompt!r}")
        elif row["state"] in _UNPAID and task.state_at(float("inf")) is State.SUCCESS:
            journal.report_violation(f"lost: {row['id']} is {row['state']}, and has a paid task")
    for prompt, count in made.items():
        if count > 1:
            journal.report_violation(f"double charged: {count} tasks for {prompt!r}")


def _judge_posts(row: Mapping[str, Any], outside: ExternalState, journal: EventLog) -> None:
    job_id = row["id"]
    results = outside.discord.messages_of(job_id, "result")
    if len(results) > 1 + outside.demand_counts.get(job_id, 0):
        journal.report_violation(f"double posted: {job_id} has {len(results)} results")
    cards = outside.discord.messages_of(job_id, "status")
    if len(cards) > 1 and job_id not in outside.discord.denied_channels:
        journal.report_violation(f"double posted: {job_id} has {len(cards)} cards")
    is_gone = row["state"] == JobState.DELIVERED and row["status_message_id"] is None
    is_known = job_id not in outside.discord.denied_channels
    if cards and is_gone and is_known and not outside.discord.was_thrown_out(row["guild_id"]):
        journal.report_violation(f"left: {job_id} is delivered, and its status message stands")
    if any(post.video not in (None, video_bytes(_prompt(row))) for post in results):
        journal.report_violation(f"lost: {job_id} shows another video than its own")
    if row["state"] != JobState.DELIVERED or job_id in outside.erased:
        return
    is_known = any(post.id == row["result_message_id"] for post in results)
    # A copy does not know that the message that it names was replaced by a later one.
    if not is_known and not (outside.is_restored and outside.demand_counts.get(job_id)):
        journal.report_violation(f"lost: {job_id} is delivered, and its message is not there")
    if not outside.media.video_path(f"{job_id}.mp4").is_file():
        journal.report_violation(f"lost: {job_id} is delivered, and its file is gone")


def _prompt(row: Mapping[str, Any]) -> str:
    return row["request"].prompt


async def _rows(tx: AsyncConnection) -> list[Any]:
    names = "id", "guild_id", "state", "request", "status_message_id", "result_message_id"
    columns = [jobs_table.c[name] for name in names]
    return list((await tx.execute(select(*columns))).mappings())


async def _is_at_rest(tx: AsyncConnection) -> bool:
    state, closed = jobs_table.c.state, jobs_table.c.closed_at_ms
    stirring = state.not_in(_RESTING) | (state.in_(PARKED) & closed.is_(None))
    if (await tx.execute(select(jobs_table.c.id).where(stirring).limit(1))).first() is not None:
        return False
    if await released_jobs.list_next_untold(tx, _NEVER_MS):
        return False
    return not await status_messages.list_outdated(tx, 1)
