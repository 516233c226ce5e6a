"""Polls per finished video, and how late its end is known, on a simulated clock.

Tasks end within the range that APIXO's pages give for their model and length: uniformly; peaked
(log-normal, its standard deviation a quarter of the range); peaked around a middle that drifts to
and fro; and right after the peak has moved from one half of the range to the other.
"""

import math
import random
import statistics
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from bench.figures import Figure, report, scaled
from domain.learned_duration import SAMPLE_SIZE, LearnedDuration, learn_duration
from domain.models import MODELS, ModelId
from domain.polling import poll_ages_ms, typical_duration_ms

_VIDEOS: Final = 20_000
_DRIFT_PERIOD: Final = 2_500


@dataclass(frozen=True, slots=True)
class Outcome:
    """Mean polls, mean delay and the 95th percentile of the delay in seconds."""

    polls: float
    mean_s: float
    p95_s: float


def measure(share: float = 1) -> bool:
    """Print the figures for 8 s on 1.5 Pro and 5 s on 2.0."""
    videos = scaled(_VIDEOS, share, least=SAMPLE_SIZE + 2)
    pro = _measure_model(ModelId.SEEDANCE_1_5_PRO, 8, videos, Outcome(3.5, 2.6, 5))
    return pro & _measure_model(ModelId.SEEDANCE_2_0, 5, videos, Outcome(7, 8, 15))


def _measure_model(model: ModelId, seconds: int, videos: int, bounds: Outcome) -> bool:
    dice = random.Random(1)
    low_ms, high_ms = typical_duration_ms(model, seconds)
    middle_ms, spread_ms = (low_ms + high_ms) / 2, (high_ms - low_ms) / 4
    uniform = [dice.uniform(low_ms, high_ms) for _ in range(videos)]
    peaked = [_log_normal(dice, middle_ms, spread_ms) for _ in range(videos)]
    drifting = [
        _log_normal(dice, middle_ms + spread_ms * math.sin(math.tau * n / _DRIFT_PERIOD), spread_ms)
        for n in range(videos)
    ]
    moved = list(_moved(dice, videos, (low_ms, high_ms)))
    label = f"{MODELS[model].label}, {seconds} s, {videos:,} videos"
    good = True
    for name, ends in (("peaked", peaked), ("peaked and drifting", drifting)):
        found = _simulate(model, seconds, ends, learns=True)
        good &= report(f"{label}, {name}, after {SAMPLE_SIZE} videos", _figures(found, bounds))
    for name, ends, bound in (("uniform", uniform, 1), ("right after a drift", moved, 1.15)):
        found = _simulate(model, seconds, ends, learns=True)
        floor = _simulate(model, seconds, ends, learns=False)
        good &= report(
            f"{label}, {name}, against the documented ages", _ratios(found, floor, bound)
        )
    return good


def _figures(found: Outcome, bounds: Outcome) -> list[Figure]:
    return [
        Figure("polls per finished video, mean", found.polls, bounds.polls),
        Figure("from done to known, mean", found.mean_s, bounds.mean_s, " s"),
        Figure("from done to known, p95", found.p95_s, bounds.p95_s, " s"),
    ]


def _ratios(found: Outcome, floor: Outcome, bound: float) -> list[Figure]:
    return [
        Figure("polls per finished video, mean", found.polls / floor.polls, 1, " x"),
        Figure("from done to known, mean", found.mean_s / floor.mean_s, bound, " x"),
    ]


def _log_normal(dice: random.Random, mean: float, deviation: float) -> float:
    """Draw from a log-normal distribution, within two standard deviations of its mean."""
    variance = math.log(1 + (deviation / mean) ** 2)
    while True:
        drawn = dice.lognormvariate(math.log(mean) - variance / 2, math.sqrt(variance))
        if abs(drawn - mean) <= 2 * deviation:
            return drawn


def _moved(dice: random.Random, videos: int, span: tuple[float, float]) -> Iterator[float]:
    """Draw from a peak that moves to the other half of the range every fifty videos."""
    low, high = span
    for number in range(videos):
        is_late = number // SAMPLE_SIZE % 2
        middle = low + (high - low) * (0.75 if is_late else 0.25)
        yield _log_normal(dice, middle, (high - low) / 8)


def _simulate(model: ModelId, seconds: int, ends_ms: list[float], *, learns: bool) -> Outcome:
    last = deque[int](maxlen=SAMPLE_SIZE)
    learned: LearnedDuration | None = None
    polls, late_s = list[int](), list[float]()
    for number, end_ms in enumerate(ends_ms):
        if learns:
            learned = learn_duration(last, may_fail=False)
        if number >= SAMPLE_SIZE:
            ages = enumerate(islice(poll_ages_ms(model, seconds, learned), 1_000), start=1)
            count, age_ms = next((n, age) for n, age in ages if age >= end_ms)
            polls.append(count)
            late_s.append((age_ms - end_ms) / 1000)
        last.appendleft(round(end_ms))
    return Outcome(
        statistics.mean(polls), statistics.mean(late_s), statistics.quantiles(late_s, n=20)[-1]
    )
