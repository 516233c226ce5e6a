"""Knows what a server's settings mean for a request: what they fill in, and what they refuse."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.guild_settings import AppliesTo, GenerationRules, GuildSettings
from domain.models import MODELS, AspectRatio, Model, ModelId, Resolution
from domain.requests import Draft, GenerationCommand, models_for_command
from domain.violations import Source, Violation, ViolationCode
from domain.word_filter import find_listed_words


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """Where somebody asks for a video, and with which roles.

    `parent_id` is the channel in which a thread hangs; `adults_only` tells that the channel, or
    that of the thread, is age-restricted.
    """

    channel_id: int
    parent_id: int | None = None
    age_restricted: bool = False
    role_ids: tuple[int, ...] = ()


def apply_guild_rules(settings: GuildSettings, origin: RequestOrigin, draft: Draft) -> Draft:
    """Fill in what a draft leaves open as the server wants it, and add which rules it breaks."""
    rules = settings.rules_for_channel(origin.channel_id, origin.parent_id)
    full = _filled(draft, rules)
    broken = (
        *_place_rules(settings, origin),
        *_choice_rules(full, rules),
        *_prompt_rules(settings, origin, draft.prompt),
    )
    return replace(full, violations=(*draft.violations, *broken))


def rule_applies(applies_to: AppliesTo, settings: GuildSettings, prompt: str) -> bool:
    """Tell whether a rule on some videos holds for the one of this prompt."""
    match applies_to:
        case AppliesTo.ALL:
            return True
        case AppliesTo.SENSITIVE:
            return bool(find_listed_words(prompt, settings.sensitive))
        case AppliesTo.NONE:
            return False


def _filled(draft: Draft, rules: GenerationRules) -> Draft:
    model = MODELS[draft.model] if draft.model else _model(draft.command, rules)
    return replace(
        draft,
        model=model.id,
        seconds=_seconds(model, rules) if draft.seconds is None else draft.seconds,
        resolution=draft.resolution or _resolution(model, rules),
        aspect_ratio=draft.aspect_ratio or _aspect_ratio(draft, model, rules),
        sound=rules.default_sound if draft.sound is None else draft.sound,
    )


def _model(command: GenerationCommand, rules: GenerationRules) -> Model:
    """Take the server's default, else the first that may be used; any model, if none may.

    One that makes no resolution that is allowed, even the default, comes after those that do.
    """
    able = models_for_command(command)
    allowed = [model for model in able if rules.models is None or model.id in rules.models]
    fit = [model for model in allowed if any(_may_use(made, rules) for made in model.resolutions)]
    chosen = [model for model in fit if model.id == rules.default_model]
    return (*chosen, *fit, *allowed, *able)[0]


def _seconds(model: Model, rules: GenerationRules) -> int:
    seconds = rules.default_seconds
    if seconds is None or not model.min_seconds <= seconds <= model.max_seconds:
        seconds = model.default_seconds
    most = model.max_seconds if rules.max_seconds is None else rules.max_seconds
    return max(model.min_seconds, min(seconds, most))


def _resolution(model: Model, rules: GenerationRules) -> Resolution:
    """Take the server's default, else the model's, else the highest that may be used."""
    allowed = [made for made in model.resolutions if _may_use(made, rules)]
    for wanted in (rules.default_resolution, model.default_resolution):
        if wanted is not None and wanted in allowed:
            return wanted
    return allowed[-1] if allowed else model.default_resolution


def _aspect_ratio(draft: Draft, model: Model, rules: GenerationRules) -> AspectRatio | None:
    """Take the server's default; but a picture that is brought to life keeps its own shape."""
    if (
        draft.command is GenerationCommand.ANIMATE
        or rules.default_aspect_ratio not in model.aspect_ratios
    ):
        return None
    return rules.default_aspect_ratio


def _place_rules(settings: GuildSettings, asker: RequestOrigin) -> Iterator[Violation]:
    if settings.channels and not {asker.channel_id, asker.parent_id} & {*settings.channels}:
        yield Violation.of(
            ViolationCode.CHANNEL_NOT_ALLOWED, Source.CHANNEL, channels=settings.channels
        )
    if settings.roles and not {*asker.role_ids} & {*settings.roles}:
        yield Violation.of(ViolationCode.ROLE_REQUIRED, Source.SERVER_RULES, roles=settings.roles)


def _choice_rules(draft: Draft, rules: GenerationRules) -> Iterator[Violation]:
    model = MODELS[draft.model] if draft.model else models_for_command(draft.command)[0]
    if rules.models is not None and model.id not in rules.models:
        yield _model_not_allowed(model, draft.command, rules.models)
    if draft.resolution is not None and not _may_use(draft.resolution, rules):
        yield _resolution_not_allowed(model, draft.resolution, rules)
    if rules.max_seconds is not None and (draft.seconds or 0) > rules.max_seconds:
        yield Violation.of(
            ViolationCode.LENGTH_NOT_ALLOWED,
            Source.FORM,
            seconds=draft.seconds,
            most=rules.max_seconds,
        )


def _model_not_allowed(
    model: Model, command: GenerationCommand, allowed: tuple[ModelId, ...]
) -> Violation:
    able = tuple(other.id for other in models_for_command(command) if other.id in allowed)
    if not able:
        return Violation.of(ViolationCode.COMMAND_NOT_ALLOWED, Source.SERVER_RULES, command=command)
    return Violation.of(ViolationCode.MODEL_NOT_ALLOWED, Source.FORM, model=model.id, models=able)


def _resolution_not_allowed(
    model: Model, resolution: Resolution, rules: GenerationRules
) -> Violation:
    allowed = tuple(made for made in model.resolutions if _may_use(made, rules))
    if not allowed:
        return Violation.of(
            ViolationCode.MODEL_WITHOUT_ALLOWED_RESOLUTION, Source.FORM, model=model.id
        )
    return Violation.of(
        ViolationCode.RESOLUTION_NOT_ALLOWED,
        Source.FORM,
        resolution=resolution,
        resolutions=allowed,
    )


def _may_use(resolution: Resolution, rules: GenerationRules) -> bool:
    return rules.resolutions is None or resolution in rules.resolutions


def _prompt_rules(
    settings: GuildSettings, asker: RequestOrigin, prompt: str
) -> Iterator[Violation]:
    if hits := find_listed_words(prompt, settings.banned):
        yield Violation.of(ViolationCode.BANNED_WORDS, Source.FORM, words=hits)
    if asker.age_restricted or not rule_applies(settings.age_gate, settings, prompt):
        return
    if settings.age_gate is AppliesTo.ALL:
        yield Violation.of(ViolationCode.AGE_RESTRICTED_SERVER, Source.CHANNEL)
    else:
        yield Violation.of(ViolationCode.AGE_RESTRICTED_PROMPT, Source.FORM)


def privacy_violations(settings: GuildSettings, draft: Draft) -> list[Violation]:
    """List what a server has against private videos, if one is asked for."""
    if settings.private_allowed or not draft.private:
        return []
    return [Violation.of(ViolationCode.PRIVATE_NOT_ALLOWED, Source.SERVER_RULES)]
