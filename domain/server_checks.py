"""Knows what managers may not decide for their server, for it could not be kept to."""

from collections.abc import Iterator
from typing import Final

from domain import wordlists
from domain.catalogue import t
from domain.errors import BrokenRules
from domain.models import MODELS, Model
from domain.money import ZERO, show_usd
from domain.quotas import MOST
from domain.servers import Rules, ServerSettings

MAX_DAYS: Final = 365
"""Days that inputs and results may be kept."""

MAX_OVERRIDES: Final = 50
"""Channels that may have rules of their own."""

MAX_PLACES: Final = 100
"""Channels, or roles, that a list of them holds."""


def check(settings: ServerSettings) -> None:
    """See that settings can be kept to.

    Raises:
        BrokenRules: naming everything that is wrong, in words for the manager.
    """
    if broken := [*_broken_rules(settings)]:
        raise BrokenRules(broken)


def _broken_rules(settings: ServerSettings) -> Iterator[str]:
    everywhere = [*_rule_faults(settings.rules)]
    yield from everywhere
    for override in settings.overrides:
        for fault in _rule_faults(settings.rules_in(override.channel_id)):
            if fault not in everywhere:
                yield t("In <#{channel}>: {fault}", channel=override.channel_id, fault=fault)
    yield from _number_faults(settings)
    for words in (settings.banned, settings.sensitive):
        yield from wordlists.broken_rules(words)


def _rule_faults(rules: Rules) -> Iterator[str]:
    allowed = MODELS if rules.models is None else rules.models
    models = [model for model in MODELS.values() if model.id in allowed]
    if not models:
        yield t("Allow one model at least.")
        return
    yield from _model_faults(rules, models)
    yield from _resolution_faults(rules, models)
    yield from _length_faults(rules, models)


def _model_faults(rules: Rules, models: list[Model]) -> Iterator[str]:
    if rules.default_model is not None and MODELS[rules.default_model] not in models:
        label = MODELS[rules.default_model].label
        yield t("The default model, {model}, is not one of those allowed.", model=label)
    ratio = rules.default_aspect_ratio
    if ratio is not None and not any(ratio in model.aspect_ratios for model in models):
        yield t("No allowed model makes the default aspect ratio, {ratio}.", ratio=ratio)


def _resolution_faults(rules: Rules, models: list[Model]) -> Iterator[str]:
    made = {resolution for model in models for resolution in model.resolutions}
    possible = made if rules.resolutions is None else made.intersection(rules.resolutions)
    if not possible:
        yield t("Allow one resolution at least that an allowed model makes.")
    elif rules.default_resolution is not None and rules.default_resolution not in possible:
        yield t(
            "The default resolution, {resolution}, is not one of those allowed and made.",
            resolution=rules.default_resolution,
        )


def _length_faults(rules: Rules, models: list[Model]) -> Iterator[str]:
    shortest = min(model.min_seconds for model in models)
    longest = max(model.max_seconds for model in models)
    if rules.max_seconds is not None and rules.max_seconds < shortest:
        yield t(
            "Videos have {shortest} s at least, so {seconds} s can not be the most.",
            shortest=shortest,
            seconds=rules.max_seconds,
        )
        return
    most = longest if rules.max_seconds is None else min(longest, rules.max_seconds)
    if rules.default_seconds is not None and not shortest <= rules.default_seconds <= most:
        yield t(
            "The default length, {seconds} s, is not within {shortest} to {most} s.",
            seconds=rules.default_seconds,
            shortest=shortest,
            most=most,
        )


def _number_faults(settings: ServerSettings) -> Iterator[str]:
    if settings.confirm_above is not None and not 0 <= settings.confirm_above <= MOST:
        yield t(
            "The price above which to ask first is from {least} to {most}.",
            least=show_usd(ZERO),
            most=show_usd(MOST),
        )
    for days in (settings.keep_inputs_days, settings.keep_results_days):
        if not 1 <= days <= MAX_DAYS:
            yield t("Files are kept for 1 to {most} days, not {days}.", most=MAX_DAYS, days=days)
    if len(settings.overrides) > MAX_OVERRIDES:
        yield t("{most} channels at most have rules of their own.", most=MAX_OVERRIDES)
    if len({override.channel_id for override in settings.overrides}) < len(settings.overrides):
        yield t("A channel has its own rules once.")
    if max(len(settings.channels), len(settings.roles)) > MAX_PLACES:
        yield t("Choose {most} channels and {most} roles at most.", most=MAX_PLACES)
