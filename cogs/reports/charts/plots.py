"""Charts of spending: bars over time, and a ranking; both split by model.

The colours are Okabe and Ito's, which colour-blind readers can distinguish, ordered light and dark
in turn. The legend names every colour, so that no information depends on colour alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from cogs.reports.charts.svg import (
    GRID_COLOUR,
    MUTED_COLOUR,
    TEXT_COLOUR,
    AxisScale,
    FontStyle,
    choose_axis_scale,
    draw_horizontal_line,
    draw_rect,
    draw_text,
    format_compact_usd,
    render_svg,
    text_width,
    truncate_text,
)
from cogs.ui.i18n import N_, _, format_price, ngettext
from domain.money import ZERO, MicroUSD

CHART_WIDTH: Final = 800
CHART_HEIGHT: Final = 450

_COLOURS: Final = ("#56b4e9", "#d55e00", "#f0e442", "#009e73", "#cc79a7")
_MARGIN: Final = 28
_GAP: Final = 1.5
"""Pixels of background between two parts of a bar."""

_TITLE: Final = FontStyle(size=20, weight="SemiBold", fill=TEXT_COLOUR)
_LARGE: Final = FontStyle(size=26, weight="SemiBold", fill=TEXT_COLOUR)
_PLAIN: Final = FontStyle()
_BRIGHT: Final = FontStyle(fill=TEXT_COLOUR)
_SMALL: Final = FontStyle(size=12)
_FIGURE: Final = FontStyle(size=12, weight="SemiBold", fill=TEXT_COLOUR, anchor="middle", halo=True)

_NOTHING_SPENT: Final = N_("Nothing spent yet")
_NOTHING_SPENT_STYLE: Final = FontStyle(size=20, anchor="middle", halo=True)

CostByModel = Mapping[str, MicroUSD]
"""What each model cost, by the model's label."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the label below or before it, and its parts.

    A part is negative where more was given back than paid; it shortens the others. A bar below zero
    has a figure only.
    """

    label: str
    cost_by_model: CostByModel

    @property
    def total(self) -> MicroUSD:
        """Return the sum of the parts."""
        return MicroUSD(sum(self.cost_by_model.values()))

    @property
    def drawn(self) -> Mapping[str, float]:
        """Return the parts to draw, by model: together they are as long as the total."""
        paid = {model: amount for model, amount in self.cost_by_model.items() if amount > 0}
        per_paid = max(0, self.total) / (sum(paid.values()) or 1)
        return {model: amount * per_paid for model, amount in paid.items() if per_paid}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The data of a chart; texts are drawable, and `models` are in the order of their colours.

    `paid` is what the shares of a ranking are of: all that was paid, but for those who got more
    back than they paid. `limit` is drawn across the bars, where each is a day. `most_used_model`
    may be empty.
    """

    title: str
    period: str
    total: MicroUSD
    paid: MicroUSD
    video_count: int
    models: Sequence[str]
    bars: Sequence[Bar]
    limit: MicroUSD | None = None
    most_used_model: str = ""


def render_time_chart(chart: Chart) -> str:
    """Return SVG with vertical bars, one for each day, week or month."""
    return render_svg(
        CHART_WIDTH,
        CHART_HEIGHT,
        [*_draw_head(chart), *_draw_time_chart(chart), *_draw_legend(chart, CHART_HEIGHT)],
    )


def render_ranking_chart(chart: Chart) -> str:
    """Return SVG with horizontal bars, one for each member or channel, as high as they need."""
    height = max(_MIN_RANKING_HEIGHT, _RANKING_TOP + len(chart.bars) * _RANK_HEIGHT + 62)
    return render_svg(
        CHART_WIDTH,
        height,
        [*_draw_head(chart), *_draw_ranking(chart, height), *_draw_legend(chart, height)],
    )


