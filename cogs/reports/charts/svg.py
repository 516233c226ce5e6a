"""SVG primitives: shapes, text in the shipped font and its width, scales of money."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from xml.sax.saxutils import escape

from babel.numbers import format_currency

from cogs.reports.charts.text_metrics import FontWeight, measure
from cogs.ui.i18n import current_locale, format_usd
from domain.money import MicroUSD

BACKGROUND_COLOUR: Final = "#313338"
TEXT_COLOUR: Final = "#f2f3f5"
MUTED_COLOUR: Final = "#b5bac1"
GRID_COLOUR: Final = "#4a4d54"

TextAnchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FontStyle:
    """The style of a text; `size` is in pixels. A `halo` separates it from what is behind it."""

    size: float = 15.5
    weight: FontWeight = "Regular"
    fill: str = MUTED_COLOUR
    anchor: TextAnchor = "start"
    halo: bool = False


def text_width(text: str, style: FontStyle) -> float:
    """Return the width of a text, in pixels."""
    return measure(text, style.weight) * style.size


def truncate_text(text: str, style: FontStyle, max_width: float) -> str:
    """Return a text shortened to a width in pixels."""
    if text_width(text, style) <= max_width:
        return text
    while text and text_width(f"{text}…", style) > max_width:
        text = text[:-1].rstrip()
    return f"{text}…"


def draw_text(x: float, y: float, text: str, style: FontStyle) -> str:
    """Return one line of text as SVG; `y` is its base line."""
    weight = 600 if style.weight == "SemiBold" else 400
    halo = (
        f' stroke="{BACKGROUND_COLOUR}" stroke-width="4" paint-order="stroke"' if style.halo else ""
    )
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{style.size:g}" font-weight="{weight}" '
        f'fill="{style.fill}" text-anchor="{style.anchor}"{halo}>{escape(text)}</text>'
    )


def draw_rect(x: float, y: float, width: float, height: float, fill: str) -> str:
    """Return a filled rectangle as SVG."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>'
    )


def draw_horizontal_line(
    x1: float, x2: float, y: float, stroke: str = GRID_COLOUR, *, dashed: bool = False
) -> str:
    """Return a horizontal line as SVG."""
    dashes = ' stroke-width="1.5" stroke-dasharray="6 4"' if dashed else ""
    return f'<path d="M{x1:.1f} {y:.1f}H{x2:.1f}" stroke="{stroke}"{dashes}/>'


def render_svg(width: float, height: float, parts: Iterable[str]) -> str:
    """Return a complete SVG on Discord's dark background."""
    ground = draw_rect(0, 0, width, height, BACKGROUND_COLOUR)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'font-family="Inter" xml:lang="{current_locale().language}">{ground}{"".join(parts)}</svg>'
    )


@dataclass(frozen=True, slots=True)
class AxisScale:
    """The axis of a chart: equal steps of micro-dollars from zero to its maximum."""

    step: int
    step_count: int

    @property
    def maximum(self) -> int:
        """Return the end of the scale, in micro-dollars."""
        return self.step * self.step_count

    @property
    def labels(self) -> Sequence[str]:
        """Return a label for each step from zero, all with the decimals that the step needs."""
        step = Decimal(self.step).scaleb(-6).normalize()
        exponent = step.as_tuple().exponent
        assert isinstance(exponent, int), "a step is a number"
        decimals = max(2, -exponent) if exponent < 0 else 0
        return [_dollars(step * number, decimals) for number in range(self.step_count + 1)]


def choose_axis_scale(maximum: int) -> AxisScale:
    """Return a scale of up to five round steps that reaches an amount of micro-dollars."""
    step = next(step for step in _round_steps() if step * 5 >= maximum)
    return AxisScale(step, max(1, -(-maximum // step)))


def format_compact_usd(amount: MicroUSD) -> str:
    """Format an amount in few characters; from $100 without cents."""
    if abs(amount) < 100_000_000:
        return format_usd(amount)
    return _dollars(Decimal(amount).scaleb(-6), 0)


def _dollars(amount: Decimal, decimals: int) -> str:
    """Format dollars with a number of decimals, in the current language."""
    pattern = current_locale().currency_formats["standard"].pattern
    pattern_with_decimals = pattern.replace("0.00", "0." + "0" * decimals if decimals else "0")
    return format_currency(
        amount, "USD", pattern_with_decimals, locale=current_locale(), currency_digits=False
    )


def _round_steps() -> Iterable[int]:
    power = 1_000
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10
