"""Server rules for requests: the defaults that settings fill in, and what they refuse."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from domain.guild_settings import AppliesTo, GenerationRules, GuildSettings
from domain.models import MODELS, AspectRatio, Model, ModelId, Resolution
from domain.requests import Draft, GenerationCommand, models_for_command
from domain.violations import Source, Violation, ViolationCode
from domain.word_filter import find_listed_words


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOrigin:
    """Where a member asks for a video, and with which roles.

    `parent_id` is the channel of a thread; `age_restricted` is true if the channel, or that of the
    thread, is age-restricted.
    """

    channel_id: int
    parent_id: int | None = None
    age_restricted: bool = False
    role_ids: tuple[int, ...] = ()


def apply_guild_rules(settings: GuildSettings, origin: RequestOrigin, draft: Draft) -> Draft:
    """Return a draft with the server's defaults for open options and with the rules it breaks."""
    rules = settings.rules_for_channel(origin.channel_id, origin.parent_id)
    filled = _fill(draft, rules)
    broken = (
        *_place_rules(settings, origin),
        *_choice_rules(filled, rules),
        *_prompt_rules(settings, origin, draft.prompt),
    )
    return replace(filled, violations=(*draft.violations, *broken))


def film_violations(
    settings: GuildSettings, origin: RequestOrigin, prompt: str
) -> tuple[Violation, ...]:
    """Return the server's rules that a film breaks, whose videos have these prompts."""
    return (*_place_rules(settings, origin), *_prompt_rules(settings, origin, prompt))


def rule_applies(applies_to: AppliesTo, settings: GuildSettings, prompt: str) -> bool:
    """Return whether a rule for some videos applies to the video of a prompt."""
    match applies_to:
        case AppliesTo.ALL:
            return True
        case AppliesTo.SENSITIVE:
            return bool(find_listed_words(prompt, settings.sensitive))
        case AppliesTo.NONE:
            return False


def _fill(draft: Draft, rules: GenerationRules) -> Draft:
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
    """Return the server's default model, else the first allowed one, else the first of all.

    A model without any allowed resolution, even the default, comes after those that have one.
    """
    able = models_for_command(command)
    allowed = [model for model in able if rules.models is None or model.id in rules.models]
    fit = [
        model
        for model in allowed
        if any(_is_allowed(resolution, rules) for resolution in model.resolutions)
    ]
    chosen = [model for model in fit if model.id == rules.default_model]
    return (*chosen, *fit, *allowed, *able)[0]


def _seconds(model: Model, rules: GenerationRules) -> int:
    seconds = rules.default_seconds
    if seconds is None or not model.min_seconds <= seconds <= model.max_seconds:
        seconds = model.default_seconds
    longest = model.max_seconds if rules.max_seconds is None else rules.max_seconds
    return max(model.min_seconds, min(seconds, longest))


def _resolution(model: Model, rules: GenerationRules) -> Resolution:
    """Return the server's default resolution, else the model's, else the highest allowed one."""
    allowed = [resolution for resolution in model.resolutions if _is_allowed(resolution, rules)]
    for wanted in (rules.default_resolution, model.default_resolution):
        if wanted is not None and wanted in allowed:
            return wanted
    return allowed[-1] if allowed else model.default_resolution


def _aspect_ratio(draft: Draft, model: Model, rules: GenerationRules) -> AspectRatio | None:
    """Return the server's default aspect ratio; None where a picture keeps its own shape."""
    if (
        draft.command is GenerationCommand.ANIMATE
        or rules.default_aspect_ratio not in model.aspect_ratios
    ):
        return None
    return rules.default_aspect_ratio


def _place_rules(settings: GuildSettings, origin: RequestOrigin) -> Iterator[Violation]:
    if settings.channels and not {origin.channel_id, origin.parent_id} & {*settings.channels}:
        yield Violation.of(
            ViolationCode.CHANNEL_NOT_ALLOWED, Source.CHANNEL, channels=settings.channels
        )
    if settings.roles and not {*origin.role_ids} & {*settings.roles}:
        yield Violation.of(ViolationCode.ROLE_REQUIRED, Source.SERVER_RULES, roles=settings.roles)


def _choice_rules(draft: Draft, rules: GenerationRules) -> Iterator[Violation]:
    model = MODELS[draft.model] if draft.model else models_for_command(draft.command)[0]
    if rules.models is not None and model.id not in rules.models:
        yield _model_not_allowed(model, draft.command, rules.models)
    if draft.resolution is not None and not _is_allowed(draft.resolution, rules):
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
    allowed = tuple(other for other in model.resolutions if _is_allowed(other, rules))
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


def _is_allowed(resolution: Resolution, rules: GenerationRules) -> bool:
    return rules.resolutions is None or resolution in rules.resolutions


def _prompt_rules(
    settings: GuildSettings, origin: RequestOrigin, prompt: str
) -> Iterator[Violation]:
    if hits := find_listed_words(prompt, settings.banned):
        yield Violation.of(ViolationCode.BANNED_WORDS, Source.FORM, words=hits)
    if origin.age_restricted or not rule_applies(settings.age_gate, settings, prompt):
        return
    if settings.age_gate is AppliesTo.ALL:
        yield Violation.of(ViolationCode.AGE_RESTRICTED_SERVER, Source.CHANNEL)
    else:
        yield Violation.of(ViolationCode.AGE_RESTRICTED_PROMPT, Source.FORM)


def privacy_violations(settings: GuildSettings, draft: Draft) -> list[Violation]:
    """Return the violation of a request for a private video where the server allows none."""
    if settings.private_allowed or not draft.private:
        return []
    return [Violation.of(ViolationCode.PRIVATE_NOT_ALLOWED, Source.SERVER_RULES)]
