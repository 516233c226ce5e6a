"""Polls per finished video, and how late its end is known, on a simulated clock.

The tasks end uniformly within the range that APIXO's pages give for their model and length.
"""

import random
import statistics

from bench.figures import Figure, report, scaled
from domain.models import MODELS, ModelId
from domain.polling import poll_ages_ms, typical_duration_ms

_VIDEOS = 20_000


def measure(share: float = 1) -> bool:
    """Print the figures for 8 s on 1.5 Pro and 5 s on 2.0."""
    videos = scaled(_VIDEOS, share, least=2)
    polls, late = _simulate(ModelId.SEEDANCE_1_5_PRO, 8, videos)
    good = report(
        f"{MODELS[ModelId.SEEDANCE_1_5_PRO].label}, 8 s, {videos:,} videos",
        [
            Figure("polls per finished video, mean", statistics.mean(polls), 4.2),
            Figure("from done to known, mean", statistics.mean(late), 2.9, " s"),
        ],
    )
    polls, late = _simulate(ModelId.SEEDANCE_2_0, 5, videos)
    return good & report(
        f"{MODELS[ModelId.SEEDANCE_2_0].label}, 5 s, {videos:,} videos",
        [
            Figure("polls per finished video, mean", statistics.mean(polls), 12),
            Figure("from done to known, mean", statistics.mean(late), 12, " s"),
            Figure("from done to known, p95", statistics.quantiles(late, n=20)[-1], 25, " s"),
        ],
    )


def _simulate(model: ModelId, seconds: int, videos: int) -> tuple[list[int], list[float]]:
    dice = random.Random(1)
    earliest_ms, latest_ms = typical_duration_ms(model, seconds)
    polls, late = list[int](), list[float]()
    for _ in range(videos):
        done_ms = dice.uniform(earliest_ms, latest_ms)
        for count, look_ms in enumerate(poll_ages_ms(model, seconds), start=1):
            if look_ms >= done_ms:
                polls.append(count)
                late.append((look_ms - done_ms) / 1000)
                break
    return polls, late
