"""Text in the shipped fonts: what they can draw, and how wide it is."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, partial
from itertools import groupby
from typing import Final, Literal

from PIL import ImageFont

from cogs.reports.charts.font_files import FOLDER

FontWeight = Literal["Regular", "SemiBold"]

_UNIT: Final = 100
_INTER: Final = re.compile(
    "[ -~\u00a1-\u00ac\u00ae-\u0148\u014a-\u01c3\u01c5-\u024f\u0386\u0388-\u038a\u038c"
    "\u038e-\u03a1\u03a3-\u03ce\u0400-\u0482\u048a-\u049d\u04a0-\u04ff\u1e00-\u1eff"
    "\u2010-\u2015\u2018-\u2022\u2026\u2030\u2039\u203a\u20ac\u2116\u2122\u2212]"
)
"""Characters that Inter has a glyph for."""


def strip_undrawable(text: str) -> str:
    """Return the drawable part of any text, on one line; it may be empty.

    Compatibility forms of letters become plain ones; emoji and scripts without glyphs are removed.
    """
    line = " ".join(unicodedata.normalize("NFKC", text).split())
    drawable = (char for char in line if _INTER.match(char) or char in _east_asian_characters())
    return " ".join("".join(drawable).split())


def measure(text: str, weight: FontWeight) -> float:
    """Return the width of a text in units of its font's size."""
    return sum(
        _font(file).getlength(run) / _UNIT for file, run in _runs(text, f"Inter-{weight}.otf")
    )


def _runs(text: str, latin: str) -> Iterator[tuple[str, str]]:
    """Split a text by the font files that draw it; Han and kana have one width in all of them."""
    for file, run in groupby(text, partial(_file_for, latin=latin)):
        yield file, "".join(run)


def _file_for(char: str, latin: str) -> str:
    if _INTER.match(char):
        return latin
    is_hangul = "\uac00" <= char <= "\ud7a3"
    return f"NotoSansCJK{'kr' if is_hangul else 'jp'}-Regular.otf"


@cache
def _font(file: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FOLDER / file), _UNIT)


@cache
def _east_asian_characters() -> frozenset[str]:
    return frozenset((FOLDER / "east_asian.txt").read_text(encoding="utf-8"))
