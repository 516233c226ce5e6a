from typing import Any

import pytest

from domain.errors import RulesViolated
from domain.guild_settings import (
    ChannelRules,
    GenerationRules,
    GuildSettings,
    flatten_settings,
    validate_settings,
)
from domain.models import AspectRatio, ModelId, Resolution
from domain.money import MicroUSD

ONE, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0


def faults(**fields: Any) -> list[str]:
    """List what is wrong with settings."""
    try:
        validate_settings(GuildSettings(**fields))
    except RulesViolated as error:
        return list(error.violations)
    return []


@pytest.mark.parametrize(
    "rules",
    [
        GenerationRules(),
        GenerationRules(models=(ONE,), default_model=ONE, resolutions=(Resolution.P480,)),
        GenerationRules(max_seconds=4),
        GenerationRules(max_seconds=8, default_seconds=8),
        GenerationRules(default_seconds=15),
        GenerationRules(models=(ONE,), default_seconds=12),
        GenerationRules(default_resolution=Resolution.P1080),
        GenerationRules(default_aspect_ratio=AspectRatio.AUTO),
    ],
)
def test_rules_that_can_be_kept_to_are_taken(rules: GenerationRules) -> None:
    """Each stands just on the good side of a boundary."""
    assert faults(rules=rules) == []


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        (GenerationRules(models=()), "Allow one model at least."),
        (
            GenerationRules(resolutions=()),
            "Allow one resolution at least that an allowed model makes.",
        ),
        (
            GenerationRules(models=(ONE,), resolutions=(Resolution.P1080,)),
            "Allow one resolution at least that an allowed model makes.",
        ),
        (
            GenerationRules(models=(ONE,), default_model=TWO),
            "The default model, Seedance 2.0, is not one of those allowed.",
        ),
        (
            GenerationRules(models=(ONE,), default_resolution=Resolution.P1080),
            "The default resolution, 1080p, is not one of those allowed and made.",
        ),
        (
            GenerationRules(resolutions=(Resolution.P480,), default_resolution=Resolution.P720),
            "The default resolution, 720p, is not one of those allowed and made.",
        ),
        (
            GenerationRules(models=(ONE,), default_aspect_ratio=AspectRatio.AUTO),
            "No allowed model makes the default aspect ratio, auto.",
        ),
        (GenerationRules(max_seconds=3), "Videos have 4 s at least, so 3 s can not be the most."),
        (GenerationRules(default_seconds=3), "The default length, 3 s, is not within 4 to 15 s."),
        (GenerationRules(default_seconds=16), "The default length, 16 s, is not within 4 to 15 s."),
        (
            GenerationRules(max_seconds=8, default_seconds=9),
            "The default length, 9 s, is not within 4 to 8 s.",
        ),
        (
            GenerationRules(models=(ONE,), default_seconds=13),
            "The default length, 13 s, is not within 4 to 12 s.",
        ),
    ],
)
def test_rules_that_can_not_be_kept_to_are_refused(rules: GenerationRules, fault: str) -> None:
    """Each is one step beyond what some model makes, or what the manager allows."""
    assert faults(rules=rules) == [fault]
    override = ChannelRules(channel_id=20, rules=rules)
    assert faults(overrides=(override,)) == [f"In <#20>: {fault}"]


def test_the_rules_of_a_channel_count_with_those_of_the_server() -> None:
    """What is well by itself may not go with the rest; what is wrong everywhere is named once."""
    short = ChannelRules(channel_id=20, rules=GenerationRules(max_seconds=5))
    assert faults(rules=GenerationRules(default_seconds=8), overrides=(short,)) == [
        "In <#20>: The default length, 8 s, is not within 4 to 5 s."
    ]
    plain = ChannelRules(channel_id=20, rules=GenerationRules())
    assert faults(rules=GenerationRules(default_seconds=3), overrides=(plain,)) == [
        "The default length, 3 s, is not within 4 to 15 s."
    ]


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        (
            {"confirm_above": MicroUSD(0)},
            {"confirm_above": MicroUSD(-1)},
            "The price above which to ask first is from $0.00 to $1,000,000.00.",
        ),
        (
            {"confirm_above": MicroUSD(10**12)},
            {"confirm_above": MicroUSD(10**12 + 1)},
            "The price above which to ask first is from $0.00 to $1,000,000.00.",
        ),
        (
            {"keep_inputs_days": 1},
            {"keep_inputs_days": 0},
            "Files are kept for 1 to 365 days, not 0.",
        ),
        (
            {"keep_results_days": 365},
            {"keep_results_days": 366},
            "Files are kept for 1 to 365 days, not 366.",
        ),
        (
            {"banned": ("/a+/",)},
            {"banned": ("/(/",)},
            "The pattern /(/ can not be used: missing ): (.",
        ),
        (
            {"channels": tuple(range(100))},
            {"roles": tuple(range(101))},
            "Choose 100 channels and 100 roles at most.",
        ),
    ],
)
def test_each_bound_holds_on_both_sides(
    good: dict[str, Any], bad: dict[str, Any], fault: str
) -> None:
    """What is just within is taken, and what is just beyond is refused."""
    assert faults(**good) == []
    assert faults(**bad) == [fault]


def test_channels_with_rules_of_their_own_are_few_and_each_is_there_once() -> None:
    """There are 50 at most, and no channel has two answers."""
    overrides = tuple(
        ChannelRules(channel_id=number, rules=GenerationRules()) for number in range(51)
    )
    assert faults(overrides=overrides[1:]) == []
    assert faults(overrides=overrides) == ["50 channels at most have rules of their own."]
    assert faults(overrides=overrides[:1] * 2) == ["A channel has its own rules once."]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    """A manager mends all of it in one go."""
    found = faults(rules=GenerationRules(max_seconds=3), keep_inputs_days=0, sensitive=("/(/",))
    assert len(found) == 3


def test_a_threads_rules_come_before_its_channels_and_the_servers() -> None:
    """What is left open is as one level up."""
    settings = GuildSettings(
        rules=GenerationRules(max_seconds=12, default_seconds=8, default_sound=True),
        overrides=(
            ChannelRules(channel_id=20, rules=GenerationRules(max_seconds=10, default_sound=False)),
            ChannelRules(channel_id=21, rules=GenerationRules(max_seconds=4)),
        ),
    )
    thread = settings.rules_for_channel(21, parent_id=20)
    assert (thread.max_seconds, thread.default_seconds, thread.default_sound) == (4, 8, False)
    assert settings.rules_for_channel(22, parent_id=20).max_seconds == 10
    assert settings.rules_for_channel(22).max_seconds == 12


def test_settings_are_written_as_facts() -> None:
    """Each has a name and a short text; what nobody decided has none, and says nothing."""
    override = ChannelRules(channel_id=20, rules=GenerationRules(max_seconds=8))
    settings = GuildSettings(
        rules=GenerationRules(models=(ONE, TWO)),
        overrides=(override,),
        confirm_above=MicroUSD(1_500_000),
        private_allowed=True,
        banned=("x" * 400,),
    )
    found = {name: text for name, text in flatten_settings(settings).items() if text is not None}
    assert found["models"] == "seedance-1-5-pro, seedance-2-0"
    assert found["max_seconds:20"] == "8"
    assert found["confirm_above"] == "$1.50"
    assert found["private_allowed"] == "yes"
    assert found["banned"] == "x" * 299 + "…"
    assert "result_channel" not in found
    assert "max_seconds" not in found
