"""Knows everything that can be set on the panel: on which page, what it is called and offers."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from cogs.settings import field_types
from cogs.settings.controls import Page
from cogs.settings.field_types import Choice, Knob, Option, Pick, Text
from domain.catalogue import mark
from domain.guild_settings import TooLarge, Which
from domain.models import MODELS, AspectRatio, Resolution
from domain.quotas import Kind
from domain.word_filter import read_words

TITLES: Final[Mapping[Page, str]] = MappingProxyType(
    {
        Page.HOME: mark("Overview"),
        Page.WHO: mark("Who and where"),
        Page.MODELS: mark("Models and sizes"),
        Page.CHANNELS: mark("Channels"),
        Page.MONEY: mark("Money"),
        Page.WORDS: mark("Words"),
        Page.KEEPING: mark("Keeping"),
        Page.CHANNEL: mark("This channel"),
        Page.PRESETS: mark("Presets"),
    }
)

ABOUT: Final[Mapping[Page, str]] = MappingProxyType(
    {
        Page.HOME: mark("What is bold was set here; the rest is as it comes."),
        Page.WHO: mark("Where videos may be asked for, and by whom."),
        Page.MODELS: mark("What may be asked for, and what counts where nothing is chosen."),
        Page.CHANNELS: mark("Where messages go that have a place of their own."),
        Page.MONEY: mark("How carefully it is spent."),
        Page.WORDS: mark("What prompts may not say, and what is hidden."),
        Page.KEEPING: mark("How long files stay, and how videos are handed over."),
        Page.CHANNEL: mark("What differs in one channel from the rest of the server."),
        Page.PRESETS: mark("Styles that members choose by name."),
    }
)

_SECONDS: Final = tuple(
    Option(str(seconds), f"{seconds} s", seconds)
    for seconds in range(
        min(model.min_seconds for model in MODELS.values()),
        max(model.max_seconds for model in MODELS.values()) + 1,
    )
)
MODEL_OPTIONS: Final = tuple(Option(one.id, one.label, one.id) for one in MODELS.values())
SECONDS_OPTIONS: Final = _SECONDS
SHAPE_OPTIONS: Final = tuple(Option(one.value, one.value, one) for one in AspectRatio)
_RESOLUTIONS: Final = tuple(Option(one.value, one.value, one) for one in Resolution)
_SOUND: Final = (Option("on", mark("on"), True), Option("off", mark("off"), False))  # noqa: FBT003
_WHICH: Final = (
    Option(Which.NONE, mark("no video"), Which.NONE),
    Option(Which.SENSITIVE, mark("videos with a sensitive word"), Which.SENSITIVE),
    Option(Which.ALL, mark("every video"), Which.ALL),
)
_LINK, _COPY = TooLarge.LINK, TooLarge.COPY
_TOO_LARGE: Final = (
    Option("link-copy", mark("a link, else a smaller copy"), (_LINK, _COPY)),
    Option("copy-link", mark("a smaller copy, else a link"), (_COPY, _LINK)),
    Option("link", mark("a link"), (_LINK,)),
    Option("copy", mark("a smaller copy"), (_COPY,)),
)

_RULES: Final = (
    Choice(
        field="models",
        label=mark("Models"),
        hint=mark("Those that may be used."),
        unset=mark("all"),
        options=MODEL_OPTIONS,
        many=True,
    ),
    Choice(
        field="resolutions",
        label=mark("Resolutions"),
        hint=mark("Those that may be asked for."),
        unset=mark("all"),
        options=_RESOLUTIONS,
        many=True,
    ),
    Choice(
        field="max_seconds",
        label=mark("Longest video"),
        hint="",
        unset=mark("as long as the model can"),
        options=_SECONDS,
    ),
    Choice(
        field="default_model",
        label=mark("Default model"),
        hint="",
        unset=mark("the first that can do it"),
        options=MODEL_OPTIONS,
    ),
    Choice(
        field="default_seconds",
        label=mark("Default length"),
        hint="",
        unset=mark("as usual for the model"),
        options=_SECONDS,
    ),
    Choice(
        field="default_resolution",
        label=mark("Default resolution"),
        hint="",
        unset=mark("as usual for the model"),
        options=_RESOLUTIONS,
    ),
    Choice(
        field="default_aspect_ratio",
        label=mark("Default shape"),
        hint="",
        unset=mark("as usual for the model"),
        options=SHAPE_OPTIONS,
    ),
    Choice(
        field="default_sound",
        label=mark("Default sound"),
        hint="",
        unset=mark("as usual for the model"),
        options=_SOUND,
    ),
)

_AS_ON_SERVER: Final = mark("as on the server")

KNOBS: Final[Mapping[Page, tuple[Knob, ...]]] = MappingProxyType(
    {
        Page.HOME: (),
        Page.WHO: (
            Pick(
                field="channels",
                label=mark("Channels"),
                hint=mark("Commands for videos work in these alone."),
                unset=mark("all"),
                forums=True,
            ),
            Pick(
                field="roles",
                label=mark("Roles"),
                hint=mark("Members need one of these to ask for videos."),
                unset=mark("none needed"),
                roles=True,
            ),
        ),
        Page.MODELS: _RULES,
        Page.CHANNELS: (
            Pick(
                field="result_channel",
                label=mark("Finished videos"),
                hint=mark("Posted here in the place of the channel where they were asked for."),
                unset=mark("where they were asked for"),
                most=1,
            ),
            Pick(
                field="showcase_channel",
                label=mark("Showcase"),
                hint=mark("Where *Share* posts a video once more."),
                unset=mark("no showcase"),
                most=1,
            ),
            Pick(
                field="summary_channel",
                label=mark("Weekly summary"),
                hint=mark("What the week has cost, as a picture and three lines."),
                unset=mark("no summary"),
                most=1,
            ),
        ),
        Page.MONEY: (
            Text(
                field="confirm_above",
                label=mark("Ask before spending more than"),
                hint=mark("US dollars, such as 1 or 0.5; empty: never ask."),
                unset=mark("no amount, never ask"),
                show=field_types.show_price,
                write=field_types.write_price,
                parse=field_types.read_price,
            ),
            Text(
                field="cooldown",
                label=mark("Pause between two videos of a member"),
                hint=mark("Seconds; empty: the service’s own; none: no pause."),
                unset=mark("the service’s own"),
                show=field_types.show_seconds,
                write=field_types.write_allowance,
                parse=field_types.read_seconds,
            ),
            Text(
                field="in_flight",
                label=mark("Videos of a member under way"),
                hint=mark("A number; empty: the service’s own; none: no cap."),
                unset=mark("the service’s own"),
                show=field_types.show_at_once,
                write=field_types.write_allowance,
                parse=field_types.read_at_once,
            ),
        ),
        Page.WORDS: (
            Text(
                field="banned",
                label=mark("Banned words"),
                hint=mark("Prompts with these are refused. One a line; patterns between slashes."),
                unset=mark("nothing"),
                show=field_types.show_list,
                write=field_types.write_list,
                parse=read_words,
                longest=field_types.LONGEST_LIST,
                lines=True,
            ),
            Text(
                field="sensitive",
                label=mark("Sensitive words"),
                hint=mark("What the two rules below go by. One a line; patterns between slashes."),
                unset=mark("nothing"),
                show=field_types.show_list,
                write=field_types.write_list,
                parse=read_words,
                longest=field_types.LONGEST_LIST,
                lines=True,
            ),
            Choice(
                field="spoilers",
                label=mark("Spoilers"),
                hint=mark("Which videos are hidden until they are clicked."),
                options=_WHICH,
            ),
            Choice(
                field="age_gate",
                label=mark("Age-restricted channels"),
                hint=mark("Which videos may be asked for in those alone."),
                options=_WHICH,
            ),
        ),
        Page.KEEPING: (
            Text(
                field="keep_inputs_days",
                label=mark("Keep what members gave for"),
                hint=mark("Days after the last use; *Again* and *Edit prompt* need it."),
                unset="",
                show=field_types.show_days,
                write=str,
                parse=field_types.read_days,
            ),
            Text(
                field="keep_results_days",
                label=mark("Keep finished videos for"),
                hint=mark("Days after the last use; *Post again* needs it."),
                unset="",
                show=field_types.show_days,
                write=str,
                parse=field_types.read_days,
            ),
            Choice(
                field="private_allowed",
                label=mark("Private videos"),
                hint=mark("Whether members may have a video that nobody else sees."),
                options=(
                    Option("no", mark("not allowed"), False),  # noqa: FBT003
                    Option("yes", mark("allowed"), True),  # noqa: FBT003
                ),
            ),
            Choice(
                field="too_large",
                label=mark("Too large for Discord"),
                hint=mark("What is posted in the place of such a video."),
                options=_TOO_LARGE,
            ),
        ),
        Page.CHANNEL: tuple(replace(rule, unset=_AS_ON_SERVER) for rule in _RULES),
        Page.PRESETS: (
            Choice(
                field="resolution",
                label=mark("Resolution"),
                hint="",
                unset=mark("as the member chooses"),
                options=_RESOLUTIONS,
            ),
            Choice(
                field="sound",
                label=mark("Sound"),
                hint="",
                unset=mark("as the member chooses"),
                options=_SOUND,
            ),
        ),
    }
)

LIMIT_KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {"cooldown": Kind.COOLDOWN, "in_flight": Kind.IN_FLIGHT}
)
"""What stands among the limits on spending, each for every member of the server."""


def knob_of(page: Page, field: str) -> Knob | None:
    """Find what is set on a page under a name."""
    return next((knob for knob in KNOBS[page] if knob.field == field), None)
