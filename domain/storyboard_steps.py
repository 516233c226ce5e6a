"""The steps of a storyboard: what is to be done next, by how far each of its shots is."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.films import MIN_PARTS
from domain.job_view import JobView
from domain.jobs import ENDED_WITHOUT_VIDEO, NEVER_MS, JobState


class StoryboardKind(StrEnum):
    """What a film is made of when its shots are done."""

    STORYBOARD = "storyboard"
    EXTENSION = "extension"
    """A video and the one that goes on from its last frame."""


class ShotState(StrEnum):
    """How far a shot is."""

    WAITING = "waiting"
    """For the shot before it."""

    RUNNING = "running"
    MADE = "made"
    """Its video is there, and not posted yet."""

    DONE = "done"
    FAILED = "failed"
    """There is no video, and there may be none for long: its member is asked."""

    LEFT_OUT = "left out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ShotPlace:
    """A shot's number among how many; an open one's member can decide about a failure."""

    number: int
    count: int
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Begin:
    """Begin a shot from the last frame of another; from its words alone where there is none."""

    index: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Ask:
    """Wait for its member's decision about a shot."""

    index: int


@dataclass(frozen=True, slots=True)
class Join:
    """Join the videos of these shots, in order."""

    indexes: tuple[int, ...]


class Pause(StrEnum):
    """A step that needs nothing of a shot."""

    REST = "rest"
    """Until a shot moves on."""

    END = "end"
    """There will be no film."""


Step = Begin | Ask | Join | Pause

_VIDEO_MADE: Final = frozenset({JobState.STORED, JobState.POSTING})
_VIDEO_DONE: Final = frozenset({JobState.DELIVERED, JobState.UNDELIVERABLE})
_STOPPED: Final = (
    ENDED_WITHOUT_VIDEO
    | {JobState.SUBMIT_UNKNOWN, JobState.STUCK}
    | {JobState.RESULT_LOST, JobState.QUARANTINED}
) - {JobState.CANCELLED}


def is_waiting(job: JobView) -> bool:
    """Return whether a queued job waits for another one; nobody submits it before."""
    return job.state is JobState.QUEUED and job.due_at_ms >= NEVER_MS


def shot_state(job: JobView, *, is_skipped: bool) -> ShotState:
    """Return how far a shot is, by its job."""
    if is_waiting(job):
        return ShotState.WAITING
    if job.erased_at_ms is not None:
        return ShotState.CANCELLED
    if job.state is JobState.CANCELLED:
        return ShotState.LEFT_OUT if is_skipped else ShotState.CANCELLED
    if job.state in _STOPPED and not _may_turn_up(job):
        return ShotState.LEFT_OUT if is_skipped else ShotState.FAILED
    if job.state in _VIDEO_MADE:
        return ShotState.MADE
    if job.state in _VIDEO_DONE:
        return ShotState.LEFT_OUT if job.file_name is None else ShotState.DONE
    return ShotState.RUNNING


def _may_turn_up(job: JobView) -> bool:
    """Return whether a lost submission is still waited for."""
    return job.state is JobState.SUBMIT_UNKNOWN and job.due_at_ms < NEVER_MS


def next_step(kind: StoryboardKind, states: Sequence[ShotState]) -> Step:
    """Return the next step. A shot that was left out is passed over, also as the one before.

    The film is made when every video is posted, so that it is the last message.
    """
    if ShotState.CANCELLED in states:
        return Pause.END
    last_made: int | None = None
    for index, state in enumerate(states):
        match state:
            case ShotState.WAITING:
                return Begin(index, last_made)
            case ShotState.FAILED:
                return Ask(index) if kind is StoryboardKind.STORYBOARD else Pause.END
            case ShotState.RUNNING:
                return Pause.REST
            case ShotState.MADE | ShotState.DONE:
                last_made = index
            case _:
                continue
    if ShotState.MADE in states:
        return Pause.REST
    parts = tuple(index for index, state in enumerate(states) if state is ShotState.DONE)
    return Join(parts) if len(parts) >= MIN_PARTS else Pause.END
