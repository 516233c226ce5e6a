"""Catalogue of the setting fields, by page of the panel."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from cogs.settings import field_types
from cogs.settings.controls import SettingsPage
from cogs.settings.field_types import (
    ChannelOrRoleField,
    FieldOption,
    SelectField,
    SettingField,
    TextField,
)
from cogs.ui.i18n import LANGUAGE_NAMES, N_, _
from domain.guild_settings import AppliesTo, OversizeFallback
from domain.models import DEFAULT_MODEL, MAX_TAKES, MODELS, AspectRatio, Model, Resolution
from domain.quotas import LimitKind
from domain.word_filter import parse_word_list

PAGE_TITLES: Final[Mapping[SettingsPage, str]] = MappingProxyType(
    {
        SettingsPage.HOME: N_("Overview"),
        SettingsPage.WHO: N_("Who and where"),
        SettingsPage.MODELS: N_("Models and sizes"),
        SettingsPage.CHANNELS: N_("Channels"),
        SettingsPage.MONEY: N_("Money"),
        SettingsPage.WORDS: N_("Words"),
        SettingsPage.KEEPING: N_("Storage"),
        SettingsPage.CHANNEL: N_("This channel"),
        SettingsPage.PRESETS: N_("Presets"),
    }
)

PAGE_DESCRIPTIONS: Final[Mapping[SettingsPage, str]] = MappingProxyType(
    {
        SettingsPage.HOME: N_("Bold = changed on this server. The rest is default."),
        SettingsPage.WHO: N_("Where videos can be made, and by whom."),
        SettingsPage.MODELS: N_("What members can make, and the defaults."),
        SettingsPage.CHANNELS: N_("Channels for results, the showcase and weekly summaries."),
        SettingsPage.MONEY: N_("When to ask before spending, and how fast members can go."),
        SettingsPage.WORDS: N_("What prompts can't say, and what gets hidden."),
        SettingsPage.KEEPING: N_("How long files are kept, and how large videos are posted."),
        SettingsPage.CHANNEL: N_("Rules that only apply in one channel."),
        SettingsPage.PRESETS: N_("Styles members can pick by name."),
    }
)

_SECONDS: Final = tuple(
    FieldOption(str(seconds), f"{seconds} s", seconds)
    for seconds in range(
        min(model.min_seconds for model in MODELS.values()),
        max(model.max_seconds for model in MODELS.values()) + 1,
    )
)
MODEL_OPTIONS: Final = tuple(FieldOption(one.id, one.label, one.id) for one in MODELS.values())
DURATION_OPTIONS: Final = _SECONDS
ASPECT_RATIO_OPTIONS: Final = tuple(FieldOption(one.value, one.value, one) for one in AspectRatio)
_RESOLUTION_OPTIONS: Final = tuple(FieldOption(one.value, one.value, one) for one in Resolution)
_SOUND_OPTIONS: Final = (FieldOption("on", N_("on"), True), FieldOption("off", N_("off"), False))  # noqa: FBT003
_SWITCH_OPTIONS: Final = (FieldOption("no", N_("off"), False), FieldOption("yes", N_("on"), True))  # noqa: FBT003
_TAKES_OPTIONS: Final = tuple(FieldOption(str(n), str(n), n) for n in range(1, MAX_TAKES + 1))
_APPLIES_TO_OPTIONS: Final = (
    FieldOption(AppliesTo.NONE, N_("no video"), AppliesTo.NONE),
    FieldOption(AppliesTo.SENSITIVE, N_("videos with a sensitive word"), AppliesTo.SENSITIVE),
    FieldOption(AppliesTo.ALL, N_("every video"), AppliesTo.ALL),
)
_LANGUAGE_OPTIONS: Final = tuple(FieldOption(*named, named[0]) for named in LANGUAGE_NAMES.items())
_LINK, _COPY = OversizeFallback.LINK, OversizeFallback.COPY
_OVERSIZE_OPTIONS: Final = (
    FieldOption("link-copy", N_("a link, else a smaller copy"), (_LINK, _COPY)),
    FieldOption("copy-link", N_("a smaller copy, else a link"), (_COPY, _LINK)),
    FieldOption("link", N_("a link"), (_LINK,)),
    FieldOption("copy", N_("a smaller copy"), (_COPY,)),
)

_DEFAULT: Final = N_("default ({value})")


def _by_model(format_default: Callable[[Model], str]) -> str:
    """Format a default: once if it is the same for all models, else by model."""
    values = {model.label: format_default(model) for model in MODELS.values()}
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return ", ".join(f"{label}: {value}" for label, value in values.items())


def _default_model() -> str:
    return DEFAULT_MODEL.label


def _default_seconds() -> str:
    return _by_model(lambda model: _("{seconds} s", seconds=model.default_seconds))


def _default_resolution() -> str:
    return _by_model(lambda model: model.default_resolution)


def _default_aspect_ratio() -> str:
    return _by_model(lambda model: model.default_aspect_ratio)


def _default_sound() -> str:
    return _by_model(lambda model: _("on") if model.default_sound else _("off"))


_RULE_FIELDS: Final = (
    SelectField(
        name="models",
        label=N_("Models"),
        hint=N_("Models members can use."),
        unset_label=N_("all"),
        options=MODEL_OPTIONS,
        multiple=True,
    ),
    SelectField(
        name="resolutions",
        label=N_("Resolutions"),
        hint=N_("Resolutions members can use."),
        unset_label=N_("all"),
        options=_RESOLUTION_OPTIONS,
        multiple=True,
    ),
    SelectField(
        name="max_seconds",
        label=N_("Longest video"),
        hint="",
        unset_label=N_("the model's maximum"),
        options=_SECONDS,
    ),
    SelectField(
        name="default_model",
        label=N_("Default model"),
        hint="",
        unset_label=_DEFAULT,
        unset_value=_default_model,
        options=MODEL_OPTIONS,
    ),
    SelectField(
        name="default_seconds",
        label=N_("Default length"),
        hint="",
        unset_label=_DEFAULT,
        unset_value=_default_seconds,
        options=_SECONDS,
    ),
    SelectField(
        name="default_resolution",
        label=N_("Default resolution"),
        hint="",
        unset_label=_DEFAULT,
        unset_value=_default_resolution,
        options=_RESOLUTION_OPTIONS,
    ),
    SelectField(
        name="default_aspect_ratio",
        label=N_("Default shape"),
        hint="",
        unset_label=_DEFAULT,
        unset_value=_default_aspect_ratio,
        options=ASPECT_RATIO_OPTIONS,
    ),
    SelectField(
        name="default_sound",
        label=N_("Default sound"),
        hint="",
        unset_label=_DEFAULT,
        unset_value=_default_sound,
        options=_SOUND_OPTIONS,
    ),
)

_AS_ON_SERVER: Final = N_("same as the server")

FIELDS_BY_PAGE: Final[Mapping[SettingsPage, tuple[SettingField, ...]]] = MappingProxyType(
    {
        SettingsPage.HOME: (),
        SettingsPage.WHO: (
            ChannelOrRoleField(
                name="channels",
                label=N_("Channels"),
                hint=N_("Video commands only work in these channels."),
                unset_label=N_("all"),
                allow_forums=True,
            ),
            ChannelOrRoleField(
                name="roles",
                label=N_("Roles"),
                hint=N_("Only members with one of these roles can make videos."),
                unset_label=N_("everyone"),
                selects_roles=True,
            ),
            SelectField(
                name="remix_allowed",
                label=N_("Remixes"),
                hint=N_("Whether members can make their own of others' public videos."),
                options=_SWITCH_OPTIONS,
            ),
        ),
        SettingsPage.MODELS: _RULE_FIELDS,
        SettingsPage.CHANNELS: (
            ChannelOrRoleField(
                name="result_channel",
                label=N_("Finished videos"),
                hint=N_("Post finished videos here instead."),
                unset_label=N_("where they were requested"),
                max_values=1,
            ),
            ChannelOrRoleField(
                name="showcase_channel",
                label=N_("Showcase"),
                hint=N_("Where *Share* posts videos."),
                unset_label=N_("none"),
                max_values=1,
            ),
            ChannelOrRoleField(
                name="summary_channel",
                label=N_("Weekly summary"),
                hint=N_("What the week cost, with a chart."),
                unset_label=N_("none"),
                max_values=1,
            ),
            ChannelOrRoleField(
                name="warning_channel",
                label=N_("Limit warnings"),
                hint=N_("When 50, 80 and 95 % of this server's limit are used."),
                unset_label=N_("a manager's next answer"),
                max_values=1,
            ),
        ),
        SettingsPage.MONEY: (
            TextField(
                name="confirm_above",
                label=N_("Confirm above"),
                hint=N_("Dollars, like 1 or 0.50. Leave empty to never ask."),
                unset_label=N_("never"),
                formatter=field_types.format_threshold,
                input_formatter=field_types.format_price_input,
                parser=field_types.parse_price,
            ),
            TextField(
                name="cooldown",
                label=N_("Cooldown per member"),
                hint=N_('Seconds. Leave empty for the default, or write "none" for no cooldown.'),
                unset_label=_DEFAULT,
                unset_value=field_types.format_no_limit,
                formatter=field_types.format_cooldown,
                input_formatter=field_types.format_member_limit_input,
                parser=field_types.parse_cooldown,
            ),
            TextField(
                name="in_flight",
                label=N_("Videos at once per member"),
                hint=N_('A number. Leave empty for the default, or write "none" for no limit.'),
                unset_label=_DEFAULT,
                unset_value=field_types.format_no_limit,
                formatter=field_types.format_in_flight_limit,
                input_formatter=field_types.format_member_limit_input,
                parser=field_types.parse_in_flight_limit,
            ),
        ),
        SettingsPage.WORDS: (
            TextField(
                name="banned",
                label=N_("Banned words"),
                hint=N_("Prompts with these are blocked. One per line, patterns between slashes."),
                unset_label=N_("nothing"),
                formatter=field_types.format_word_list,
                input_formatter=field_types.format_word_list_input,
                parser=parse_word_list,
                max_length=field_types.MAX_TEXT_INPUT_LENGTH,
                multiline=True,
            ),
            TextField(
                name="sensitive",
                label=N_("Sensitive words"),
                hint=N_("Words for the two rules below. One per line, patterns between slashes."),
                unset_label=N_("nothing"),
                formatter=field_types.format_word_list,
                input_formatter=field_types.format_word_list_input,
                parser=parse_word_list,
                max_length=field_types.MAX_TEXT_INPUT_LENGTH,
                multiline=True,
            ),
            SelectField(
                name="spoilers",
                label=N_("Spoilers"),
                hint=N_("Which videos are hidden behind a spoiler."),
                options=_APPLIES_TO_OPTIONS,
            ),
            SelectField(
                name="age_gate",
                label=N_("Age-restricted channels"),
                hint=N_("Which videos are only for age-restricted channels."),
                options=_APPLIES_TO_OPTIONS,
            ),
            SelectField(
                name="language",
                label=N_("Language"),
                hint=N_("For messages that everyone sees. Members have their own for the rest."),
                unset_label=N_("same as this server on Discord"),
                options=_LANGUAGE_OPTIONS,
            ),
        ),
        SettingsPage.KEEPING: (
            TextField(
                name="keep_inputs_days",
                label=N_("Keep uploads for"),
                hint=N_("Days after the last use. *Again* and *Edit prompt* need them."),
                unset_label="",
                formatter=field_types.format_days,
                input_formatter=str,
                parser=field_types.parse_days,
            ),
            TextField(
                name="keep_results_days",
                label=N_("Keep videos for"),
                hint=N_("Days after the last use. *Post again* needs them."),
                unset_label="",
                formatter=field_types.format_days,
                input_formatter=str,
                parser=field_types.parse_days,
            ),
            SelectField(
                name="private_allowed",
                label=N_("Private videos"),
                hint=N_("Whether members can make videos only they see."),
                options=_SWITCH_OPTIONS,
            ),
            SelectField(
                name="too_large",
                label=N_("Too large for Discord"),
                hint=N_("What to post if a video is too large."),
                options=_OVERSIZE_OPTIONS,
            ),
        ),
        SettingsPage.CHANNEL: tuple(
            replace(rule, unset_label=_AS_ON_SERVER) for rule in _RULE_FIELDS
        ),
        SettingsPage.PRESETS: (
            SelectField(
                name="resolution",
                label=N_("Resolution"),
                hint="",
                unset_label=N_("the member's choice"),
                options=_RESOLUTION_OPTIONS,
            ),
            SelectField(
                name="sound",
                label=N_("Sound"),
                hint="",
                unset_label=N_("the member's choice"),
                options=_SOUND_OPTIONS,
            ),
            SelectField(
                name="takes",
                label=N_("Takes"),
                hint="",
                unset_label=N_("the member's choice"),
                options=_TAKES_OPTIONS,
            ),
        ),
    }
)

LIMIT_KIND_BY_FIELD: Final[Mapping[str, LimitKind]] = MappingProxyType(
    {"cooldown": LimitKind.COOLDOWN, "in_flight": LimitKind.IN_FLIGHT}
)
"""Fields that are stored as limits of the server's members, not in the server's settings."""


def find_field(page: SettingsPage, field_name: str) -> SettingField | None:
    """Return the field of a name on a page, or None."""
    return next((field for field in FIELDS_BY_PAGE[page] if field.name == field_name), None)
