"""Storyboards: the shots of a text, each begun by its number, and the rules for them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.violations import Source, Violation, ViolationCode

MIN_SHOTS: Final = 2
MAX_SHOTS: Final = 8
MAX_PICTURES: Final = 8

_PICTURE: Final = re.compile(r"\[([0-9]{1,2})\]", re.ASCII)
_CUT: Final = re.compile(r"cut\s*:", re.IGNORECASE)


class ShotStart(StrEnum):
    """What a shot begins with."""

    PREVIOUS = "previous"
    """The last frame of the shot before."""

    PICTURE = "picture"
    """A picture that the text names."""

    CUT = "cut"
    """Nothing: it is made from its words."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A shot: its words without its number and marks; `picture` is the named one, from 1."""

    prompt: str
    start: ShotStart
    picture: int | None = None


@dataclass(frozen=True, slots=True)
class Storyboard:
    """The shots of a text, in order, and every rule of storyboards that the text breaks."""

    shots: tuple[Shot, ...]
    violations: tuple[Violation, ...] = ()


def parse_storyboard(text: str, pictures: int = 0) -> Storyboard:
    """Return the shots of a text to which so many pictures were uploaded.

    `1.` at the beginning begins the first shot. Only the next number in turn begins another: at the
    beginning of a line, or, where none does, after a blank and before one. So no number in prose
    does that is none of a list, such as "2.5 m", "at 10." or a second "in 1. place". `cut:` after a
    number begins with a new picture, and so does `[1]`, which names an uploaded one.
    """
    parts = [*_split(text)]
    if not parts:
        missing = Violation.of(ViolationCode.SHOTS_NOT_NUMBERED, Source.FORM, most=MAX_SHOTS)
        return Storyboard((), (missing,))
    shots, named = list[Shot](), set[int]()
    broken = [*_count_rules(len(parts))]
    for number, part in enumerate(parts, 1):
        shot, mentioned = _read_shot(part, is_first=number == 1)
        shots.append(shot)
        named |= mentioned
        broken += _picture_rules(number, mentioned, pictures)
    broken += [
        Violation.of(ViolationCode.SHOT_PICTURE_UNUSED, Source.FORM, picture=one)
        for one in range(1, pictures + 1)
        if one not in named
    ]
    return Storyboard(tuple(shots), tuple(broken))


def _split(text: str) -> Iterator[str]:
    """Yield the text of each shot, without its number; nothing if the first has none."""
    first = _find(1, text, 0)
    if first is None or text[: first.start()].strip():
        return
    begin, number = first.end(), 1
    while (found := _find(number + 1, text, begin)) is not None:
        yield text[begin : found.start()]
        begin, number = found.end(), number + 1
    yield text[begin:]


def _find(number: int, text: str, begin: int) -> re.Match[str] | None:
    """Return where a shot of this number begins, from a position on."""
    on_line = re.compile(rf"^[^\S\n]*{number}\.(?![0-9])", re.MULTILINE)
    within = re.compile(rf"(?<!\S){number}\.(?!\S)")
    return on_line.search(text, begin) or within.search(text, begin)


def _read_shot(text: str, *, is_first: bool) -> tuple[Shot, set[int]]:
    """Return a shot, and the numbers of all the pictures that its text names."""
    words = text.strip()
    cut = _CUT.match(words)
    if cut is not None:
        words = words[cut.end() :]
    named = [int(one) for one in _PICTURE.findall(words)]
    prompt = " ".join(_PICTURE.sub(" ", words).split()) if named else words.strip()
    if named:
        return Shot(prompt, ShotStart.PICTURE, named[0]), set(named)
    start = ShotStart.CUT if is_first or cut is not None else ShotStart.PREVIOUS
    return Shot(prompt, start), set()


def _count_rules(count: int) -> Iterator[Violation]:
    if count < MIN_SHOTS:
        yield Violation.of(ViolationCode.TOO_FEW_SHOTS, Source.FORM, least=MIN_SHOTS)
    if count > MAX_SHOTS:
        yield Violation.of(ViolationCode.TOO_MANY_SHOTS, Source.FORM, most=MAX_SHOTS, given=count)


def _picture_rules(number: int, named: set[int], pictures: int) -> Iterator[Violation]:
    if len(named) > 1:
        yield Violation.of(ViolationCode.SHOT_WITH_SEVERAL_PICTURES, Source.FORM, number=number)
    for one in sorted(named):
        if not 1 <= one <= pictures:
            yield Violation.of(ViolationCode.SHOT_PICTURE_MISSING, Source.FORM, picture=one)
