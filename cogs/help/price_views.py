"""Views of prices: of one request, with its sum, and of all models."""

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Final

from discord import ui

from cogs.ui import text
from cogs.ui.i18n import N_, _, format_number, format_usd
from cogs.ui.layout import BLUE, box, layout, text_block
from cogs.ui.quota_text import format_remaining_quota
from domain.models import MIN_CLIP_MS, MODELS, Feature, Model, Resolution
from domain.money import MicroUSD
from domain.pricing import Quote, quote, quote_options
from domain.quotas import RemainingQuota
from domain.requests import OmniReference, VideoRequest

_RATES: Final = MappingProxyType(
    {
        Feature.SOUND: N_("{plain} per second; with sound {featured}"),
        Feature.REFERENCE_VIDEO: N_(
            "{plain} per second; with a reference clip (its seconds count too) {featured}"
        ),
    }
)


def render_price(request: VideoRequest, remaining: RemainingQuota) -> ui.LayoutView:
    """Lay out the price of a request, how it is computed, and what a member has left."""
    quoted = quote(request)
    lines = [
        _(
            "**{price}** for {choices}",
            price=format_usd(quoted.amount),
            choices=text.format_settings(request),
        ),
        _sum(request, quoted),
        *_notes(request),
        format_remaining_quota(remaining),
    ]
    return _card("\n".join(lines))


def render_price_list(remaining: RemainingQuota) -> ui.LayoutView:
    """Lay out what every model costs for typical lengths, and what a member has left."""
    texts = [_format_model(model) for model in MODELS.values()]
    end = _("-# Add a length to `/price` to see the exact price of one video.")
    return _card(_("**Prices**"), *texts, f"{format_remaining_quota(remaining)}\n{end}")


def format_rates(model: Model) -> str:
    """Format the price per second of a model's videos, in one line."""
    plain, featured = (
        ", ".join(
            f"{resolution} {_rate(_price(model, resolution, model.min_seconds, featured=featured))}"
            for resolution in model.resolutions
        )
        for featured in (False, True)
    )
    return _(_RATES[model.featured_by], plain=plain, featured=featured)


def _format_model(model: Model) -> str:
    """Format the prices for typical lengths, in columns narrow enough for a phone."""
    tiers = (tier.seconds for tier in model.polling.tiers)
    lengths = sorted({model.min_seconds, *tiers, model.default_seconds, model.max_seconds})
    rows = [
        ["", *(_("{seconds} s", seconds=seconds) for seconds in lengths)],
        *_rows(model, lengths),
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    return "\n".join([f"**{model.label}**", "```", *lines, "```", f"-# {format_rates(model)}"])


def _rows(model: Model, lengths: Sequence[int]) -> Iterator[list[str]]:
    # The length of a reference video is not known here.
    variants = (False, True) if model.featured_by is Feature.SOUND else (False,)
    for resolution in model.resolutions:
        for featured in variants:
            quotes = (_price(model, resolution, seconds, featured=featured) for seconds in lengths)
            name = _("{resolution} sound", resolution=resolution) if featured else resolution
            yield [name, *(format_usd(one.amount) for one in quotes)]


def _price(model: Model, resolution: Resolution, seconds: int, *, featured: bool) -> Quote:
    """Quote a video with or without what its model bills at another rate."""
    feature = model.featured_by if featured else None
    return quote_options(
        model.id,
        resolution,
        seconds=seconds,
        sound=feature is Feature.SOUND,
        reference_ms=MIN_CLIP_MS if feature is Feature.REFERENCE_VIDEO else 0,
    )


def _rate(quoted: Quote) -> str:
    return format_usd(MicroUSD(quoted.mills_per_second * 1000))


def _sum(request: VideoRequest, quoted: Quote) -> str:
    reference_ms = quoted.billed_ms - request.seconds * 1000
    rate, price_ = _rate(quoted), format_usd(quoted.amount)
    if not reference_ms:
        return _(
            "{seconds} s × {rate} per second = {price}",
            seconds=request.seconds,
            rate=rate,
            price=price_,
        )
    return _(
        "({seconds} s + {reference} s of reference video) × {rate} per second = {price}",
        seconds=request.seconds,
        reference=format_number(reference_ms / 1000, decimals=3),
        rate=rate,
        price=price_,
    )


def _notes(request: VideoRequest) -> Iterator[str]:
    model = MODELS[request.model]
    if model.featured_by is Feature.SOUND:
        plain, featured = (
            _rate(_price(model, request.resolution, request.seconds, featured=featured))
            for featured in (False, True)
        )
        yield _(
            "-# Per second: {featured} with sound, {plain} without.",
            featured=featured,
            plain=plain,
        )
    else:
        yield _("-# Sound is free on this model.")
    if isinstance(request, OmniReference) and request.videos:
        yield _("-# A reference clip changes the rate, and its own seconds count too.")


def _card(*texts: str) -> ui.LayoutView:
    return layout(box(BLUE, *map(text_block, texts)))
