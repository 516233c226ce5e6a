"""Knows what a server's settings mean for a request: what they fill in, and what they refuse."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from domain.catalogue import _
from domain.guild_settings import AppliesTo, GenerationRules, GuildSettings
from domain.models import MODELS, AspectRatio, Model, Resolution
from domain.requests import Draft, GenerationCommand, models_for_command
from domain.spoken import format_or_list
from domain.word_filter import find_listed_words

_PLACES_NAMED: Final = 10


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

    One that makes no resolution that is allowed comes after those that do.
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


def _place_rules(settings: GuildSettings, asker: RequestOrigin) -> Iterator[str]:
    if settings.channels and not {asker.channel_id, asker.parent_id} & {*settings.channels}:
        channels = _listed(f"<#{channel}>" for channel in settings.channels)
        yield _("Videos are not asked for in this channel: go to {channels}.", channels=channels)
    if settings.roles and not {*asker.role_ids} & {*settings.roles}:
        roles = _listed(f"<@&{role}>" for role in settings.roles)
        yield _(
            "On this server, videos are for members with one of the roles {roles}.", roles=roles
        )


def _choice_rules(draft: Draft, rules: GenerationRules) -> Iterator[str]:
    model = MODELS[draft.model] if draft.model else models_for_command(draft.command)[0]
    if rules.models is not None and model.id not in rules.models:
        allowed = [
            able.label for able in models_for_command(draft.command) if able.id in rules.models
        ]
        if allowed:
            yield _(
                "{model} is not allowed here: choose {models}.",
                model=model.label,
                models=format_or_list(allowed),
            )
        else:
            yield _("No model that is allowed here can do /{command}.", command=draft.command)
    if draft.resolution is not None and not _may_use(draft.resolution, rules):
        allowed = format_or_list(made for made in model.resolutions if _may_use(made, rules))
        if allowed:
            yield _(
                "{resolution} is not allowed here: choose {resolutions}.",
                resolution=draft.resolution,
                resolutions=allowed,
            )
        else:
            yield _("{model} makes no resolution that is allowed here.", model=model.label)
    if rules.max_seconds is not None and (draft.seconds or 0) > rules.max_seconds:
        yield _(
            "A length of {seconds} s is not allowed here: {most} s at most.",
            seconds=draft.seconds,
            most=rules.max_seconds,
        )


def _may_use(resolution: Resolution, rules: GenerationRules) -> bool:
    return rules.resolutions is None or resolution in rules.resolutions


def _prompt_rules(settings: GuildSettings, asker: RequestOrigin, prompt: str) -> Iterator[str]:
    if hits := find_listed_words(prompt, settings.banned):
        shown = _listed("`{}`".format(hit.replace("`", "'")) for hit in hits)
        yield _("The prompt says what is not allowed on this server: {words}.", words=shown)
    if asker.age_restricted or not rule_applies(settings.age_gate, settings, prompt):
        return
    if settings.age_gate is AppliesTo.ALL:
        yield _("On this server, videos are asked for in age-restricted channels only.")
    else:
        yield _("What this prompt asks for belongs in an age-restricted channel.")


def _listed(names: Iterable[str]) -> str:
    """List names, the first ones of many."""
    every = [*names]
    return ", ".join([*every[:_PLACES_NAMED], *(["…"] if every[_PLACES_NAMED:] else [])])


def privacy_violations(settings: GuildSettings, draft: Draft) -> list[str]:
    """Say that a server allows no private videos, if one is asked for."""
    if settings.private_allowed or not draft.private:
        return []
    return [_("This server allows no private videos: leave out the option `private`.")]
