from typing import Any

import pytest

from domain.guild_rules import (
    RequestOrigin,
    apply_guild_rules,
    privacy_violations,
    rule_applies,
)
from domain.guild_settings import AppliesTo, ChannelRules, GenerationRules, GuildSettings
from domain.models import AspectRatio, ModelId, Resolution
from domain.requests import Draft, GenerationCommand, build_request
from domain.violations import Source, Violation
from domain.violations import ViolationCode as Code

ONE, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0
HERE = RequestOrigin(channel_id=20, role_ids=(1, 7))


def draft(command: GenerationCommand = GenerationCommand.VIDEO, **given: Any) -> Draft:
    return Draft(command=command, prompt=given.pop("prompt", "a lake at dusk"), **given)


def violations(
    settings: GuildSettings, origin: RequestOrigin = HERE, **given: Any
) -> list[Violation]:
    """List what a request is refused for."""
    return list(apply_guild_rules(settings, origin, draft(**given)).violations)


def filled(
    rules: GenerationRules, command: GenerationCommand = GenerationCommand.VIDEO, **given: Any
) -> Draft:
    """Fill a draft in as a server wants it, and see that nothing is refused."""
    found = apply_guild_rules(GuildSettings(rules=rules), HERE, draft(command, **given))
    assert found.violations == ()
    return found


def test_without_settings_a_request_is_what_it_was() -> None:
    """The defaults of a model are as they are without a server."""
    for command in (GenerationCommand.VIDEO, GenerationCommand.REFERENCE):
        asked = draft(command)
        assert build_request(apply_guild_rules(GuildSettings(), HERE, asked)) == build_request(
            asked
        )


@pytest.mark.parametrize(
    ("rules", "command", "field", "value"),
    [
        (GenerationRules(default_model=TWO), GenerationCommand.VIDEO, "model", TWO),
        (GenerationRules(default_model=ONE), GenerationCommand.REFERENCE, "model", TWO),
        (GenerationRules(models=(TWO,)), GenerationCommand.VIDEO, "model", TWO),
        (GenerationRules(default_seconds=12), GenerationCommand.VIDEO, "seconds", 12),
        (GenerationRules(default_seconds=15), GenerationCommand.VIDEO, "seconds", 4),
        (GenerationRules(max_seconds=4), GenerationCommand.REFERENCE, "seconds", 4),
        (GenerationRules(max_seconds=5), GenerationCommand.REFERENCE, "seconds", 5),
        (
            GenerationRules(default_resolution=Resolution.P480),
            GenerationCommand.VIDEO,
            "resolution",
            Resolution.P480,
        ),
        (
            GenerationRules(default_resolution=Resolution.P1080),
            GenerationCommand.VIDEO,
            "resolution",
            Resolution.P720,
        ),
        (
            GenerationRules(resolutions=(Resolution.P480,)),
            GenerationCommand.VIDEO,
            "resolution",
            Resolution.P480,
        ),
        (GenerationRules(default_sound=True), GenerationCommand.VIDEO, "sound", True),
        (
            GenerationRules(default_aspect_ratio=AspectRatio.TALL),
            GenerationCommand.VIDEO,
            "aspect_ratio",
            AspectRatio.TALL,
        ),
        (
            GenerationRules(default_aspect_ratio=AspectRatio.AUTO),
            GenerationCommand.VIDEO,
            "aspect_ratio",
            None,
        ),
        (
            GenerationRules(default_aspect_ratio=AspectRatio.TALL),
            GenerationCommand.ANIMATE,
            "aspect_ratio",
            None,
        ),
    ],
)
def test_what_is_left_open_is_as_the_server_wants_it(
    rules: GenerationRules, command: GenerationCommand, field: str, value: object
) -> None:
    """A default that the command or the model cannot do, or may not, is passed over."""
    assert getattr(filled(rules, command), field) == value


def test_what_a_member_chose_stays() -> None:
    """Defaults fill in what is open, and nothing else."""
    rules = GenerationRules(
        default_model=TWO,
        default_seconds=8,
        default_resolution=Resolution.P480,
        default_aspect_ratio=AspectRatio.TALL,
        default_sound=True,
    )
    chosen = {
        "model": ONE,
        "seconds": 5,
        "resolution": Resolution.P720,
        "aspect_ratio": AspectRatio.WIDE,
        "sound": False,
    }
    found = filled(rules, **chosen)
    assert {name: getattr(found, name) for name in chosen} == chosen