def format_share(part: int, whole: int) -> str:
    """Format a part in whole per cent, rounded down; a refund has no share."""
    if part <= 0 or whole <= 0:
        return _("{percent} %", percent=0)
    if part * 100 < whole:
        return _("< 1 %")
    return _("{percent} %", percent=part * 100 // whole)


def _draw_head(chart: Chart) -> Iterator[str]:
    right = CHART_WIDTH - _MARGIN
    made = [ngettext("{count} video", "{count} videos", chart.video_count)]
    if chart.most_used_model:
        made.append(_("mostly {model}", model=chart.most_used_model))
    yield draw_text(_MARGIN, 42, truncate_text(chart.title, _TITLE, 500), _TITLE)
    yield draw_text(_MARGIN, 64, chart.period, _PLAIN)
    yield draw_text(right, 45, format_price(chart.total), replace(_LARGE, anchor="end"))
    yield draw_text(right, 64, " · ".join(made), replace(_PLAIN, anchor="end"))


# --- bars over time

_TOP: Final = 120
_BOTTOM: Final = CHART_HEIGHT - 76
_PLOT_HEIGHT: Final = _BOTTOM - _TOP
_MAX_BAR_WIDTH: Final = 64
_LIMIT_WIDTH: Final = 74
_MAX_LIMIT_FACTOR: Final = 4
"""A limit more than this many times the highest bar is drawn above the scale."""


@dataclass(frozen=True, slots=True)
class _Plot:
    """The area of the bars, from `left` to `right` in pixels, and its scale."""

    left: float
    right: float
    count: int
    scale: AxisScale

    @property
    def pitch(self) -> float:
        """Return the width of a bar's slot, in pixels."""
        return (self.right - self.left) / max(1, self.count)

    def middle(self, number: int) -> float:
        """Return the x of a bar's centre, in pixels."""
        return self.left + self.pitch * (number + 0.5)

    def height(self, amount: float) -> float:
        """Return the height of an amount above the base line, in pixels."""
        return _PLOT_HEIGHT * amount / self.scale.maximum


def _draw_time_chart(chart: Chart) -> Iterator[str]:
    steps = choose_axis_scale(_scale_maximum(chart))
    left = _MARGIN + max(text_width(label, _SMALL) for label in steps.labels) + 12
    right = CHART_WIDTH - _MARGIN - (0 if chart.limit is None else _LIMIT_WIDTH)
    plot = _Plot(left, right, len(chart.bars), steps)
    yield from _draw_grid(plot)
    if not any(bar.total for bar in chart.bars):
        yield draw_text(
            (left + right) / 2, (_TOP + _BOTTOM) / 2, _(_NOTHING_SPENT), _NOTHING_SPENT_STYLE
        )
    yield from _draw_columns(chart, plot)
    if chart.limit is not None:
        yield from _draw_limit(chart.limit, plot)
    yield from _draw_figures(chart.bars, plot)
    yield from _draw_names(chart.bars, plot)


def _scale_maximum(chart: Chart) -> int:
    """Return the amount that the scale has to reach, in micro-dollars.

    A limit far above the bars is left out: the bars would be too low to compare.
    """
    highest = max((bar.total for bar in chart.bars), default=ZERO)
    limit = chart.limit or ZERO
    return max(
        1, highest if highest and limit > highest * _MAX_LIMIT_FACTOR else max(highest, limit)
    )


def _draw_grid(plot: _Plot) -> Iterator[str]:
    for number, label in enumerate(plot.scale.labels):
        y = _BOTTOM - plot.height(plot.scale.step * number)
        yield draw_horizontal_line(
            plot.left, plot.right, y, MUTED_COLOUR if number == 0 else GRID_COLOUR
        )
        yield draw_text(plot.left - 8, y + 4, label, replace(_SMALL, anchor="end"))


def _draw_columns(chart: Chart, plot: _Plot) -> Iterator[str]:
    width = min(_MAX_BAR_WIDTH, plot.pitch * 0.7)
    for number, bar in enumerate(chart.bars):
        y = float(_BOTTOM)
        for colour, amount in _coloured_parts(chart, bar):
            height = plot.height(amount)
            y -= height
            x = plot.middle(number) - width / 2
            yield draw_rect(x, y, width, max(height - _GAP, min(height, 1)), colour)


def _coloured_parts(chart: Chart, bar: Bar) -> Iterator[tuple[str, float]]:
    drawn = bar.drawn
    for number, model in enumerate(chart.models):
        if model in drawn:
            yield _COLOURS[number % len(_COLOURS)], drawn[model]


def _draw_limit(limit: MicroUSD, plot: _Plot) -> Iterator[str]:
    """Draw the limit and its label beside the bars; an arrow marks a limit above the scale."""
    above = limit > plot.scale.maximum
    x, y = plot.right + 8, _TOP - 28 if above else _BOTTOM - plot.height(limit)
    style = replace(_SMALL, fill=TEXT_COLOUR)
    yield draw_horizontal_line(plot.left, plot.right, y, TEXT_COLOUR, dashed=True)
    yield draw_text(x, y - 3, _("daily limit"), style)
    yield draw_text(x, y + 12, format_compact_usd(limit), style)
    if above:
        tip = x + text_width(format_compact_usd(limit), style) + 10
        yield f'<path d="M{tip:.1f} {y + 3:.1f}l4.5 9h-9z" fill="{TEXT_COLOUR}"/>'


def _draw_figures(bars: Sequence[Bar], plot: _Plot) -> Iterator[str]:
    """Draw each bar's amount above it; only the highest bar's if they do not all fit."""
    figures = [format_price(bar.total) for bar in bars]
    all_fit = all(text_width(figure, _FIGURE) + 6 <= plot.pitch for figure in figures)
    highest = max(range(len(bars)), key=lambda number: bars[number].total, default=0)
    for number, (bar, figure) in enumerate(zip(bars, figures, strict=True)):
        if bar.total and (all_fit or number == highest):
            half = text_width(figure, _FIGURE) / 2
            x = min(max(plot.middle(number), plot.left + half), plot.right - half)
            yield draw_text(x, _BOTTOM - plot.height(max(0, bar.total)) - 6, figure, _FIGURE)


def _draw_names(bars: Sequence[Bar], plot: _Plot) -> Iterator[str]:
    """Draw the labels of the bars, or of every n-th bar if they do not all fit."""
    widest = max((text_width(bar.label, _SMALL) for bar in bars), default=0)
    label_step = max(1, ceil((widest + 10) / plot.pitch))
    for number, bar in enumerate(bars):
        if number % label_step == 0:
            x = min(plot.middle(number), CHART_WIDTH - _MARGIN - text_width(bar.label, _SMALL) / 2)
            yield draw_text(x, _BOTTOM + 20, bar.label, replace(_SMALL, anchor="middle"))


# --- rankings

_MIN_RANKING_HEIGHT: Final = 200
_RANKING_TOP: Final = 92
_RANK_HEIGHT: Final = 28
_NAME_WIDTH: Final = 190
_FIGURE_WIDTH: Final = 150


def _draw_ranking(chart: Chart, height: float) -> Iterator[str]:
    if not any(bar.total for bar in chart.bars):
        yield draw_text(CHART_WIDTH / 2, height / 2 + 16, _(_NOTHING_SPENT), _NOTHING_SPENT_STYLE)
        return
    names = [truncate_text(bar.label, _BRIGHT, _NAME_WIDTH) for bar in chart.bars]
    left = _MARGIN + max(text_width(name, _BRIGHT) for name in names) + 14
    highest = max(1, *(bar.total for bar in chart.bars))
    per_micro = (CHART_WIDTH - _MARGIN - _FIGURE_WIDTH - left) / highest
    for number, (bar, name) in enumerate(zip(chart.bars, names, strict=True)):
        y = _RANKING_TOP + _RANK_HEIGHT * number
        yield draw_text(left - 14, y + 16, name, replace(_BRIGHT, anchor="end"))
        x = left
        for colour, amount in _coloured_parts(chart, bar):
            width = amount * per_micro
            yield draw_rect(x, y + 2, max(width - _GAP, min(width, 1)), _RANK_HEIGHT - 8, colour)
            x += width
        yield draw_text(x + 8, y + 16, format_price(bar.total), replace(_FIGURE, anchor="start"))
        share = format_share(bar.total, chart.paid)
        yield draw_text(CHART_WIDTH - _MARGIN, y + 16, share, replace(_SMALL, anchor="end"))


# --- both


def _draw_legend(chart: Chart, height: float) -> Iterator[str]:
    """Draw each model's colour, label and total cost."""
    x, y = float(_MARGIN), height - 22
    for colour, model, amount in _model_sums(chart):
        figure = format_price(amount)
        yield draw_rect(x, y - 11, 12, 12, colour)
        yield draw_text(x + 20, y, model, _PLAIN)
        yield draw_text(x + 28 + text_width(model, _PLAIN), y, figure, _BRIGHT)
        x += 28 + text_width(model, _PLAIN) + text_width(figure, _BRIGHT) + 26


def _model_sums(chart: Chart) -> Iterator[tuple[str, str, MicroUSD]]:
    for number, model in enumerate(chart.models):
        amount = sum(bar.cost_by_model.get(model, ZERO) for bar in chart.bars)
        if amount:
            yield _COLOURS[number % len(_COLOURS)], model, MicroUSD(amount)
