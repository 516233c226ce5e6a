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
from domain.violations import Source, Violation
from domain.violations import ViolationCode as Code

ONE, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0


def fault(code: Code, **params: Any) -> Violation:
    return Violation.of(code, Source.SETTINGS, **params)


def in_channel(of: Violation) -> Violation:
    return fault(Code.CHANNEL_RULES_BROKEN, channel_id=20, fault=of)


def faults(**fields: Any) -> list[Violation]:
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
    """Each is just on the good side of a boundary."""
    assert faults(rules=rules) == []


@pytest.mark.parametrize(
    ("rules", "named"),
    [
        (GenerationRules(models=()), fault(Code.NO_MODEL_ALLOWED)),
        (
            GenerationRules(resolutions=()),
            fault(Code.NO_RESOLUTION_ALLOWED),
        ),
        (
            GenerationRules(models=(ONE,), resolutions=(Resolution.P1080,)),
            fault(Code.NO_RESOLUTION_ALLOWED),
        ),
        (
            GenerationRules(models=(ONE,), default_model=TWO),
            fault(Code.DEFAULT_MODEL_NOT_ALLOWED, model=TWO),
        ),
        (
            GenerationRules(models=(ONE,), default_resolution=Resolution.P1080),
            fault(Code.DEFAULT_RESOLUTION_NOT_ALLOWED, resolution="1080p"),
        ),
        (
            GenerationRules(resolutions=(Resolution.P480,), default_resolution=Resolution.P720),
            fault(Code.DEFAULT_RESOLUTION_NOT_ALLOWED, resolution="720p"),
        ),
        (
            GenerationRules(models=(ONE,), default_aspect_ratio=AspectRatio.AUTO),
            fault(Code.DEFAULT_ASPECT_RATIO_UNSUPPORTED, ratio="auto"),
        ),
        (GenerationRules(max_seconds=3), fault(Code.MAX_LENGTH_TOO_SHORT, shortest=4, seconds=3)),
        (
            GenerationRules(default_seconds=3),
            fault(Code.DEFAULT_LENGTH_OUT_OF_RANGE, seconds=3, shortest=4, most=15),
        ),
        (
            GenerationRules(default_seconds=16),
            fault(Code.DEFAULT_LENGTH_OUT_OF_RANGE, seconds=16, shortest=4, most=15),
        ),
        (
            GenerationRules(max_seconds=8, default_seconds=9),
            fault(Code.DEFAULT_LENGTH_OUT_OF_RANGE, seconds=9, shortest=4, most=8),
        ),
        (
            GenerationRules(models=(ONE,), default_seconds=13),
            fault(Code.DEFAULT_LENGTH_OUT_OF_RANGE, seconds=13, shortest=4, most=12),
        ),
    ],
)
def test_rules_that_can_not_be_kept_to_are_refused(
    rules: GenerationRules, named: Violation
) -> None:
    """Each is one step beyond what some model makes, or what the manager allows."""
    assert faults(rules=rules) == [named]
    override = ChannelRules(channel_id=20, rules=rules)
    assert faults(overrides=(override,)) == [in_channel(named)]


def test_the_rules_of_a_channel_count_with_those_of_the_server() -> None:
    """What is well by itself may not go with the rest; what is wrong everywhere is named once."""
    short = ChannelRules(channel_id=20, rules=GenerationRules(max_seconds=5))
    assert faults(rules=GenerationRules(default_seconds=8), overrides=(short,)) == [
        in_channel(fault(Code.DEFAULT_LENGTH_OUT_OF_RANGE, seconds=8, shortest=4, most=5))
    ]
    plain = ChannelRules(channel_id=20, rules=GenerationRules())
    assert faults(rules=GenerationRules(default_seconds=3), overrides=(plain,)) == [
        fault(Code.DEFAULT_LENGTH_OUT_OF_RANGE, seconds=3, shortest=4, most=15)
    ]


@pytest.mark.parametrize(
    ("good", "bad", "named"),
    [
        (
            {"confirm_above": MicroUSD(0)},
            {"confirm_above": MicroUSD(-1)},
            fault(Code.CONFIRM_PRICE_OUT_OF_RANGE, least=0, most=10**12),
        ),
        (
            {"confirm_above": MicroUSD(10**12)},
            {"confirm_above": MicroUSD(10**12 + 1)},
            fault(Code.CONFIRM_PRICE_OUT_OF_RANGE, least=0, most=10**12),
        ),
        (
            {"keep_inputs_days": 1},
            {"keep_inputs_days": 0},
            fault(Code.RETENTION_OUT_OF_RANGE, most=365, days=0),
        ),
        (
            {"keep_results_days": 365},
            {"keep_results_days": 366},
            fault(Code.RETENTION_OUT_OF_RANGE, most=365, days=366),
        ),
        (
            {"banned": ("/a+/",)},
            {"banned": ("/(/",)},
            fault(Code.PATTERN_INVALID, pattern="/(/", reason="missing ): ("),
        ),
        (
            {"channels": tuple(range(100))},
            {"roles": tuple(range(101))},
            fault(Code.TOO_MANY_LISTED_IDS, most=100),
        ),
    ],
)
def test_each_bound_holds_on_both_sides(
    good: dict[str, Any], bad: dict[str, Any], named: Violation
) -> None:
    """What is just within is taken, and what is just beyond is refused."""
    assert faults(**good) == []
    assert faults(**bad) == [named]


def test_channels_with_rules_of_their_own_are_few_and_each_is_there_once() -> None:
    """There are 50 at most, and no channel has two answers."""
    overrides = tuple(
        ChannelRules(channel_id=number, rules=GenerationRules()) for number in range(51)
    )
    assert faults(overrides=overrides[1:]) == []
    assert faults(overrides=overrides) == [fault(Code.TOO_MANY_CHANNEL_RULES, most=50)]
    assert faults(overrides=overrides[:1] * 2) == [fault(Code.CHANNEL_RULES_TWICE)]


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
