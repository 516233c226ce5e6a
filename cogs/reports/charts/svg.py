"""Knows how to write SVG: shapes, text in the shipped font and its width, scales of money."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, Literal
from xml.sax.saxutils import escape

from babel.numbers import format_currency
from PIL import ImageFont

from domain.catalogue import language
from domain.money import MicroUSD, show_usd

GROUND: Final = "#313338"
INK: Final = "#f2f3f5"
FAINT: Final = "#b5bac1"
RULE: Final = "#4a4d54"

Weight = Literal["Regular", "SemiBold"]
Anchor = Literal["start", "middle", "end"]

_FONTS: Final = Path(__file__).parent / "fonts"
_MEASURED_AT: Final = 100
_UNDRAWN: Final = re.compile(
    "[^ -~\u00a1-\u00ac\u00ae-\u0148\u014a-\u01c3\u01c5-\u024f\u0386\u0388-\u038a\u038c"
    "\u038e-\u03a1\u03a3-\u03ce\u0400-\u0482\u048a-\u049d\u04a0-\u04ff\u1e00-\u1eff"
    "\u2010-\u2015\u2018-\u2022\u2026\u2030\u2039\u203a\u20ac\u2116\u2122\u2212]"
)
"""What the shipped font has no shape for."""


def drawable(text: str) -> str:
    """Keep of a stranger's text what can be drawn, on one line; perhaps nothing.

    Letters in fancy dress become plain ones; emoji and scripts that the font lacks are left out.
    """
    line = " ".join(unicodedata.normalize("NFKC", text).split())
    return " ".join(_UNDRAWN.sub("", line).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a text looks; `size` is in pixels. A `halo` keeps it clear of what it stands on."""

    size: float = 13
    weight: Weight = "Regular"
    fill: str = FAINT
    anchor: Anchor = "start"
    halo: bool = False


def width(text: str, style: Style) -> float:
    """Tell how wide a text gets, in pixels."""
    return _font(style.weight).getlength(text) * style.size / _MEASURED_AT


def cut(text: str, style: Style, room: float) -> str:
    """Shorten a text until it fits, in pixels."""
    if width(text, style) <= room:
        return text
    while text and width(f"{text}…", style) > room:
        text = text[:-1].rstrip()
    return f"{text}…"


def write(x: float, y: float, text: str, style: Style) -> str:
    """Write one line of text; `y` is its base line."""
    weight = 600 if style.weight == "SemiBold" else 400
    halo = f' stroke="{GROUND}" stroke-width="4" paint-order="stroke"' if style.halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{style.size:g}" font-weight="{weight}" '
        f'fill="{style.fill}" text-anchor="{style.anchor}"{halo}>{escape(text)}</text>'
    )


def box(x: float, y: float, wide: float, high: float, fill: str) -> str:
    """Draw a filled rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}"/>'


def rule(x1: float, x2: float, y: float, stroke: str = RULE, *, dashed: bool = False) -> str:
    """Draw a level line."""
    dashes = ' stroke-width="1.5" stroke-dasharray="6 4"' if dashed else ""
    return f'<path d="M{x1:.1f} {y:.1f}H{x2:.1f}" stroke="{stroke}"{dashes}/>'


def sheet(wide: float, high: float, parts: Iterable[str]) -> str:
    """Put a picture together, on Discord's dark ground."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{high:g}" '
        f'font-family="Inter">{box(0, 0, wide, high, GROUND)}{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class Scale:
    """Steps of money from zero to just above the most that is shown."""

    step: int
    steps: int

    @property
    def top(self) -> int:
        """Tell where the scale ends, in micro-dollars."""
        return self.step * self.steps

    @property
    def labels(self) -> Sequence[str]:
        """Name each step from zero on, all with as many decimals as the step needs."""
        step = Decimal(self.step).scaleb(-6).normalize()
        exponent = step.as_tuple().exponent
        assert isinstance(exponent, int), "a step is a number"
        decimals = max(2, -exponent) if exponent < 0 else 0
        return [_dollars(step * number, decimals) for number in range(self.steps + 1)]


def scale(most: int) -> Scale:
    """Choose three to six round steps that reach an amount of micro-dollars."""
    step = next(step for step in _round_steps() if step * 5 >= most)
    return Scale(step, max(1, -(-most // step)))


def brief(amount: MicroUSD) -> str:
    """Show an amount in few characters; from $100 on without cents."""
    if abs(amount) < 100_000_000:
        return show_usd(amount)
    return _dollars(Decimal(amount).scaleb(-6), 0)


def _dollars(amount: Decimal, decimals: int) -> str:
    """Show dollars with so many decimals, in the language spoken."""
    pattern = language().currency_formats["standard"].pattern
    shape = pattern.replace("0.00", "0." + "0" * decimals if decimals else "0")
    return format_currency(amount, "USD", shape, locale=language(), currency_digits=False)


def _round_steps() -> Iterable[int]:
    power = 1_000
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


@cache
def _font(weight: Weight) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS / f"Inter-{weight}.otf"), _MEASURED_AT)
