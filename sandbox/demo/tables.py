"""Tables of APIXO's tasks and the service's jobs and ledger, newest row first."""

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Final

from sandbox.apixo import FakeApixo, State, Task
from sandbox.demo.snapshot_types import JobPhase, JobRow, LedgerRow, Snapshot
from sandbox.demo.widgets import Json, Tone, cell, format_duration, format_usd, row, table, truncate
from sandbox.discord import World

_MOST: Final = 50
_SHORT: Final = 6
_SOON_MS: Final = 24 * 3_600_000
_STATE_TONES: Final[Mapping[State, Tone]] = {
    State.PENDING: "dim",
    State.PROCESSING: "busy",
    State.SUCCESS: "good",
    State.FAILED: "bad",
}
_PHASE_TONES: Final[Mapping[JobPhase, Tone]] = {
    "waiting": "dim",
    "moving": "busy",
    "delivered": "good",
    "ended": "bad",
    "parked": "warn",
}
_TAKES_FROM_MEMBER: Final = ("charge", "adjust")
_MOVES_NOTHING: Final[Mapping[str, str]] = {"hold": "held", "release": "let go"}
"""They set money aside and let it go; what is paid and given stands in the other rows."""


def tasks_table(apixo: FakeApixo) -> Json:
    """Show what the stand-in has been asked to make."""
    now = apixo.scaled_clock.now()
    rows = [_task(task, now) for task in islice(reversed(list(apixo.tasks)), _MOST)]
    columns = ("Task", "Model · mode", "Prompt", "State", ">Price")
    return table("apixo", "APIXO's tasks", columns, rows, "APIXO has not been asked for anything.")


def jobs_table(overview: Snapshot | None, world: World, now_ms: int) -> Json:
    """Show what the service works on, by its database, at a moment in Unix milliseconds."""
    rows = [_job(job, world, now_ms) for job in overview["jobs"]] if overview else []
    columns = ("Job", "Who", "State", ">Price", "Where it stands")
    return table("jobs", "The bot's jobs", columns, rows, "Nobody has asked for a video.")


def ledger_table(overview: Snapshot | None, world: World) -> Json:
    """Show the ledger, with the sign of what each row does to the member's money, if anything."""
    rows = [_entry(entry, world) for entry in overview["ledger"]] if overview else []
    columns = ("Time", "Kind", ">Amount", "Job", "Who")
    return table("ledger", "The bot's ledger", columns, rows, "No money has moved.")


def _task(task: Task, now: float) -> Json:
    order, state = task.submission, task.state_at(now)
    said = f"{state} · {task.fail_code}" if state is State.FAILED else str(state)
    return row(
        task.id,
        cell(task.id[:_SHORT], title=task.id),
        f"{order.model.id} · {order.mode}",
        cell(truncate(order.prompt), title=order.prompt),
        cell(said, _STATE_TONES[state], progress=_progress(task, state, now)),
        format_usd(task.price_micro),
    )


def _progress(task: Task, state: State, now: float) -> float | None:
    if not task.seconds or state in (State.SUCCESS, State.FAILED):
        return None
    return round(min(0.99, (now - task.started_at) / task.seconds), 2)


def _job(job: JobRow, world: World, now_ms: int) -> Json:
    return row(
        job["id"],
        _name(job["id"]),
        _who(world, job["user_id"]),
        cell(job["state"].replace("_", " "), _PHASE_TONES[job["phase"]]),
        format_usd(job["price_micro"]),
        _progress_cell(job, now_ms),
    )


def _progress_cell(job: JobRow, now_ms: int) -> str | Json:
    """Say why a job has ended or is parked, how long it took, or when it is taken up again."""
    if job["reason"]:
        return cell(truncate(job["reason"]), title=job["reason"])
    if job["ended_at_ms"] is not None:
        return f"after {_since(job['created_at_ms'], job['ended_at_ms'])}"
    age = f"for {_since(job['created_at_ms'], now_ms)}"
    if job["due_at_ms"] is None or not 0 < job["due_at_ms"] - now_ms < _SOON_MS:
        return age
    return f"{age}, looked at in {_since(now_ms, job['due_at_ms'])}"


def _entry(entry: LedgerRow, world: World) -> Json:
    kind = entry["kind"]
    effect = entry["amount_micro"] * (-1 if kind in _TAKES_FROM_MEMBER else 1)
    tone: Tone = "dim" if kind in _MOVES_NOTHING else "good" if effect > 0 else "bad"
    amount = format_usd(effect, signed=True)
    if kind in _MOVES_NOTHING:
        amount = f"{format_usd(effect)} {_MOVES_NOTHING[kind]}"
    moment = datetime.fromtimestamp(entry["at_ms"] / 1000)  # noqa: DTZ006 - for the person here
    return row(
        str(entry["id"]),
        f"{moment:%X}",
        kind if entry["account"] == "member" else f"{kind} ({entry['account']})",
        cell(amount, tone),
        "" if entry["job_id"] is None else _name(entry["job_id"]),
        _who(world, entry["user_id"]),
    )


def _name(job_id: str) -> Json:
    """Shorten a job's name to its end: the beginnings of neighbours are alike."""
    return cell(f"…{job_id[-_SHORT:]}", title=job_id)


def _who(world: World, user_id: int) -> str:
    user = world.users.get(user_id)
    return str(user_id) if user is None else user.name


def _since(start_ms: int, end_ms: int) -> str:
    return format_duration((end_ms - start_ms) / 1000)
