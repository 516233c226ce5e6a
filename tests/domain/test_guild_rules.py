from typing import Any

import pytest

from domain.guild_rules import Asker, admitted, concerns
from domain.guild_settings import ChannelRules, Rules, ServerSettings, Which
from domain.models import AspectRatio, ModelId, Resolution
from domain.requests import Command, Draft, check

ONE, TWO = ModelId.SEEDANCE_1_5_PRO, ModelId.SEEDANCE_2_0
HERE = Asker(channel_id=20, role_ids=(1, 7))


def draft(command: Command = Command.VIDEO, **given: Any) -> Draft:
    return Draft(command=command, prompt=given.pop("prompt", "a lake at dusk"), **given)


def problems(settings: ServerSettings, asker: Asker = HERE, **given: Any) -> list[str]:
    """List what a request is refused for."""
    return list(admitted(settings, asker, draft(**given)).problems)


def filled(rules: Rules, command: Command = Command.VIDEO, **given: Any) -> Draft:
    """Fill a draft in as a server wants it, and see that nothing is refused."""
    found = admitted(ServerSettings(rules=rules), HERE, draft(command, **given))
    assert found.problems == ()
    return found


def test_without_settings_a_request_is_what_it_was() -> None:
    """The defaults of a model are as they are without a server."""
    for command in (Command.VIDEO, Command.REFERENCE):
        asked = draft(command)
        assert check(admitted(ServerSettings(), HERE, asked)) == check(asked)


@pytest.mark.parametrize(
    ("rules", "command", "field", "value"),
    [
        (Rules(default_model=TWO), Command.VIDEO, "model", TWO),
        (Rules(default_model=ONE), Command.REFERENCE, "model", TWO),
        (Rules(models=(TWO,)), Command.VIDEO, "model", TWO),
        (Rules(default_seconds=12), Command.VIDEO, "seconds", 12),
        (Rules(default_seconds=15), Command.VIDEO, "seconds", 4),
        (Rules(max_seconds=4), Command.REFERENCE, "seconds", 4),
        (Rules(max_seconds=5), Command.REFERENCE, "seconds", 5),
        (
            Rules(default_resolution=Resolution.P480),
            Command.VIDEO,
            "resolution",
            Resolution.P480,
        ),
        (
            Rules(default_resolution=Resolution.P1080),
            Command.VIDEO,
            "resolution",
            Resolution.P720,
        ),
        (
            Rules(resolutions=(Resolution.P480,)),
            Command.VIDEO,
            "resolution",
            Resolution.P480,
        ),
        (Rules(default_sound=True), Command.VIDEO, "sound", True),
        (
            Rules(default_aspect_ratio=AspectRatio.TALL),
            Command.VIDEO,
            "aspect_ratio",
            AspectRatio.TALL,
        ),
        (Rules(default_aspect_ratio=AspectRatio.AUTO), Command.VIDEO, "aspect_ratio", None),
        (Rules(default_aspect_ratio=AspectRatio.TALL), Command.ANIMATE, "aspect_ratio", None),
    ],
)
def test_what_is_left_open_is_as_the_server_wants_it(
    rules: Rules, command: Command, field: str, value: object
) -> None:
    """A default that the command or the model can not do, or may not, is passed over."""
    assert getattr(filled(rules, command), field) == value


