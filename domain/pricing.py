"""Prices of videos, exact to the micro-dollar, before anything is spent.

Source: the billing tables of APIXO's two model pages. Mills per second times milliseconds are
micro-dollars, so every price is one multiplication of integers.
"""

from dataclasses import dataclass

from domain.models import MODELS, PRICE_VERSION, Feature, ModelId, Resolution
from domain.money import MicroUSD
from domain.requests import OmniReference, VideoRequest


@dataclass(frozen=True, slots=True)
class Quote:
    """A price and how it was computed."""

    amount: MicroUSD
    mills_per_second: int
    billed_ms: int
    version: str = PRICE_VERSION


def quote(request: VideoRequest) -> Quote:
    """Return the price of a checked request."""
    videos = request.videos if isinstance(request, OmniReference) else ()
    return quote_options(
        request.model,
        request.resolution,
        seconds=request.seconds,
        sound=request.sound,
        reference_ms=sum(video.duration_ms for video in videos),
    )


def quote_options(
    model: ModelId, resolution: Resolution, *, seconds: int, sound: bool, reference_ms: int = 0
) -> Quote:
    """Return the price of a video of `seconds` with `reference_ms` of reference video.

    Sound doubles the rate of 1.5 Pro and is free on 2.0, where a reference video lowers the rate
    but its length is billed too, to the millisecond (for the rounding, see
    `domain.requests.round_clip_ms`).

    Raises:
        KeyError: for a resolution that the model does not support.
    """
    features = {Feature.SOUND: sound, Feature.REFERENCE_VIDEO: reference_ms > 0}
    rate = MODELS[model].rates[resolution]
    mills = rate.featured if features[MODELS[model].featured_by] else rate.plain
    billed_ms = seconds * 1000 + reference_ms
    return Quote(MicroUSD(mills * billed_ms), mills, billed_ms)
