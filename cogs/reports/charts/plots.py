"""Charts of spending: bars over time, and a ranking; both split by model.

The colours are Okabe and Ito's, which colour-blind readers can distinguish, ordered light and dark
in turn. The legend names every colour, so that no information depends on colour alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

CHART_WIDTH: Final = 400
"""Pixels; a phone shows them as 289."""

_COLOURS: Final = ("#56b4e9", "#d55e00", "#f0e442", "#009e73", "#cc79a7")
_MARGIN: Final = 14
_GAP: Final = 1.0
"""Pixels of background between two parts of a bar."""

_TITLE: Final = FontStyle(size=18, weight="SemiBold", fill=TEXT_COLOUR)
_LARGE: Final = FontStyle(size=22, weight="SemiBold", fill=TEXT_COLOUR, anchor="end")
_PLAIN: Final = FontStyle()
_BRIGHT: Final = FontStyle(fill=TEXT_COLOUR)
_FIGURE: Final = FontStyle(weight="SemiBold", fill=TEXT_COLOUR, anchor="middle", halo=True)

_NOTHING_SPENT: Final = N_("Nothing spent yet")
_NOTHING_SPENT_STYLE: Final = FontStyle(size=18, anchor="middle", halo=True)

CostByModel = Mapping[str, MicroUSD]
"""What each model cost, by the model's label."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: the label below or before it, its parts, and in a ranking its share of the whole.

    A part is negative where more was given back than paid; it shortens the others. A bar below zero
    has a figure only.
    """

    label: str
    cost_by_model: CostByModel
    share: str = ""

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

    `notes` are said beside the number of videos. `limit` is drawn across the bars, where each is a
    day.
    """

    title: str
    period: str
    total: MicroUSD
    video_count: int
    models: Sequence[str]
    bars: Sequence[Bar]
    notes: Sequence[str] = ()
    limit: MicroUSD | None = None


def render_time_chart(chart: Chart) -> str:
    """Return SVG with vertical bars, one for each day, week or month."""
    return _render(chart, _BOTTOM + 26, _draw_time_chart(chart))


def render_ranking_chart(chart: Chart) -> str:
    """Return SVG with horizontal bars, one for each member or channel, as high as they need."""
    bottom = max(_MIN_RANKING_BOTTOM, _RANKING_TOP + len(chart.bars) * _RANK_HEIGHT)
    return _render(chart, bottom, _draw_ranking(chart, bottom))


def _render(chart: Chart, bottom: float, plot: Iterable[str]) -> str:
    """Put the head above a plot, and below it a line for each model."""
    legend = list(_draw_legend(chart, bottom + _LEGEND_HEIGHT))
    height = bottom + _LEGEND_HEIGHT * (len(legend) + 1)
    return render_svg(CHART_WIDTH, height, [*_draw_head(chart), *plot, *legend])


def _draw_head(chart: Chart) -> Iterator[str]:
    right, total = CHART_WIDTH - _MARGIN, format_price(chart.total)
    room = right - _MARGIN - text_width(total, _LARGE) - 10
    made = ngettext("{count} video", "{count} videos", chart.video_count)
    yield draw_text(_MARGIN, 28, truncate_text(chart.title, _TITLE, room), _TITLE)
    yield draw_text(right, 29, total, _LARGE)
    for y, line in ((49, chart.period), (69, " · ".join([made, *chart.notes]))):
        yield draw_text(_MARGIN, y, truncate_text(line, _PLAIN, right - _MARGIN), _PLAIN)


# --- bars over time

_TOP: Final = 116
_BOTTOM: Final = 276
_PLOT_HEIGHT: Final = _BOTTOM - _TOP
_MAX_BAR_WIDTH: Final = 40
_MAX_LIMIT_FACTOR: Final = 20
"""A limit more than this many times the highest bar is said, and has no line."""


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
    left, right = _MARGIN + max(map(_width, steps.labels)) + 8, CHART_WIDTH - _MARGIN
    plot = _Plot(left, right, len(chart.bars), steps)
    yield from _draw_grid(plot)
    if not any(bar.total for bar in chart.bars):
        yield draw_text(
            (left + right) / 2, (_TOP + _BOTTOM) / 2, _(_NOTHING_SPENT), _NOTHING_SPENT_STYLE
        )
    yield from _draw_columns(chart, plot)
    if chart.limit is not None:
        yield from _draw_limit(chart.limit, chart.bars, plot)
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
        yield draw_text(plot.left - 6, y + 5, label, replace(_PLAIN, anchor="end"))


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


