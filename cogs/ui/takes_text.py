"""Texts about takes of one request: how many are ready, and why the others are not."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from cogs.ui import text
from cogs.ui.i18n import _, format_and_list, ngettext
from domain.jobs import ENDED_WITHOUT_VIDEO, PAID, PARKED, JobState
from workflow.publisher import ResultPayload, StatusView

_ENDED = ENDED_WITHOUT_VIDEO | PARKED
_READY = PAID - {JobState.SUCCEEDED, JobState.RESULT_LOST, JobState.UNDELIVERABLE}


def format_takes(status: StatusView, format_one: Callable[[StatusView], str]) -> str:
    """Format how many takes are ready, how far the slowest is, and why others are not to come."""
    running = [take for take in status.takes if is_running(take)]
    lines = [format_count(status)] if running or count_ready(status) else []
    if running:
        lines.append(format_one(max(running, key=_remaining)))
    return "\n".join([*lines, *format_without_video(status.takes)])


def format_count(status: StatusView) -> str:
    """Format how many takes are ready."""
    return _("✅ {ready} of {count} ready.", ready=count_ready(status), count=len(status.takes))


def format_without_video(takes: Sequence[StatusView]) -> list[str]:
    """Return a line for each reason for which takes have no video."""
    numbers = defaultdict[str, list[int]](list)
    for take in takes:
        if take.job.state in _ENDED:
            numbers[text.format_outcome(take)].append(take.job.order_index or 0)
    return [f"⚠️ {_format_line(found, outcome)}" for outcome, found in numbers.items()]


def format_substitutes(takes: Iterable[tuple[int, ResultPayload]]) -> list[str]:
    """Return a line for each take that is not attached as it is, by their numbers."""
    return [
        _format_line([number], " ".join(lines))
        for number, payload in takes
        if (lines := text.format_substitute_lines(payload))
    ]


def is_running(take: StatusView) -> bool:
    """Return whether a take is still being made, or waits for that."""
    return take.job.state not in _READY | _ENDED


def count_ready(status: StatusView) -> int:
    """Return how many takes are made."""
    return sum(take.job.state in _READY for take in status.takes)


def format_delete_question(count: int) -> str:
    """Format the question whether to delete a video, or all takes of a request."""
    if count == 1:
        return _("Delete this video for everyone? You won't get the cost back.")
    return ngettext(
        "Delete {count} video for everyone? You won't get the cost back.",
        "Delete all {count} videos for everyone? You won't get the cost back.",
        count,
    )


def format_partly_cancelled(going_on: int) -> str:
    """Format that the takes that waited are cancelled, and how many go on."""
    return ngettext(
        "Cancelled what was waiting. {count} take is already being made.",
        "Cancelled what was waiting. {count} takes are already being made.",
        going_on,
    )


def _remaining(take: StatusView) -> tuple[int, int]:
    return take.queue_position or 0, take.ready_at_ms or 0


def _format_line(numbers: Sequence[int], outcome: str) -> str:
    return ngettext(
        "Take {numbers}: {outcome}",
        "Takes {numbers}: {outcome}",
        len(numbers),
        numbers=format_and_list(map(str, numbers)),
        outcome=outcome,
    )
