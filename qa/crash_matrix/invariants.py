"""Judges what a play left behind, by the invariants; believes the stand-ins, not the service.

Every complaint begins with one of `VERDICTS`:

* lost: a paid task, or an order that was accepted, is nowhere, or its video is not what was made;
* double charged: more than one task for a job, or more than one charge;
* double posted: more than one result, status message, or reply that pings the member;
* left: a status message or a reply is there although the result is;
* bought: something was bought where nothing can be delivered;
* unbalanced: the audit finds a broken rule, or a hold is left that nobody waits for;
* silent: a job is not at rest, or its card shows another state;
* leaked: a secret is in the log;
* unjudged: the play itself failed.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from domain.films import FilmState
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, POST_UNCONFIRMED, JobState
from domain.obstacles import ObstacleKind
from qa.crash_matrix.run_record import SECRET_PROMPT, RunRecord
from sandbox.apixo import FakeApixo
from sandbox.apixo.tasks import Task
from sandbox.demo.job_posts import is_post
from sandbox.discord import FakeDiscord, Message
from sandbox.discord.models import Attachment, MessageFlag
from storage.jobs import Job
from workflow.results.lookup import is_deleted as is_video_deleted

VIOLATIONS: Final = (
    "lost",
    "double charged",
    "double posted",
    "left",
    "bought",
    "unbalanced",
    "silent",
    "leaked",
    "unjudged",
)

_CARDS: Final = {
    JobState.DELIVERED: "video is ready",
    JobState.CANCELLED: "Cancelled",
    JobState.REJECTED: "You weren't charged",
    JobState.FAILED: "You weren't charged",
    JobState.SUBMIT_UNKNOWN: "never arrived",
    JobState.STUCK: "taking far too long",
    JobState.RESULT_LOST: "we refunded you",
    JobState.UNDELIVERABLE: "Your video is ready",
    JobState.QUARANTINED: "The operator knows",
}
_DELETED_CARD: Final = "Deleted"
_UNCONFIRMED_CARD: Final = "Your video is ready and should be below"
_SHARED: Final = "shared"
_NOTICE: Final = "notice"
_SUMMARY: Final = re.compile(r"-# \d{4}-W\d\d")
_ALERT: Final = "your decision"
_REMOVED: Final = "I was removed from a server"
_RESTORED_CARD: Final = "restored from a backup"
_WITHOUT_RESULT: Final = ENDED_WITHOUT_VIDEO | (PARKED - {JobState.UNDELIVERABLE})
_MAY_HOLD: Final = {JobState.STUCK, JobState.QUARANTINED}


def check_invariants(traces: RunRecord, apixo: FakeApixo, discord: FakeDiscord) -> list[str]:
    """List what is wrong after a play, while its stand-ins still know of it."""
    tasks = [task for task in apixo.tasks if traces.marker in task.submission.prompt]
    complaints = [*traces.violations, *_of_the_whole(traces, apixo, discord, tasks)]
    if traces.kill_count == 0 and any(each.flags & MessageFlag.LOADING for each in _seen(discord)):
        complaints.append("silent: an answer goes on thinking")
    return [*complaints, *check_jobs(traces, tasks, discord)]


def check_jobs(
    traces: RunRecord, tasks: list[Task], discord: FakeDiscord, *, is_alone: bool = True
) -> Iterator[str]:
    """Yield what is wrong with each job: its end, its tasks, what is posted of it.

    Where others order too, messages to the operator may be about their jobs.
    """
    for job in traces.jobs:
        mine = [task for task in tasks if len(traces.jobs) == 1 or task.id == job.task_id]
        yield from _of_the_job(traces, job, mine)
        yield from _of_the_channel(traces, discord, job)
        yield from _of_the_other_posts(traces, discord, job, is_alone=is_alone)


def find_secrets(log: str, apixo: FakeApixo, discord: FakeDiscord) -> Iterator[str]:
    """Yield what is in a log that must not be."""
    for kind, secret in _secrets(apixo, discord):
        if secret in log:
            yield f"leaked: {kind} is in the log"


def _of_the_whole(
    traces: RunRecord, apixo: FakeApixo, discord: FakeDiscord, tasks: list[Task]
) -> Iterator[str]:
    if not traces.jobs and not traces.is_restored:
        yield "silent: nothing that was ordered became a job"
    known = max(len(traces.jobs), len(traces.jobs_before))
    if len(tasks) > known:
        yield f"double charged: {len(tasks)} tasks for {known} jobs"
    if traces.audit is None or not traces.audit.ok:
        yield f"unbalanced: {traces.audit and '; '.join(traces.audit.violations)}"
    elif traces.audit.ledger["held"] and not any(map(_may_hold, traces.jobs)):
        yield f"unbalanced: {traces.audit.ledger['held']} micro-dollars on hold for nobody"
    yield from _of_the_removal(traces, discord, tasks)
    yield from _of_the_film(traces, discord)
    if traces.leftovers:
        yield f"unbalanced: half-written files are left: {', '.join(traces.leftovers)}"
    yield from find_secrets(traces.log, apixo, discord)


def _of_the_film(traces: RunRecord, discord: FakeDiscord) -> Iterator[str]:
    """Judge the film of a storyboard: one of what was made, posted once."""
    if not traces.cell.fault.shot_count:
        return
    made = {job.id for job in traces.jobs if job.state is JobState.DELIVERED}
    parts = [part for film in traces.films for part in film.parts]
    if (len(made) > 1 and set(parts) != made) or len(parts) > len(made):
        yield f"lost: films have {len(parts)} of {len(made)} shots"
    for film in traces.films:
        name = f"{film.id}.mp4"
        posts = [one for one in _seen(discord) if any(f.filename == name for f in one.attachments)]
        if film.state is not FilmState.DELIVERED or [one.id for one in posts] != [film.message_id]:
            yield f"double posted: a film is {film.state}, and {len(posts)} messages have it"


def _of_the_removal(traces: RunRecord, discord: FakeDiscord, tasks: list[Task]) -> Iterator[str]:
    """Judge what came of a bot that was thrown out of the server."""
    if traces.heard_of_removal_s is None:
        return
    late = [task for task in tasks if task.created_at > traces.heard_of_removal_s]
    if late:
        yield f"bought: {len(late)} tasks were made after the bot was thrown out"
    released = [job for job in traces.jobs if job.fail_code == ObstacleKind.SERVER_LEFT]
    notices = [message for message in _seen(discord) if message.text.startswith(_REMOVED)]
    addressees = {message.channel.id for message in notices}
    if len(notices) > len(addressees):
        yield f"double posted: {len(notices)} messages tell of the removal"
    is_reachable = discord.world.shares_guild(discord.world.user("Ada"))
    if released and is_reachable and not notices:
        yield "silent: nobody is told that what waited was released"


def _of_the_job(traces: RunRecord, job: Job, tasks: list[Task]) -> Iterator[str]:
    trouble = traces.cell.fault
    if job.state not in {JobState.DELIVERED, *trouble.expected_states} and not _is_unknown(
        traces, job
    ):
        yield f"lost: the job ended as {job.state} ({job.reason})"
    made = [task for task in tasks if task.fail_code is None and task.seconds is not None]
    if made and job.state in ENDED_WITHOUT_VIDEO:
        yield f"lost: a task was made and paid, but the job is {job.state}"
    is_told = trouble.uses_callbacks and trouble.name != "never" and not _waits_since_restore(job)
    if made and is_told and job.task_id is None:
        yield f"lost: APIXO called back, but the job is {job.state} without a task"
    if job.task_id is not None and job.task_id not in {task.id for task in tasks}:
        yield f"lost: the job's task {job.task_id} is none of APIXO's"


def _of_the_channel(traces: RunRecord, discord: FakeDiscord, job: Job) -> Iterator[str]:
    results = [message for message in _seen(discord) if _is_result(message, job)]
    cards, replies = (
        [message for message in _seen(discord) if is_post(message, job.id, mark)]
        for mark in ("status", "failure")
    )
    for kind, found in (("results", results), ("status messages", cards), ("replies", replies)):
        if len(found) > 1:
            yield f"double posted: {len(found)} {kind}"
    yield from _of_the_results(traces, job, results)
    yield from _of_what_is_left(traces, job, [*cards, *replies])
    if not replies and _is_to_be_pinged(traces, job):
        yield f"silent: the job is {job.state}, and nobody pings its member"
    if not _is_cut_off(traces) and not _is_card_unknown(job):
        yield from _of_the_cards(traces, job, cards)
    is_known = job.status_message_id is not None and not results
    if not cards and is_known and not traces.cell.fault.deletes_status_message:
        yield "silent: the status message that is known is not there"


def _of_the_results(traces: RunRecord, job: Job, results: list[Message]) -> Iterator[str]:
    is_deleted = (traces.cell.fault.deletes_result or is_video_deleted(job)) and not results
    ids = [each.id for each in results]
    if job.state is JobState.DELIVERED and ids != [job.result_message_id] and not is_deleted:
        posted = ", ".join(str(each.id) for each in results)
        yield f"lost: delivered as {job.result_message_id}, but posted as {posted or 'nothing'}"
    if results and job.state in _WITHOUT_RESULT and not _waits_since_restore(job):
        yield f"silent: a result was posted, but the job is {job.state}"
    for message in results if not _waits_since_restore(job) else ():
        yield from _of_the_video(traces, job, message)


def _of_what_is_left(traces: RunRecord, job: Job, others: list[Message]) -> Iterator[str]:
    """Judge the messages beside a result that is in the channel of its request."""
    stands = job.state is JobState.DELIVERED and job.has_result_in_its_channel
    if stands and others and not _is_cut_off(traces):
        yield f"left: {len(others)} messages stand beside the result"


def _is_to_be_pinged(traces: RunRecord, job: Job) -> bool:
    """Return whether a job has ended in a way of which its member hears in a reply."""
    is_decided = job.state is not JobState.SUBMIT_UNKNOWN or not _waits_since_restore(job)
    is_said = job.order_post is not None  # by the message with the other takes
    is_told = job.state in _WITHOUT_RESULT - {JobState.CANCELLED} and is_decided and not is_said
    is_known = job.status_message_id is not None and job.restored_at_ms is None
    # Discord's faults may refuse this very post.
    is_heard = is_known and not _is_cut_off(traces) and traces.cell.fault.axis != "Discord"
    return is_told and is_heard


def count_alerts(discord: FakeDiscord) -> int:
    """Count the messages that ask the operator for a decision."""
    return sum(_ALERT in message.text.rpartition("\n")[2] for message in _seen(discord))


def _of_the_other_posts(
    traces: RunRecord, discord: FakeDiscord, job: Job, *, is_alone: bool
) -> Iterator[str]:
    """Judge what is posted besides: shared videos, notifications, summaries, announcements."""
    shared = _SHARED
    found = Counter(_kind_of_post(message, job) for message in _seen(discord))
    del found[""]
    if traces.is_restored or not is_alone:
        del found[_ALERT]  # what a restore parks is notices, whatever was told before
    for kind, count in found.items():
        if count > 1:
            yield f"double posted: {count} messages are {kind!r}"
    if traces.cell.fault.shares and job.state is JobState.DELIVERED and not found[shared]:
        yield "lost: the video was shared, but is not in the showcase"


def _kind_of_post(message: Message, job: Job) -> str:
    """Return what a message is that is neither a result nor a status message; or nothing."""
    last = message.text.rpartition("\n")[2]
    if _SUMMARY.fullmatch(last) is not None:
        return last
    if _ALERT in last:
        return _ALERT
    return next((mark for mark in (_SHARED, _NOTICE) if is_post(message, job.id, mark)), "")


def _of_the_cards(traces: RunRecord, job: Job, cards: list[Message]) -> Iterator[str]:
    is_held = traces.audit is not None and traces.audit.ledger["held"]
    waits = _waits_since_restore(job) and is_held
    is_unconfirmed = job.reason == POST_UNCONFIRMED
    ended = _UNCONFIRMED_CARD if is_unconfirmed else _CARDS.get(job.state, "?")
    ended = _DELETED_CARD if is_video_deleted(job) else ended
    shown = _RESTORED_CARD if waits else ended
    for text in (card.text for card in cards if shown not in card.text):
        yield f"silent: the job is {job.state}, but its card says {text!r}"


def _of_the_video(traces: RunRecord, job: Job, message: Message) -> Iterator[str]:
    kept = traces.files.get(f"{job.id}.mp4")
    if kept is None:
        yield "lost: the video is not in the media folder"
    elif hashlib.sha256(kept).hexdigest() != job.file_sha256:
        yield "lost: the video in the media folder is not the one that was stored"
    elif any(file.path.read_bytes() != kept for file in _files_of(message, job)):
        yield "lost: the posted video is not the one that was stored"


def _files_of(message: Message, job: Job) -> list[Attachment]:
    """Return the files of a job in a message, which may have those of other takes."""
    return [file for file in message.attachments if file.filename == f"{job.id}.mp4"]


def _is_unknown(traces: RunRecord, job: Job) -> bool:
    """Return whether the answer to a submission died with a process, or came after the copy."""
    is_cause = traces.kill_count > 0 or traces.is_restored
    return job.state is JobState.SUBMIT_UNKNOWN and is_cause


def _may_hold(job: Job) -> bool:
    return job.state in _MAY_HOLD or _waits_since_restore(job)


def _waits_since_restore(job: Job) -> bool:
    """Return whether a job waits for the operator because its database was restored."""
    return job.state is JobState.SUBMIT_UNKNOWN and job.restored_at_ms is not None


def _is_card_unknown(job: Job) -> bool:
    """Return whether a restored copy does not know the card, and could not look for it."""
    return job.restored_at_ms is not None and job.status_message_id is None


def _is_cut_off(traces: RunRecord) -> bool:
    """Return whether the card cannot be edited; `/jobs` is left.

    It is in a server that the bot was thrown out of, or an answer that only a dead process could
    edit.
    """
    is_dead = traces.cell.fault.ends_connection and traces.kill_count > 0
    return is_dead or traces.heard_of_removal_s is not None


def _seen(discord: FakeDiscord) -> Iterator[Message]:
    for channel in discord.world.channels.values():
        yield from channel.messages
        yield from channel.ephemeral_messages


def _is_result(message: Message, job: Job) -> bool:
    has_video = any(file.filename == f"{job.id}.mp4" for file in message.attachments)
    is_shared = is_post(message, job.id, _SHARED)
    return not is_shared and (has_video or is_post(message, job.id, "result"))


def _secrets(apixo: FakeApixo, discord: FakeDiscord) -> Iterator[tuple[str, str]]:
    yield "APIXO's key", apixo.key
    yield "Discord's token", discord.token
    yield "a prompt", SECRET_PROMPT
    for entry in apixo.journal.requests_to("/generateTask/"):
        if isinstance(entry.body, dict) and (url := entry.body.get("callback_url")):
            yield "a callback's address", str(url).rpartition("/")[2]
