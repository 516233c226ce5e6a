"""Server settings: what managers may configure, the defaults, and the checks."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict

from domain import word_filter
from domain.errors import RulesViolated
from domain.models import MODELS, AspectRatio, Model, ModelId, Resolution
from domain.money import ZERO, MicroUSD, format_usd_en
from domain.quotas import MAX_AMOUNT
from domain.violations import Param, Source, Violation, ViolationCode


class AppliesTo(StrEnum):
    """Which videos a rule of a server concerns."""

    NONE = "none"
    SENSITIVE = "sensitive"
    ALL = "all"


class OversizeFallback(StrEnum):
    """What is posted instead of a video that is too large for Discord."""

    LINK = "link"
    COPY = "copy"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class GenerationRules(_Frozen):
    """Allowed options, and defaults for options a member left open; None sets no rule."""

    models: tuple[ModelId, ...] | None = None
    resolutions: tuple[Resolution, ...] | None = None
    max_seconds: int | None = None
    default_model: ModelId | None = None
    default_seconds: int | None = None
    default_resolution: Resolution | None = None
    default_aspect_ratio: AspectRatio | None = None
    default_sound: bool | None = None


class ChannelRules(_Frozen):
    """The rules of one channel; those that are None are inherited from the server."""

    channel_id: int
    rules: GenerationRules


class GuildSettings(_Frozen):
    """All settings of a server.

    `channels` and `roles` are those that may be used, and may use the bot; empty means all.
    `banned` and `sensitive` are words, or patterns between slashes. Without a `result_channel`,
    results go to the channel of the request. `keep_inputs_days` count from the last use of a file,
    `keep_results_days` from the delivery of a video. With `remix_allowed` members may make their
    own of others' public videos. `language` is the code of the language of public messages, such as
    `pt_BR`.
    """

    rules: GenerationRules = GenerationRules()
    overrides: tuple[ChannelRules, ...] = ()
    channels: tuple[int, ...] = ()
    roles: tuple[int, ...] = ()
    result_channel: int | None = None
    showcase_channel: int | None = None
    summary_channel: int | None = None
    warning_channel: int | None = None
    confirm_above: MicroUSD | None = None
    banned: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    spoilers: AppliesTo = AppliesTo.NONE
    age_gate: AppliesTo = AppliesTo.NONE
    private_allowed: bool = True
    remix_allowed: bool = True
    too_large: tuple[OversizeFallback, ...] = (OversizeFallback.LINK, OversizeFallback.COPY)
    keep_inputs_days: int = 40
    keep_results_days: int = 7
    language: str | None = None

    def rules_for_channel(self, channel_id: int, parent_id: int | None = None) -> GenerationRules:
        """Return the rules of a channel, or of a thread in the channel `parent_id`.

        A thread inherits what its own rules leave open from its channel, then from the server.
        """
        rules = self.rules
        for override_id in (parent_id, channel_id):
            own = next(
                (o.rules for o in self.overrides if o.channel_id == override_id), GenerationRules()
            )
            rules = rules.model_copy(update=own.model_dump(exclude_none=True))
        return rules


_MAX_VALUE_CHARS: Final = 300


def flatten_settings(settings: GuildSettings) -> dict[str, str | None]:
    """Return settings as short texts by field name, for the audit log; None for an unset field.

    A rule goes by its field's name, and one of channel 20 by, for example, `max_seconds:20`.
    """
    named = {name: value for name, value in settings if name not in ("rules", "overrides")}
    named |= dict(settings.rules)
    for override in settings.overrides:
        own = {f"{name}:{override.channel_id}": value for name, value in override.rules}
        named |= {name: value for name, value in own.items() if value is not None}
    return {name: format_setting(name, value) for name, value in named.items()}


def format_setting(name: str, value: Any) -> str | None:
    """Return the value of a field as a short text for the audit log; None for an unset one."""
    match value:
        case None | ():
            return None
        case bool():
            return "yes" if value else "no"
        case tuple():
            text = ", ".join(map(str, cast("tuple[object, ...]", value)))
        case _:
            text = format_usd_en(value) if name == "confirm_above" else str(value)
    return text if len(text) <= _MAX_VALUE_CHARS else f"{text[: _MAX_VALUE_CHARS - 1]}…"


MAX_RETENTION_DAYS: Final = 365
"""Days that inputs and results may be kept."""

MAX_OVERRIDES: Final = 50
"""Channels of a server that may have rules of their own."""

MAX_LISTED_IDS: Final = 100
"""Entries in a list of channels or of roles."""


def validate_settings(settings: GuildSettings) -> None:
    """Check that settings are consistent and within bounds.

    Raises:
        RulesViolated: naming every fault.
    """
    if broken := [*_broken_rules(settings)]:
        raise RulesViolated(broken)


def _broken_rules(settings: GuildSettings) -> Iterator[Violation]:
    server_faults = [*_rule_faults(settings.rules)]
    yield from server_faults
    for override in settings.overrides:
        for fault in _rule_faults(settings.rules_for_channel(override.channel_id)):
            if fault not in server_faults:
                yield _fault(
                    ViolationCode.CHANNEL_RULES_BROKEN, channel_id=override.channel_id, fault=fault
                )
    yield from _number_faults(settings)
    for words in (settings.banned, settings.sensitive):
        yield from word_filter.word_list_violations(words)


def _fault(code: ViolationCode, **params: Param) -> Violation:
    return Violation.of(code, Source.SETTINGS, **params)


def _rule_faults(rules: GenerationRules) -> Iterator[Violation]:
    allowed = MODELS if rules.models is None else rules.models
    models = [model for model in MODELS.values() if model.id in allowed]
    if not models:
        yield _fault(ViolationCode.NO_MODEL_ALLOWED)
        return
    yield from _model_faults(rules, models)
    yield from _resolution_faults(rules, models)
    yield from _length_faults(rules, models)


def _model_faults(rules: GenerationRules, models: list[Model]) -> Iterator[Violation]:
    if rules.default_model is not None and MODELS[rules.default_model] not in models:
        yield _fault(ViolationCode.DEFAULT_MODEL_NOT_ALLOWED, model=rules.default_model)
    ratio = rules.default_aspect_ratio
    if ratio is not None and not any(ratio in model.aspect_ratios for model in models):
        yield _fault(ViolationCode.DEFAULT_ASPECT_RATIO_UNSUPPORTED, ratio=ratio)


def _resolution_faults(rules: GenerationRules, models: list[Model]) -> Iterator[Violation]:
    available = {resolution for model in models for resolution in model.resolutions}
    possible = available if rules.resolutions is None else available.intersection(rules.resolutions)
    if not possible:
        yield _fault(ViolationCode.NO_RESOLUTION_ALLOWED)
    elif rules.default_resolution is not None and rules.default_resolution not in possible:
        yield _fault(
            ViolationCode.DEFAULT_RESOLUTION_NOT_ALLOWED, resolution=rules.default_resolution
        )


def _length_faults(rules: GenerationRules, models: list[Model]) -> Iterator[Violation]:
    shortest = min(model.min_seconds for model in models)
    longest = max(model.max_seconds for model in models)
    if rules.max_seconds is not None and rules.max_seconds < shortest:
        yield _fault(
            ViolationCode.MAX_LENGTH_TOO_SHORT, shortest=shortest, seconds=rules.max_seconds
        )
        return
    limit = longest if rules.max_seconds is None else min(longest, rules.max_seconds)
    if rules.default_seconds is not None and not shortest <= rules.default_seconds <= limit:
        yield _fault(
            ViolationCode.DEFAULT_LENGTH_OUT_OF_RANGE,
            seconds=rules.default_seconds,
            shortest=shortest,
            most=limit,
        )


def _number_faults(settings: GuildSettings) -> Iterator[Violation]:
    if settings.confirm_above is not None and not 0 <= settings.confirm_above <= MAX_AMOUNT:
        yield _fault(ViolationCode.CONFIRM_PRICE_OUT_OF_RANGE, least=ZERO, most=MAX_AMOUNT)
    for days in (settings.keep_inputs_days, settings.keep_results_days):
        if not 1 <= days <= MAX_RETENTION_DAYS:
            yield _fault(ViolationCode.RETENTION_OUT_OF_RANGE, most=MAX_RETENTION_DAYS, days=days)
    if len(settings.overrides) > MAX_OVERRIDES:
        yield _fault(ViolationCode.TOO_MANY_CHANNEL_RULES, most=MAX_OVERRIDES)
    if len({override.channel_id for override in settings.overrides}) < len(settings.overrides):
        yield _fault(ViolationCode.CHANNEL_RULES_TWICE)
    if max(len(settings.channels), len(settings.roles)) > MAX_LISTED_IDS:
        yield _fault(ViolationCode.TOO_MANY_LISTED_IDS, most=MAX_LISTED_IDS)
