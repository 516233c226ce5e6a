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

from cogs.ui.i18n import current_locale, format_usd
from domain.money import MicroUSD

BACKGROUND_COLOUR: Final = "#313338"
TEXT_COLOUR: Final = "#f2f3f5"
MUTED_COLOUR: Final = "#b5bac1"
GRID_COLOUR: Final = "#4a4d54"

FontWeight = Literal["Regular", "SemiBold"]
TextAnchor = Literal["start", "middle", "end"]

_FONTS: Final = Path(__file__).parent / "fonts"
_MEASURED_AT: Final = 100
_UNDRAWN: Final = re.compile(
    "[^ -~\u00a1-\u00ac\u00ae-\u0148\u014a-\u01c3\u01c5-\u024f\u0386\u0388-\u038a\u038c"
    "\u038e-\u03a1\u03a3-\u03ce\u0400-\u0482\u048a-\u049d\u04a0-\u04ff\u1e00-\u1eff"
    "\u2010-\u2015\u2018-\u2022\u2026\u2030\u2039\u203a\u20ac\u2116\u2122\u2212]"
)
"""What the shipped font has no shape for."""


def strip_undrawable(text: str) -> str:
    """Keep of a stranger's text what can be drawn, on one line; perhaps nothing.

    Letters in fancy dress become plain ones; emoji and scripts that the font lacks are left out.
    """
    line = " ".join(unicodedata.normalize("NFKC", text).split())
    return " ".join(_UNDRAWN.sub("", line).split())


@dataclass(frozen=True, slots=True, kw_only=True)
class FontStyle:
    """How a text looks; `size` is in pixels. A `halo` keeps it clear of what it stands on."""

    size: float = 13
    weight: FontWeight = "Regular"
    fill: str = MUTED_COLOUR
    anchor: TextAnchor = "start"
    halo: bool = False


def text_width(text: str, style: FontStyle) -> float:
    """Tell how wide a text gets, in pixels."""
    return _font(style.weight).getlength(text) * style.size / _MEASURED_AT


def truncate_text(text: str, style: FontStyle, room: float) -> str:
    """Shorten a text until it fits, in pixels."""
    if text_width(text, style) <= room:
        return text
    while text and text_width(f"{text}…", style) > room:
        text = text[:-1].rstrip()
    return f"{text}…"


def draw_text(x: float, y: float, text: str, style: FontStyle) -> str:
    """Write one line of text; `y` is its base line."""
    weight = 600 if style.weight == "SemiBold" else 400
    halo = (
        f' stroke="{BACKGROUND_COLOUR}" stroke-width="4" paint-order="stroke"' if style.halo else ""
    )
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{style.size:g}" font-weight="{weight}" '
        f'fill="{style.fill}" text-anchor="{style.anchor}"{halo}>{escape(text)}</text>'
    )


def draw_rect(x: float, y: float, wide: float, high: float, fill: str) -> str:
    """Draw a filled rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}"/>'


def draw_horizontal_line(
    x1: float, x2: float, y: float, stroke: str = GRID_COLOUR, *, dashed: bool = False
) -> str:
    """Draw a level line."""
    dashes = ' stroke-width="1.5" stroke-dasharray="6 4"' if dashed else ""
    return f'<path d="M{x1:.1f} {y:.1f}H{x2:.1f}" stroke="{stroke}"{dashes}/>'


def render_svg(wide: float, high: float, parts: Iterable[str]) -> str:
    """Put a picture together, on Discord's dark ground."""
    ground = draw_rect(0, 0, wide, high, BACKGROUND_COLOUR)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:g}" height="{high:g}" '
        f'font-family="Inter">{ground}{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class AxisScale:
    """Steps of money from zero to just above the most that is shown."""

    step: int
    step_count: int

    @property
    def maximum(self) -> int:
        """Tell where the scale ends, in micro-dollars."""
        return self.step * self.step_count

    @property
    def labels(self) -> Sequence[str]:
        """Name each step from zero on, all with as many decimals as the step needs."""
        step = Decimal(self.step).scaleb(-6).normalize()
        exponent = step.as_tuple().exponent
        assert isinstance(exponent, int), "a step is a number"
        decimals = max(2, -exponent) if exponent < 0 else 0
        return [_dollars(step * number, decimals) for number in range(self.step_count + 1)]


def choose_axis_scale(most: int) -> AxisScale:
    """Choose three to six round steps that reach an amount of micro-dollars."""
    step = next(step for step in _round_steps() if step * 5 >= most)
    return AxisScale(step, max(1, -(-most // step)))


def format_compact_usd(amount: MicroUSD) -> str:
    """Show an amount in few characters; from $100 on without cents."""
    if abs(amount) < 100_000_000:
        return format_usd(amount)
    return _dollars(Decimal(amount).scaleb(-6), 0)


def _dollars(amount: Decimal, decimals: int) -> str:
    """Show dollars with so many decimals, in the language spoken."""
    pattern = current_locale().currency_formats["standard"].pattern
    shape = pattern.replace("0.00", "0." + "0" * decimals if decimals else "0")
    return format_currency(amount, "USD", shape, locale=current_locale(), currency_digits=False)


def _round_steps() -> Iterable[int]:
    power = 1_000
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


@cache
def _font(weight: FontWeight) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_FONTS / f"Inter-{weight}.otf"), _MEASURED_AT)
