"""Presets: what one may hold, and how it fills what a member left open."""

import pytest

from domain.errors import RulesViolated
from domain.models import AspectRatio, ModelId, Resolution
from domain.presets import MAX_NAME_CHARS, MAX_SUFFIX_CHARS, Preset, apply_preset, validate_preset
from domain.requests import Draft, GenerationCommand, build_request
from domain.violations import Source, Violation
from domain.violations import ViolationCode as Code

NOIR = Preset(
    name="Noir",
    suffix="black and white, film grain",
    model=ModelId.SEEDANCE_2_0,
    seconds=8,
    resolution=Resolution.P1080,
    aspect_ratio=AspectRatio.CINEMA,
    sound=False,
)
DOES_NOT_FIT = Violation.of(Code.PRESET_DOES_NOT_FIT, Source.PRESET)


def a_draft(**given: object) -> Draft:
    return Draft(**{"command": GenerationCommand.VIDEO, "prompt": "a lake", **given})


def broken(draft: Draft) -> tuple[Violation, ...]:
    with pytest.raises(RulesViolated) as error:
        build_request(draft)
    return error.value.violations


def test_a_preset_is_kept_on_one_line_each():
    """White space around and within name and suffix is put in order."""
    tidy = validate_preset(Preset(name="  Film \n noir ", suffix=" grain,\n dark "))
    assert (tidy.name, tidy.suffix) == ("Film noir", "grain, dark")


@pytest.mark.parametrize(
    ("preset", "codes"),
    [
        (Preset(name="n" * MAX_NAME_CHARS, suffix="s" * MAX_SUFFIX_CHARS), set()),
        (
            Preset(name="n" * (MAX_NAME_CHARS + 1), suffix="s" * (MAX_SUFFIX_CHARS + 1)),
            {Code.PRESET_NAME_TOO_LONG, Code.PRESET_SUFFIX_TOO_LONG},
        ),
        (Preset(name="\U0001f3ac" * 17, sound=True), {Code.PRESET_NAME_TOO_LONG}),
        (Preset(name="n", suffix="\ud800"), {Code.PRESET_NOT_SENDABLE}),
        (Preset(name="\0n", sound=True), {Code.PRESET_NOT_SENDABLE}),
        (Preset(name=" \u200b ", suffix="\u200b"), {Code.PRESET_NAME_MISSING, Code.PRESET_EMPTY}),
        (Preset(name="n"), {Code.PRESET_EMPTY}),
        (Preset(name="n", sound=False), set()),
        (Preset(name="n", seconds=15), set()),
        (Preset(name="n", seconds=16), {Code.PRESET_UNSUPPORTED}),
        (Preset(name="n", seconds=3), {Code.PRESET_UNSUPPORTED}),
        (
            Preset(name="n", seconds=13, model=ModelId.SEEDANCE_1_5_PRO),
            {Code.PRESET_UNSUPPORTED_BY_MODEL},
        ),
        (
            Preset(name="n", resolution=Resolution.P1080, model=ModelId.SEEDANCE_1_5_PRO),
            {Code.PRESET_UNSUPPORTED_BY_MODEL},
        ),
        (Preset(name="n", resolution=Resolution.P1080, seconds=15), set()),
        (Preset(name="n", aspect_ratio=AspectRatio.AUTO, model=ModelId.SEEDANCE_2_0), set()),
        (NOIR, set()),
    ],
)
def test_every_broken_rule_of_a_preset_is_named(preset: Preset, codes: set[Code]):
    """Lengths at their limits, emptiness, and what no model makes."""
    if not codes:
        assert validate_preset(preset) == preset
        return
    with pytest.raises(RulesViolated) as error:
        validate_preset(preset)
    assert {violation.code for violation in error.value.violations} == codes


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
    assert [rule.code for rule in rules] == [Code.PROMPT_EMPTY]


def test_the_suffix_counts_towards_the_longest_prompt():
    """2,500 characters on 1.5 Pro, suffix included; the preset is named as the cause."""
    preset = Preset(name="n", suffix="x" * 10)
    fits = a_draft(prompt="p" * 2488)
    assert len(build_request(apply_preset(fits, preset)).prompt) == 2500
    too_long, cause = broken(apply_preset(a_draft(prompt="p" * 2489), preset))
    assert dict(too_long.params)["units"] == 2501
    assert cause == DOES_NOT_FIT


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
    assert DOES_NOT_FIT in rules
    assert len(rules) >= 2


def test_a_members_own_mistake_is_not_the_presets():
    """Only what the preset chose is held against it."""
    rules = broken(apply_preset(a_draft(seconds=99), Preset(name="n", sound=True)))
    assert DOES_NOT_FIT not in rules


def test_names_are_the_same_whatever_their_case():
    """And however many spaces stand between their words."""
    assert Preset(name="Film  NOIR").key == Preset(name="film noir").key
