"""How long tasks of one kind took lately, and what that says of the next one.

Measured on peaked distributions (`bench/polls.py`): a first poll where one task in eleven has
ended, then polls at one distance, find a task with the fewest polls for the same delay.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

SAMPLE_SIZE: Final = 50
"""Tasks that are learned from: the last ones of a kind."""

_LEAST: Final = 8
_LATEST: Final = 3
_EARLIEST_SHARE: Final = 0.088
_USUAL_SHARE: Final = 0.8
_DRIFT_MARGIN: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedDuration:
    """Milliseconds after a task's creation: when the first ones end, most of them, and nearly all.

    `may_fail` says whether a task of the kind failed lately.
    """

    earliest_ms: int
    usual_ms: int
    latest_ms: int
    may_fail: bool


def learn_duration(durations_ms: Collection[int], *, may_fail: bool) -> LearnedDuration | None:
    """Learn from the durations of tasks, the latest first; None from less than eight.

    Where the last three lie outside of all others, they alone count: the kind has changed.
    """
    if len(durations_ms) < _LEAST:
        return None
    durations = list(durations_ms)
    latest, others = sorted(durations[:_LATEST]), sorted(durations[_LATEST:])
    if latest[0] > others[-1] or latest[-1] < others[0]:
        sample = latest
        earliest_ms = latest[0] * _DRIFT_MARGIN
    else:
        sample = sorted(durations)
        earliest_ms = min(_quantile(sample, _EARLIEST_SHARE), latest[0])
    return LearnedDuration(
        earliest_ms=round(earliest_ms),
        usual_ms=round(_quantile(sample, _USUAL_SHARE)),
        latest_ms=round(_quantile(sample, 1 - _EARLIEST_SHARE)),
        may_fail=may_fail,
    )


def _quantile(ordered: Sequence[int], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