def _draw_limit(limit: MicroUSD, bars: Sequence[Bar], plot: _Plot) -> Iterator[str]:
    """Draw the limit over the lower half of the bars; above the scale it has an arrow, no line."""
    text = _("daily limit {amount}", amount=format_compact_usd(limit))
    half = len(bars) // 2
    is_left = _highest(bars[:half]) < _highest(bars[half:])
    style = replace(_BRIGHT, anchor="start" if is_left else "end", halo=True)
    x = plot.left + 4 if is_left else plot.right
    if limit > plot.scale.maximum:
        tip, start = plot.left + 6, plot.left + 18
        yield f'<path d="M{tip} {_TOP - 36}l5.5 11h-11z" fill="{TEXT_COLOUR}"/>'
        yield draw_text(start, _TOP - 25, text, replace(style, anchor="start"))
        return
    y = _BOTTOM - plot.height(limit)
    yield draw_horizontal_line(plot.left, plot.right, y, TEXT_COLOUR, dashed=True)
    yield draw_text(x, y - 5, text, style)


def _highest(bars: Sequence[Bar]) -> int:
    return max((bar.total for bar in bars), default=0)


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
    widest = max((_width(bar.label) for bar in bars), default=0)
    label_step = max(1, ceil((widest + 8) / plot.pitch))
    free_from = 0.0
    for number, bar in enumerate(bars):
        half = _width(bar.label) / 2
        x = min(max(plot.middle(number), half), CHART_WIDTH - half - 2)
        if number % label_step == 0 and x - half >= free_from:
            free_from = x + half + 4
            yield draw_text(x, _BOTTOM + 20, bar.label, replace(_PLAIN, anchor="middle"))


# --- rankings

_RANKING_TOP: Final = 84
_MIN_RANKING_BOTTOM: Final = 130
_RANK_HEIGHT: Final = 27
_NAME_WIDTH: Final = 110


def _draw_ranking(chart: Chart, bottom: float) -> Iterator[str]:
    if not any(bar.total for bar in chart.bars):
        middle = (_RANKING_TOP + bottom) / 2
        yield draw_text(CHART_WIDTH / 2, middle, _(_NOTHING_SPENT), _NOTHING_SPENT_STYLE)
        return
    names = [truncate_text(bar.label, _BRIGHT, _NAME_WIDTH) for bar in chart.bars]
    figures = [format_price(bar.total) for bar in chart.bars]
    left = _MARGIN + max(map(_width, names)) + 8
    beside = max(text_width(figure, _FIGURE) for figure in figures) + 16
    right = CHART_WIDTH - _MARGIN - max(_width(bar.share) for bar in chart.bars) - beside
    per_micro = (right - left) / max(1, _highest(chart.bars))
    for number, (bar, name, figure) in enumerate(zip(chart.bars, names, figures, strict=True)):
        y, x = _RANKING_TOP + _RANK_HEIGHT * number, left
        yield draw_text(left - 8, y + 16, name, replace(_BRIGHT, anchor="end"))
        for colour, amount in _coloured_parts(chart, bar):
            width = amount * per_micro
            yield draw_rect(x, y + 1, max(width - _GAP, min(width, 1)), _RANK_HEIGHT - 7, colour)
            x += width
        yield draw_text(x + 6, y + 16, figure, replace(_FIGURE, anchor="start"))
        yield draw_text(CHART_WIDTH - _MARGIN, y + 16, bar.share, replace(_PLAIN, anchor="end"))


# --- both

_LEGEND_HEIGHT: Final = 22


def _draw_legend(chart: Chart, first_y: float) -> Iterator[str]:
    """Draw a line for each model: its colour, label and total cost."""
    for number, (colour, model, amount) in enumerate(_model_sums(chart)):
        y = first_y + _LEGEND_HEIGHT * number
        texts = [
            draw_rect(_MARGIN, y - 12, 13, 13, colour),
            draw_text(_MARGIN + 21, y, model, _PLAIN),
            draw_text(_MARGIN + 30 + _width(model), y, format_price(amount), _BRIGHT),
        ]
        yield "".join(texts)


def _model_sums(chart: Chart) -> Iterator[tuple[str, str, MicroUSD]]:
    for number, model in enumerate(chart.models):
        amount = sum(bar.cost_by_model.get(model, ZERO) for bar in chart.bars)
        if amount:
            yield _COLOURS[number % len(_COLOURS)], model, MicroUSD(amount)


def _width(text: str) -> float:
    """Return the width of a plain text, in pixels."""
    return text_width(text, _PLAIN)
