"""Poll times, backoff and deadlines of tasks, in milliseconds since a task's creation.

Source: the latency tables of APIXO's two model pages. The documented first poll is the moment at
which the fastest task ends; failures end after about nine seconds, so there is one early poll.
"""

from collections.abc import Iterator
from itertools import chain, count, pairwise, repeat

from domain.durations import HOUR_MS
from domain.learned_duration import LearnedDuration
from domain.models import MODELS, Model, ModelId

EARLY_POLL_MS = 12_000
STUCK_AFTER_MS = 2 * HOUR_MS
"""The age at which a task that has not ended makes its job `stuck`; the hold is kept."""

SUBMIT_UNKNOWN_GRACE_MS = 30 * 60_000
"""How long a submission without an answer keeps the member's hold."""

MIN_POLL_INTERVAL_MS = 5_000
"""The shortest time between two polls of a task, even when the first one was late."""

_SAFETY_MARGIN_MS = 60_000
_SLOW_FROM_MS, _SLOW_GAP_MS = 15 * 60_000, 60_000
_CRAWL_FROM_MS, _CRAWL_GAP_MS = 45 * 60_000, 300_000
_WIDE_SHARE = 0.78
"""Of the documented range: where tasks end over more of it, they have no peak."""

_WIDE_GAP_SHARE = 0.83
"""Of the learned gap, where there is no peak."""

_BACKOFF_MS = 4_000
BACKOFF_CAP_MS = 300_000
_REPEAT_PAUSE_MS = 60_000

MAX_FAILURES = 300
"""Failures in a row, about 18 hours of them, after which a request to Discord is given up."""


def typical_duration_ms(model_id: ModelId, seconds: int) -> tuple[int, int]:
    """Return the ages between which a task for a video of `seconds` typically ends.

    For a length between two documented ones, the ages are interpolated linearly.
    """
    tiers = MODELS[model_id].polling.tiers
    for low, high in pairwise(tiers):
        if low.seconds <= seconds <= high.seconds:
            share = (seconds - low.seconds) / (high.seconds - low.seconds)
            earliest = low.earliest + share * (high.earliest - low.earliest)
            latest = low.latest + share * (high.latest - low.latest)
            return round(earliest * 1000), round(latest * 1000)
    nearest = min(tiers, key=lambda tier: abs(tier.seconds - seconds))
    return nearest.earliest * 1000, nearest.latest * 1000


def poll_ages_ms(
    model_id: ModelId, seconds: int, learned: LearnedDuration | None = None
) -> Iterator[int]:
    """Yield the ages at which to poll a task, without end: one early, then often, then slower.

    What was `learned` of tasks of the kind replaces the documented ages; the early poll finds
    failures, and is left out where there were none.
    """
    model = MODELS[model_id]
    if learned is None or learned.may_fail:
        yield EARLY_POLL_MS
    if learned is not None:
        yield from _learned_ages_ms(model, seconds, learned)
        return
    earliest, latest = typical_duration_ms(model_id, seconds)
    age = earliest
    for gap in chain(model.polling.opening_gaps, repeat(model.polling.gap)):
        age += round(gap * 1000)
        yield age
        if age >= latest:
            break
    yield from _late_ages_ms(model, age)


def _learned_ages_ms(model: Model, seconds: int, learned: LearnedDuration) -> Iterator[int]:
    earliest, latest = typical_duration_ms(model.id, seconds)
    gap = round(model.polling.learned_gap * 1000)
    if learned.latest_ms - learned.earliest_ms > _WIDE_SHARE * (latest - earliest):
        gap = max(round(gap * _WIDE_GAP_SHARE), MIN_POLL_INTERVAL_MS)
    age = max(learned.earliest_ms, EARLY_POLL_MS + MIN_POLL_INTERVAL_MS)
    yield age
    while age < max(latest, 2 * learned.usual_ms):
        age += gap
        yield age
    yield from _late_ages_ms(model, age)


def _late_ages_ms(model: Model, age: int) -> Iterator[int]:
    while True:
        age += _late_gap_ms(model, age)
        yield age


def next_poll_age_ms(
    model_id: ModelId, seconds: int, age_ms: int, learned: LearnedDuration | None = None
) -> int:
    """Return the first age after `age_ms` at which to poll a task."""
    return _next_age_ms(poll_ages_ms(model_id, seconds, learned), age_ms)


def safety_poll_age_ms(model_id: ModelId, seconds: int, age_ms: int) -> int:
    """Return the first age after `age_ms` at which to poll a task with a callback.

    The first poll comes when nearly every task has called back, the second only after APIXO has
    given up its last callback; from then on polls are slow.
    """
    _, latest = typical_duration_ms(model_id, seconds)
    first = latest + _SAFETY_MARGIN_MS
    second = max(2 * first, _SLOW_FROM_MS)
    return _next_age_ms(chain((first,), count(second, _CRAWL_GAP_MS)), age_ms)


def backoff_ms(
    failures: int,
    jitter: float,
    longest_ms: int = BACKOFF_CAP_MS,
    *,
    first_ms: int = _BACKOFF_MS,
) -> int:
    """Return the wait after the n-th failure in a row, doubled each time from `first_ms` on.

    `jitter` in 0..1 spreads the retries over the second half of it.
    """
    longest = min(longest_ms, first_ms * 2 ** min(failures - 1, 12))
    return round(longest * (0.5 + 0.5 * jitter))


def repeat_pause_ms(failures: int, jitter: float) -> int:
    """Return the wait before a notice is sent again that failed n times: a minute to an hour."""
    return backoff_ms(failures, jitter, HOUR_MS, first_ms=_REPEAT_PAUSE_MS)


def _next_age_ms(ages_ms: Iterator[int], age_ms: int) -> int:
    return max(next(age for age in ages_ms if age > age_ms), age_ms + MIN_POLL_INTERVAL_MS)


def _late_gap_ms(model: Model, age_ms: int) -> int:
    if age_ms >= _CRAWL_FROM_MS:
        return _CRAWL_GAP_MS
    if age_ms >= _SLOW_FROM_MS:
        return _SLOW_GAP_MS
    return round(model.polling.late_gap * 1000)
