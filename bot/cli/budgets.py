"""What an amount of money buys, as an example for who sets a limit."""

from domain.models import DEFAULT_MODEL, MODELS, Model, ModelId, Resolution
from domain.money import MicroUSD, format_usd_en
from domain.pricing import quote_options


def describe_budget(amount: MicroUSD) -> str:
    """Return how many videos an amount buys, of each of three kinds alone."""
    finer = MODELS[ModelId.SEEDANCE_2_0]
    finest = max(finer.rates, key=lambda resolution: finer.rates[resolution].plain)
    usual = _count(amount, _price_by_default(DEFAULT_MODEL), "videos as /video makes them")
    fine = _count(amount, _price_by_default(finer), f"with {finer.label}")
    long = _count(amount, _price(finer, finest, finer.max_seconds), "of the longest and finest")
    return f"{usual}, or {fine}, or {long}"


def cheapest_video() -> MicroUSD:
    """Return the price of the cheapest video that there is."""
    return min(
        quote_options(model, resolution, seconds=spec.min_seconds, sound=False).amount
        for model, spec in MODELS.items()
        for resolution in spec.rates
    )


def _price_by_default(model: Model) -> MicroUSD:
    return _price(model, model.default_resolution, model.default_seconds)


def _price(model: Model, resolution: Resolution, seconds: int) -> MicroUSD:
    sound = model.default_sound
    return quote_options(model.id, resolution, seconds=seconds, sound=sound).amount


def _count(amount: MicroUSD, price: MicroUSD, kind: str) -> str:
    number = f"{amount // price:,}" if amount >= price else "none"
    return f"{number} {kind} ({format_usd_en(price)})"
