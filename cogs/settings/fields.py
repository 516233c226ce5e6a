"""Catalogue of the setting fields, by page of the panel."""

from collections.abc import Mapping
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
from cogs.ui.i18n import LANGUAGE_NAMES, N_
from domain.guild_settings import AppliesTo, OversizeFallback
from domain.models import MODELS, AspectRatio, Resolution
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
        SettingsPage.KEEPING: N_("Keeping"),
        SettingsPage.CHANNEL: N_("This channel"),
        SettingsPage.PRESETS: N_("Presets"),
    }
)

PAGE_DESCRIPTIONS: Final[Mapping[SettingsPage, str]] = MappingProxyType(
    {
        SettingsPage.HOME: N_("What is bold was set here; the rest is as it comes."),
        SettingsPage.WHO: N_("Where videos may be asked for, and by whom."),
        SettingsPage.MODELS: N_("What may be asked for, and what counts where nothing is chosen."),
        SettingsPage.CHANNELS: N_("Where messages go that have a place of their own."),
        SettingsPage.MONEY: N_("How carefully it is spent."),
        SettingsPage.WORDS: N_("What prompts may not say, and what is hidden."),
        SettingsPage.KEEPING: N_("How long files stay, and how videos are handed over."),
        SettingsPage.CHANNEL: N_("What differs in one channel from the rest of the server."),
        SettingsPage.PRESETS: N_("Styles that members choose by name."),
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

_RULE_FIELDS: Final = (
    SelectField(
        name="models",
        label=N_("Models"),
        hint=N_("Those that may be used."),
        unset_label=N_("all"),
        options=MODEL_OPTIONS,
        multiple=True,
    ),
    SelectField(
        name="resolutions",
        label=N_("Resolutions"),
        hint=N_("Those that may be asked for."),
        unset_label=N_("all"),
        options=_RESOLUTION_OPTIONS,
        multiple=True,
    ),
    SelectField(
        name="max_seconds",
        label=N_("Longest video"),
        hint="",
        unset_label=N_("as long as the model can"),
        options=_SECONDS,
    ),
    SelectField(
        name="default_model",
        label=N_("Default model"),
        hint="",
        unset_label=N_("the first that can do it"),
        options=MODEL_OPTIONS,
    ),
    SelectField(
        name="default_seconds",
        label=N_("Default length"),
        hint="",
        unset_label=N_("as usual for the model"),
        options=_SECONDS,
    ),
    SelectField(
        name="default_resolution",
        label=N_("Default resolution"),
        hint="",
        unset_label=N_("as usual for the model"),
        options=_RESOLUTION_OPTIONS,
    ),
    SelectField(
        name="default_aspect_ratio",
        label=N_("Default shape"),
        hint="",
        unset_label=N_("as usual for the model"),
        options=ASPECT_RATIO_OPTIONS,
    ),
    SelectField(
        name="default_sound",
        label=N_("Default sound"),
        hint="",
        unset_label=N_("as usual for the model"),
        options=_SOUND_OPTIONS,
    ),
)

_AS_ON_SERVER: Final = N_("as on the server")

FIELDS_BY_PAGE: Final[Mapping[SettingsPage, tuple[SettingField, ...]]] = MappingProxyType(
    {
        SettingsPage.HOME: (),
        SettingsPage.WHO: (
            ChannelOrRoleField(
                name="channels",
                label=N_("Channels"),
                hint=N_("Commands for videos work in these alone."),
                unset_label=N_("all"),
                allow_forums=True,
            ),
            ChannelOrRoleField(
                name="roles",
                label=N_("Roles"),
                hint=N_("Members need one of these to ask for videos."),
                unset_label=N_("none needed"),
                selects_roles=True,
            ),
        ),
        SettingsPage.MODELS: _RULE_FIELDS,
        SettingsPage.CHANNELS: (
            ChannelOrRoleField(
                name="result_channel",
                label=N_("Finished videos"),
                hint=N_("Posted here in the place of the channel where they were asked for."),
                unset_label=N_("where they were asked for"),
                max_values=1,
            ),
            ChannelOrRoleField(
                name="showcase_channel",
                label=N_("Showcase"),
                hint=N_("Where *Share* posts a video once more."),
                unset_label=N_("no showcase"),
                max_values=1,
            ),
            ChannelOrRoleField(
                name="summary_channel",
                label=N_("Weekly summary"),
                hint=N_("What the week has cost, as a picture and three lines."),
                unset_label=N_("no summary"),
                max_values=1,
            ),
        ),
        SettingsPage.MONEY: (
            TextField(
                name="confirm_above",
                label=N_("Ask before spending more than"),
                hint=N_("US dollars, such as 1 or 0.5; empty: never ask."),
                unset_label=N_("no amount, never ask"),
                formatter=field_types.format_price,
                input_formatter=field_types.format_price_input,
                parser=field_types.parse_price,
            ),
            TextField(
                name="cooldown",
                label=N_("Pause between two videos of a member"),
                hint=N_("Seconds; empty: the service’s own; none: no pause."),
                unset_label=N_("the service’s own"),
                formatter=field_types.format_cooldown,
                input_formatter=field_types.format_member_limit_input,
                parser=field_types.parse_cooldown,
            ),
            TextField(
                name="in_flight",
                label=N_("Videos of a member under way"),
                hint=N_("A number; empty: the service’s own; none: no cap."),
                unset_label=N_("the service’s own"),
                formatter=field_types.format_in_flight_limit,
                input_formatter=field_types.format_member_limit_input,
                parser=field_types.parse_in_flight_limit,
            ),
        ),
        SettingsPage.WORDS: (
            TextField(
                name="banned",
                label=N_("Banned words"),
                hint=N_("Prompts with these are refused. One a line; patterns between slashes."),
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
                hint=N_("What the two rules below go by. One a line; patterns between slashes."),
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
                hint=N_("Which videos are hidden until they are clicked."),
                options=_APPLIES_TO_OPTIONS,
            ),
            SelectField(
                name="age_gate",
                label=N_("Age-restricted channels"),
                hint=N_("Which videos may be asked for in those alone."),
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
                label=N_("Keep what members gave for"),
                hint=N_("Days after the last use; *Again* and *Edit prompt* need it."),
                unset_label="",
                formatter=field_types.format_days,
                input_formatter=str,
                parser=field_types.parse_days,
            ),
            TextField(
                name="keep_results_days",
                label=N_("Keep finished videos for"),
                hint=N_("Days after the last use; *Post again* needs it."),
                unset_label="",
                formatter=field_types.format_days,
                input_formatter=str,
                parser=field_types.parse_days,
            ),
            SelectField(
                name="private_allowed",
                label=N_("Private videos"),
                hint=N_("Whether members may have a video that nobody else sees."),
                options=(
                    FieldOption("no", N_("not allowed"), False),  # noqa: FBT003
                    FieldOption("yes", N_("allowed"), True),  # noqa: FBT003
                ),
            ),
            SelectField(
                name="too_large",
                label=N_("Too large for Discord"),
                hint=N_("What is posted in the place of such a video."),
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
                unset_label=N_("as the member chooses"),
                options=_RESOLUTION_OPTIONS,
            ),
            SelectField(
                name="sound",
                label=N_("Sound"),
                hint="",
                unset_label=N_("as the member chooses"),
                options=_SOUND_OPTIONS,
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