@pytest.mark.parametrize(
    ("rules", "within", "beyond", "said"),
    [
        (
            GenerationRules(models=(ONE,)),
            {"model": ONE},
            {"model": TWO},
            Violation.of(Code.MODEL_NOT_ALLOWED, Source.FORM, model=TWO, models=(ONE,)),
        ),
        (
            GenerationRules(models=(ONE,)),
            {},
            {"command": GenerationCommand.REFERENCE},
            Violation.of(Code.COMMAND_NOT_ALLOWED, Source.SERVER_RULES, command="reference"),
        ),
        (
            GenerationRules(resolutions=(Resolution.P480, Resolution.P1080)),
            {"resolution": Resolution.P480},
            {"resolution": Resolution.P720},
            Violation.of(
                Code.RESOLUTION_NOT_ALLOWED, Source.FORM, resolution="720p", resolutions=("480p",)
            ),
        ),
        (
            GenerationRules(resolutions=(Resolution.P1080,)),
            {"model": TWO},
            {"model": ONE},
            Violation.of(Code.MODEL_WITHOUT_ALLOWED_RESOLUTION, Source.FORM, model=ONE),
        ),
        (
            GenerationRules(max_seconds=8),
            {"seconds": 8},
            {"seconds": 9},
            Violation.of(Code.LENGTH_NOT_ALLOWED, Source.FORM, seconds=9, most=8),
        ),
    ],
)
def test_each_rule_on_choices_holds_on_both_sides(
    rules: GenerationRules, within: dict[str, Any], beyond: dict[str, Any], said: Violation
) -> None:
    """What is within is let through, what is beyond is refused; in its channel alone, if so set."""
    server = GuildSettings(rules=rules)
    channel = GuildSettings(overrides=(ChannelRules(channel_id=20, rules=rules),))
    for settings in (server, channel):
        assert violations(settings, **within) == []
        assert violations(settings, **beyond) == [said]
    assert violations(channel, RequestOrigin(channel_id=21), **beyond) == []
    assert violations(channel, RequestOrigin(channel_id=21, parent_id=20), **beyond) == [said]


def test_only_the_channels_that_are_listed_may_be_used() -> None:
    """A thread counts as its channel, and may be listed by itself."""
    settings = GuildSettings(channels=(20, 30))
    said = [Violation.of(Code.CHANNEL_NOT_ALLOWED, Source.CHANNEL, channels=(20, 30))]
    assert violations(settings, RequestOrigin(channel_id=20)) == []
    assert violations(settings, RequestOrigin(channel_id=21)) == said
    assert violations(settings, RequestOrigin(channel_id=21, parent_id=20)) == []
    assert violations(settings, RequestOrigin(channel_id=30, parent_id=22)) == []
    assert violations(settings, RequestOrigin(channel_id=21, parent_id=22)) == said


def test_only_those_with_a_listed_role_may_ask() -> None:
    """One of them is enough."""
    said = [Violation.of(Code.ROLE_REQUIRED, Source.SERVER_RULES, roles=(8, 9))]
    assert violations(GuildSettings(roles=(7, 8))) == []
    assert violations(GuildSettings(roles=(8, 9))) == said


def test_a_banned_word_is_refused_and_named() -> None:
    """As it reads in the prompt."""
    settings = GuildSettings(banned=("gun", "/b`+d/"))
    assert violations(settings, prompt="a begun song") == []
    assert violations(settings, prompt="a GUN and a b`d") == [
        Violation.of(Code.BANNED_WORDS, Source.FORM, words=("gun", "b`d"))
    ]


@pytest.mark.parametrize(
    ("which", "prompt", "is_gated"),
    [
        (AppliesTo.NONE, "a war", False),
        (AppliesTo.SENSITIVE, "a lake", False),
        (AppliesTo.SENSITIVE, "a war", True),
        (AppliesTo.ALL, "a lake", True),
    ],
)
def test_the_age_gate_opens_in_age_restricted_channels(
    which: AppliesTo, prompt: str, *, is_gated: bool
) -> None:
    """What it concerns is refused elsewhere."""
    settings = GuildSettings(age_gate=which, sensitive=("war",))
    assert rule_applies(which, settings, prompt) is is_gated
    assert bool(violations(settings, prompt=prompt)) is is_gated
    assert (
        violations(settings, RequestOrigin(channel_id=20, age_restricted=True), prompt=prompt) == []
    )


def test_every_broken_rule_is_named_beside_those_found_before() -> None:
    """One answer says all."""
    settings = GuildSettings(
        rules=GenerationRules(models=(ONE,), resolutions=(Resolution.P480,), max_seconds=8),
        channels=(21,),
        roles=(8,),
        banned=("gun",),
        age_gate=AppliesTo.ALL,
    )
    before = Violation.of(Code.LENGTH_NOT_WHOLE, Source.FORM)
    given = {"model": TWO, "resolution": Resolution.P1080, "seconds": 15, "violations": (before,)}
    found = violations(settings, prompt="a gun", **given)
    assert found[0] == before
    assert len(found) == 8


@pytest.mark.parametrize(
    ("which", "code", "source"),
    [
        (AppliesTo.ALL, Code.AGE_RESTRICTED_SERVER, Source.CHANNEL),
        (AppliesTo.SENSITIVE, Code.AGE_RESTRICTED_PROMPT, Source.FORM),
    ],
)
def test_another_prompt_helps_where_only_sensitive_ones_are_gated(
    which: AppliesTo, code: Code, source: Source
) -> None:
    """Where all are, only another channel does."""
    settings = GuildSettings(age_gate=which, sensitive=("war",))
    assert violations(settings, prompt="a war") == [Violation.of(code, source)]


def test_private_videos_are_refused_where_the_server_allows_none() -> None:
    """Others are not."""
    alone = draft(private=True)
    off = GuildSettings(private_allowed=False)
    assert privacy_violations(off, alone) == [
        Violation.of(Code.PRIVATE_NOT_ALLOWED, Source.SERVER_RULES)
    ]
    assert privacy_violations(GuildSettings(), alone) == []
    assert privacy_violations(off, draft()) == []
