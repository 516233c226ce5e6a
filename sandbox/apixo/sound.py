"""A soft pad of chords, as raw samples."""

import math
import random
from array import array
from collections.abc import Iterator
from functools import cache
from typing import Final

SAMPLE_RATE: Final = 24_000

_CHORDS: Final = ((220, 277, 330), (196, 247, 294), (175, 220, 262), (165, 208, 247))
"""Whole hertz, so that one second of any of them can be repeated without a click."""

_CHORD_SECONDS: Final = 2
_LOUDNESS: Final = 2_200
_FADE: Final = SAMPLE_RATE // 3


def chord_samples(prompt: str, seconds: int) -> Iterator[bytes]:
    """Play chords in an order that the prompt decides: mono, 16 bits signed, a second each."""
    order = random.Random(prompt).sample(_CHORDS, k=len(_CHORDS))
    for second in range(seconds):
        chord = order[second // _CHORD_SECONDS % len(order)]
        samples = array("h", _second(chord))
        if second % _CHORD_SECONDS == 0:
            _fade(samples, range(_FADE))
        if second % _CHORD_SECONDS == _CHORD_SECONDS - 1 or second == seconds - 1:
            _fade(samples, range(SAMPLE_RATE - 1, SAMPLE_RATE - 1 - _FADE, -1))
        yield samples.tobytes()


@cache
def _second(chord: tuple[int, int, int]) -> tuple[int, ...]:
    voices = [[_WAVE[hertz * n % SAMPLE_RATE] for n in range(SAMPLE_RATE)] for hertz in chord]
    return tuple((low + mid + high) // 3 for low, mid, high in zip(*voices, strict=True))


def _fade(samples: "array[int]", inwards: range) -> None:
    for step, n in enumerate(inwards):
        samples[n] = samples[n] * step // _FADE


def _sine(phase: float) -> int:
    first, second = math.sin(2 * math.pi * phase), math.sin(4 * math.pi * phase)
    return round(_LOUDNESS * (first + 0.2 * second))


_WAVE: Final = [_sine(n / SAMPLE_RATE) for n in range(SAMPLE_RATE)]