def test_what_a_member_chose_stays() -> None:
    """Defaults fill in what is open, and nothing else."""
    rules = Rules(
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
            Rules(models=(ONE,)),
            {"model": ONE},
            {"model": TWO},
            "Seedance 2.0 is not allowed here: choose Seedance 1.5 Pro.",
        ),
        (
            Rules(models=(ONE,)),
            {},
            {"command": Command.REFERENCE},
            "No model that is allowed here can do /reference.",
        ),
        (
            Rules(resolutions=(Resolution.P480, Resolution.P1080)),
            {"resolution": Resolution.P480},
            {"resolution": Resolution.P720},
            "720p is not allowed here: choose 480p.",
        ),
        (
            Rules(resolutions=(Resolution.P1080,)),
            {"model": TWO},
            {"model": ONE},
            "Seedance 1.5 Pro makes no resolution that is allowed here.",
        ),
        (
            Rules(max_seconds=8),
            {"seconds": 8},
            {"seconds": 9},
            "A length of 9 s is not allowed here: 8 s at most.",
        ),
    ],
)
def test_each_rule_on_choices_holds_on_both_sides(
    rules: Rules, within: dict[str, Any], beyond: dict[str, Any], said: str
) -> None:
    """What is within is let through, what is beyond is refused; in its channel alone, if so set."""
    server = ServerSettings(rules=rules)
    channel = ServerSettings(overrides=(ChannelRules(channel_id=20, rules=rules),))
    for settings in (server, channel):
        assert problems(settings, **within) == []
        assert problems(settings, **beyond) == [said]
    assert problems(channel, Asker(channel_id=21), **beyond) == []
    assert problems(channel, Asker(channel_id=21, parent_id=20), **beyond) == [said]


def test_only_the_channels_that_are_listed_may_be_used() -> None:
    """A thread counts as its channel, and may be listed by itself."""
    settings = ServerSettings(channels=(20, 30))
    said = ["Videos are not asked for in this channel: go to <#20>, <#30>."]
    assert problems(settings, Asker(channel_id=20)) == []
    assert problems(settings, Asker(channel_id=21)) == said
    assert problems(settings, Asker(channel_id=21, parent_id=20)) == []
    assert problems(settings, Asker(channel_id=30, parent_id=22)) == []
    assert problems(settings, Asker(channel_id=21, parent_id=22)) == said


def test_only_those_with_a_listed_role_may_ask() -> None:
    """One of them is enough."""
    said = ["On this server, videos are for members with one of the roles <@&8>, <@&9>."]
    assert problems(ServerSettings(roles=(7, 8))) == []
    assert problems(ServerSettings(roles=(8, 9))) == said


def test_a_banned_word_is_refused_and_named() -> None:
    """The member sees what is meant, and it can not break out of how it is shown."""
    settings = ServerSettings(banned=("gun", "/b`+d/"))
    assert problems(settings, prompt="a begun song") == []
    assert problems(settings, prompt="a GUN and a b`d") == [
        "The prompt says what is not allowed on this server: `gun`, `b'd`."
    ]


@pytest.mark.parametrize(
    ("which", "prompt", "is_gated"),
    [
        (Which.NONE, "a war", False),
        (Which.SENSITIVE, "a lake", False),
        (Which.SENSITIVE, "a war", True),
        (Which.ALL, "a lake", True),
    ],
)
def test_the_age_gate_opens_in_age_restricted_channels(
    which: Which, prompt: str, *, is_gated: bool
) -> None:
    """What it concerns is refused elsewhere."""
    settings = ServerSettings(age_gate=which, sensitive=("war",))
    assert concerns(which, settings, prompt) is is_gated
    assert bool(problems(settings, prompt=prompt)) is is_gated
    assert problems(settings, Asker(channel_id=20, adults_only=True), prompt=prompt) == []


def test_every_broken_rule_is_named_beside_those_found_before() -> None:
    """One answer says all."""
    settings = ServerSettings(
        rules=Rules(models=(ONE,), resolutions=(Resolution.P480,), max_seconds=8),
        channels=(21,),
        roles=(8,),
        banned=("gun",),
        age_gate=Which.ALL,
    )
    given = {"model": TWO, "resolution": Resolution.P1080, "seconds": 15, "problems": ("first",)}
    found = problems(settings, prompt="a gun", **given)
    assert found[0] == "first"
    assert len(found) == 8


def test_a_long_list_of_places_is_shortened() -> None:
    """A refusal stays readable."""
    (said,) = problems(ServerSettings(channels=tuple(range(100, 150))))
    assert said.endswith("<#109>, ….")
