"""Presets: what one may hold, and how it fills what a member left open."""

import pytest

from domain.errors import RulesViolated
from domain.models import AspectRatio, ModelId, Resolution
from domain.presets import MAX_NAME_CHARS, MAX_SUFFIX_CHARS, Preset, apply_preset, validate_preset
from domain.requests import Draft, GenerationCommand, build_request

NOIR = Preset(
    name="Noir",
    suffix="black and white, film grain",
    model=ModelId.SEEDANCE_2_0,
    seconds=8,
    resolution=Resolution.P1080,
    aspect_ratio=AspectRatio.CINEMA,
    sound=False,
)
DOES_NOT_FIT = "The preset does not fit"


def a_draft(**given: object) -> Draft:
    return Draft(**{"command": GenerationCommand.VIDEO, "prompt": "a lake", **given})


def broken(draft: Draft) -> tuple[str, ...]:
    with pytest.raises(RulesViolated) as error:
        build_request(draft)
    return error.value.violations


def test_a_preset_is_kept_on_one_line_each():
    """White space around and within name and suffix is put in order."""
    tidy = validate_preset(Preset(name="  Film \n noir ", suffix=" grain,\n dark "))
    assert (tidy.name, tidy.suffix) == ("Film noir", "grain, dark")


@pytest.mark.parametrize(
    ("preset", "rules"),
    [
        (Preset(name="n" * MAX_NAME_CHARS, suffix="s" * MAX_SUFFIX_CHARS), 0),
        (Preset(name="n" * (MAX_NAME_CHARS + 1), suffix="s" * (MAX_SUFFIX_CHARS + 1)), 2),
        (Preset(name="\U0001f3ac" * 17, sound=True), 1),
        (Preset(name="n", suffix="\ud800"), 1),
        (Preset(name="\0n", sound=True), 1),
        (Preset(name=" \u200b ", suffix="\u200b"), 2),
        (Preset(name="n"), 1),
        (Preset(name="n", sound=False), 0),
        (Preset(name="n", seconds=15), 0),
        (Preset(name="n", seconds=16), 1),
        (Preset(name="n", seconds=3), 1),
        (Preset(name="n", seconds=13, model=ModelId.SEEDANCE_1_5_PRO), 1),
        (Preset(name="n", resolution=Resolution.P1080, model=ModelId.SEEDANCE_1_5_PRO), 1),
        (Preset(name="n", resolution=Resolution.P1080, seconds=15), 0),
        (Preset(name="n", aspect_ratio=AspectRatio.AUTO, model=ModelId.SEEDANCE_2_0), 0),
        (NOIR, 0),
    ],
)
def test_every_broken_rule_of_a_preset_is_named(preset: Preset, rules: int):
    """Lengths at their limits, emptiness, and what no model makes."""
    if not rules:
        assert validate_preset(preset) == preset
        return
    with pytest.raises(RulesViolated) as error:
        validate_preset(preset)
    assert len(error.value.violations) == rules


def test_a_preset_fills_what_is_left_open():
    """Every option, and the suffix after a comma."""
    request = build_request(apply_preset(a_draft(), NOIR))
    assert request.prompt == "a lake, black and white, film grain"
    chosen = (request.model, request.seconds, request.resolution, request.aspect_ratio)
    assert chosen == (NOIR.model, NOIR.seconds, NOIR.resolution, NOIR.aspect_ratio)
    assert not request.sound


def test_what_the_member_chose_stays():
    """Only the suffix is added."""
    own = a_draft(
        model=ModelId.SEEDANCE_1_5_PRO,
        seconds=4,
        resolution=Resolution.P480,
        aspect_ratio=AspectRatio.SQUARE,
        sound=True,
    )
    request = build_request(apply_preset(own, NOIR))
    chosen = (request.model, request.seconds, request.resolution, request.aspect_ratio)
    assert chosen == (own.model, own.seconds, own.resolution, own.aspect_ratio)
    assert request.sound
    assert request.prompt.endswith(NOIR.suffix)


def test_a_suffix_is_added_once():
    """A prompt that was made with the preset is not lengthened again."""
    once = apply_preset(a_draft(), NOIR)
    assert apply_preset(once, NOIR).prompt == once.prompt


def test_a_suffix_is_no_prompt():
    """A prompt of only spaces stays empty, and is refused."""
    rules = broken(apply_preset(a_draft(prompt=" \u200b "), NOIR))
    assert rules == ("The prompt is empty: say what the video should show.",)


def test_the_suffix_counts_towards_the_longest_prompt():
    """2,500 characters on 1.5 Pro, suffix included; the preset is named as the cause."""
    preset = Preset(name="n", suffix="x" * 10)
    fits = a_draft(prompt="p" * 2488)
    assert len(build_request(apply_preset(fits, preset)).prompt) == 2500
    too_long, cause = broken(apply_preset(a_draft(prompt="p" * 2489), preset))
    assert "2,501" in too_long
    assert cause.startswith(DOES_NOT_FIT)


@pytest.mark.parametrize(
    ("command", "given", "preset"),
    [
        (GenerationCommand.VIDEO, {}, Preset(name="n", resolution=Resolution.P1080)),
        (GenerationCommand.VIDEO, {}, Preset(name="n", seconds=15)),
        (GenerationCommand.VIDEO, {}, Preset(name="n", aspect_ratio=AspectRatio.AUTO)),
        (GenerationCommand.REFERENCE, {}, Preset(name="n", model=ModelId.SEEDANCE_1_5_PRO)),
        (GenerationCommand.VIDEO, {"model": ModelId.SEEDANCE_1_5_PRO}, NOIR),
    ],
)
def test_a_preset_that_does_not_fit_is_named_with_what_it_breaks(
    command: GenerationCommand, given: dict[str, object], preset: Preset
):
    """The member sees that it was not their own choice."""
    rules = broken(apply_preset(a_draft(command=command, **given), preset))
    assert any(rule.startswith(DOES_NOT_FIT) for rule in rules)
    assert len(rules) >= 2


def test_a_members_own_mistake_is_not_the_presets():
    """Only what the preset chose is held against it."""
    rules = broken(apply_preset(a_draft(seconds=99), Preset(name="n", sound=True)))
    assert not any(rule.startswith(DOES_NOT_FIT) for rule in rules)


def test_names_are_the_same_whatever_their_case():
    """And however many spaces stand between their words."""
    assert Preset(name="Film  NOIR").key == Preset(name="film noir").key
