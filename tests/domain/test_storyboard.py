"""Storyboards: any shots, written on lines or in one, come back as they were, prose with them."""

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.storyboard import MAX_PICTURES, MAX_SHOTS, Shot, ShotStart, parse_storyboard
from domain.violations import ViolationCode as Code

_WORDS: Final = (
    *("a fox", "jumps", "2.5 m", "10.5", "at 10.", "[fox]", "v1.2", "(3.)", "100.", "4,5", "cut"),
    *("no. 9", "é", "狐", "№3.", "1.2.3", "-1.", "5)", "\u00a0", "room 12.b"),
)
"""Prose with numbers, none of which is the next one after a blank with a blank behind."""

_BREAKS: Final = st.sampled_from([" ", "  ", "\n", "\n\n", " \n\t", "\u00a0", "\r\n"])


@st.composite
def shots(draw: st.DrawFn, pictures: int = MAX_PICTURES) -> list[Shot]:
    """Draw shots whose prose repeats numbers that were taken."""
    found = list[Shot]()
    for number in range(1, draw(st.integers(2, MAX_SHOTS)) + 1):
        taken = [f"in {one}. place" for one in range(1, number + 1)]
        chosen = draw(st.lists(st.sampled_from([*_WORDS, *taken]), min_size=1, max_size=6))
        start = draw(st.sampled_from(ShotStart))
        if number == 1 and start is ShotStart.PREVIOUS:
            start = ShotStart.CUT
        picture = draw(st.integers(1, pictures)) if start is ShotStart.PICTURE else None
        prompt = " ".join(" ".join(["so", *chosen]).split())
        found.append(Shot(prompt, start, picture))
    return found


def written(shot: Shot, number: int, draw: Any) -> str:
    """Write a shot as a member may."""
    mark = draw(st.sampled_from(["cut:", "CUT: ", "Cut :"]))
    match shot.start:
        case ShotStart.CUT if number > 1:
            return f"{number}. {mark}{shot.prompt}"
        case ShotStart.PICTURE:
            name = f"[{shot.picture}]"
            begins = draw(st.booleans())
            return f"{number}. " + (f"{name} {shot.prompt}" if begins else f"{shot.prompt} {name}")
        case _:
            return f"{number}. {shot.prompt}"


@given(st.data())
def test_shots_come_back_whatever_is_between_them(data: st.DataObject):
    """On lines, in one line, or both: only the next number in turn begins a shot."""
    expected = data.draw(shots())
    text = data.draw(st.sampled_from(["", " ", "\n"]))
    for number, shot in enumerate(expected, 1):
        text += (data.draw(_BREAKS) if number > 1 else "") + written(shot, number, data.draw)
    used = {shot.picture for shot in expected if shot.picture}
    found = parse_storyboard(text, max(used, default=0))
    assert [*found.shots] == expected
    unused = {*range(1, max(used, default=0) + 1)} - used
    assert {broken.code for broken in found.violations} <= {Code.SHOT_PICTURE_UNUSED}
    assert {dict(broken.params)["picture"] for broken in found.violations} == unused


@given(st.text() | st.text("0123456789.[] \ncut:a"), st.integers(0, MAX_PICTURES))
def test_no_word_is_lost(text: str, pictures: int):
    """Whatever is written, it is read; what is no mark is in a shot, in its order."""
    found = parse_storyboard(text, pictures)
    rest = "".join(text.split())
    for shot in found.shots:
        for part in shot.prompt.split():
            before, seen, rest = rest.partition(part)
            assert seen
            assert set(before) <= set("0123456789.[]cutCUT:")
    assert bool(found.shots) or found.violations


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("1. a 2. b 3. c", ["a", "b", "c"]),
        ("1. He is in 1. place at 10. 2. He bows", ["He is in 1. place at 10.", "He bows"]),
        ("1. a wall 2.5 m high\n2.a fox", ["a wall 2.5 m high", "a fox"]),
        ("1. she is in 2. place\n2. she bows", ["she is in 2. place", "she bows"]),
        ("1. a 3. b 2. c", ["a 3. b", "c"]),
        ("1. a 1. b", ["a 1. b"]),
        ("1. two lines\nof words\n2. b", ["two lines\nof words", "b"]),
        ("a. 1. b 2. c", []),
        ("1.5 m 2. b", []),
        ("", []),
    ],
)
def test_only_the_next_number_begins_a_shot(text: str, prompts: list[str]):
    """Numbers at lines' beginnings count before those within one."""
    assert [shot.prompt for shot in parse_storyboard(text).shots] == prompts


def test_a_shot_begins_with_the_last_frame_a_picture_or_nothing():
    """The first has none before it; a picture's mark is not for the model."""
    found = parse_storyboard("1. a 2. b 3. cut: c 4. the cat [1] sleeps 5. Cut:[2]d 6. a cut: e", 2)
    assert found.violations == ()
    assert [*found.shots] == [
        Shot("a", ShotStart.CUT),
        Shot("b", ShotStart.PREVIOUS),
        Shot("c", ShotStart.CUT),
        Shot("the cat sleeps", ShotStart.PICTURE, 1),
        Shot("d", ShotStart.PICTURE, 2),
        Shot("a cut: e", ShotStart.PREVIOUS),
    ]


@pytest.mark.parametrize(
    ("text", "pictures", "broken"),
    [
        ("no numbers", 0, [(Code.SHOTS_NOT_NUMBERED, {"most": 8})]),
        ("1. one", 0, [(Code.TOO_FEW_SHOTS, {"least": 2})]),
        (
            " ".join(f"{number}. x" for number in range(1, 10)),
            0,
            [(Code.TOO_MANY_SHOTS, {"most": 8, "given": 9})],
        ),
        (
            "1. [1] and [2] 2. [3] 3. [0]",
            2,
            [
                (Code.SHOT_WITH_SEVERAL_PICTURES, {"number": 1}),
                (Code.SHOT_PICTURE_MISSING, {"picture": 3}),
                (Code.SHOT_PICTURE_MISSING, {"picture": 0}),
            ],
        ),
        (
            "1. a",
            2,
            [
                (Code.TOO_FEW_SHOTS, {"least": 2}),
                (Code.SHOT_PICTURE_UNUSED, {"picture": 1}),
                (Code.SHOT_PICTURE_UNUSED, {"picture": 2}),
            ],
        ),
    ],
)
def test_every_broken_rule_is_named(text: str, pictures: int, broken: list[tuple[Code, Any]]):
    """All at once, in the order of the text."""
    found = parse_storyboard(text, pictures).violations
    assert [(one.code, dict(one.params)) for one in found] == broken
