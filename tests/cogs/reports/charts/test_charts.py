"""The pictures: what is where, that everything fits, and that they can be drawn."""

import asyncio
import io
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cogs.reports.charts import renderer
from cogs.reports.charts.font_files import FOLDER
from cogs.reports.charts.plots import (
    CHART_WIDTH,
    Bar,
    Chart,
    render_ranking_chart,
    render_time_chart,
)
from cogs.reports.charts.renderer import ChartRenderer, ChartRenderError
from cogs.reports.charts.svg import (
    FontStyle,
    choose_axis_scale,
    format_compact_usd,
    text_width,
    truncate_text,
)
from cogs.reports.charts.text_metrics import strip_undrawable
from cogs.reports.views import _bars_over_time, format_breakdown, render_chart
from cogs.ui.i18n import format_date_span
from domain.models import MODELS
from domain.money import ZERO, MicroUSD
from domain.quotas import LimitUsage, Period, Scope
from domain.reports import DayRange, Grouping, ReportLine, Sums
from storage.reports import OpenHolds
from workflow.reports.spending import SpendingReport

CENT = 10_000
DOLLAR = 1_000_000
MODEL_NAMES = [model.label for model in MODELS.values()]
TODAY = date(2026, 11, 21)

amounts = st.integers(-12_000 * DOLLAR, 12_000 * DOLLAR).map(MicroUSD)
limits = st.integers(0, 12_000 * DOLLAR).map(MicroUSD)
names = st.text(max_size=40).map(strip_undrawable)
bars = st.lists(
    st.builds(Bar, names, st.dictionaries(st.sampled_from(MODEL_NAMES), amounts)), max_size=62
)


def a_chart(drawn: list[Bar], limit: MicroUSD | None = None) -> Chart:
    total = MicroUSD(sum(bar.total for bar in drawn))
    return Chart(
        title="Your spending",
        period="21 Nov 2026 (UTC)",
        total=total,
        video_count=1,
        models=MODEL_NAMES,
        bars=drawn,
        limit=limit,
    )


def texts(svg: str) -> list[tuple[str, float, float, float]]:
    """List what is written, with its left and right end and its base line."""
    found = list[tuple[str, float, float, float]]()
    for item in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):  # noqa: S314 - our own
        weight = "SemiBold" if item.get("font-weight") == "600" else "Regular"
        wide = text_width(
            item.text or "", FontStyle(size=float(item.get("font-size", 0)), weight=weight)
        )
        left = (
            float(item.get("x", 0))
            - {"start": 0, "middle": 0.5, "end": 1}[item.get("text-anchor", "start")] * wide
        )
        found.append((item.text or "", left, left + wide, float(item.get("y", 0))))
    return found


def boxes(svg: str) -> list[tuple[float, float, float, float, str]]:
    """List the rectangles after the ground: x, y, width, height, colour."""
    found = list(ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect"))[1:]  # noqa: S314
    numbers = ("x", "y", "width", "height")
    return [(*(float(each.get(n, -1)) for n in numbers), each.get("fill", "")) for each in found]  # pyright: ignore[reportReturnType]


def written(svg: str) -> list[str]:
    return [text for text, *_ in texts(svg)]


def assert_fits(svg: str) -> None:
    """Demand that everything is inside, and that no two texts lie on each other."""
    found, tall = texts(svg), float(ET.fromstring(svg).get("height", 0))  # noqa: S314 - our own
    for _, left, right, base in found:
        assert left >= 0
        assert right <= CHART_WIDTH
        assert 0 < base < tall
    for x, y, wide, high, _ in boxes(svg):
        assert min(x, y, wide, high) >= 0
        assert x + wide <= CHART_WIDTH
        assert y + high <= tall
    lines: dict[float, list[tuple[float, float]]] = {}
    for text, left, right, base in found:
        if text:
            lines.setdefault(base, []).append((left, right))
    for line in lines.values():
        for (_, right), (left, _) in pairwise(sorted(line)):
            assert right <= left + 0.2


@given(bars, st.none() | limits)
def test_whatever_was_spent_fits_into_the_picture(drawn: list[Bar], limit: MicroUSD | None) -> None:
    """From nothing to $12,000 a day, under any limit, however many days."""
    assert_fits(render_time_chart(a_chart(drawn, limit)))


def test_equal_days_do_not_write_over_each_other() -> None:
    """Where the amounts have no room side by side, one of the highest bars has its own."""
    bar = Bar("21 Nov", {MODEL_NAMES[0]: MicroUSD(12_345 * DOLLAR)})
    svg = render_time_chart(a_chart([bar] * 31))
    assert_fits(svg)
    assert [text for text, _, _, base in texts(svg) if base < 276].count("$12,345.00") == 1


@given(bars.filter(lambda drawn: len(drawn) <= 12))
def test_whoever_spent_fits_into_the_picture(drawn: list[Bar]) -> None:
    """Also with names that are too long."""
    assert_fits(render_ranking_chart(a_chart(drawn)))


def test_every_text_can_be_read_on_a_phone() -> None:
    """A phone shows a chart 289 pixels wide; its letters are of eleven at the least."""
    drawn = [Bar(f"{day} Nov", {name: MicroUSD(DOLLAR) for name in MODEL_NAMES}) for day in (1, 2)]
    for draw in (render_time_chart, render_ranking_chart):
        for limit in (3, 500):
            svg = draw(a_chart(drawn, MicroUSD(limit * DOLLAR)))
            items = ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314
            sizes = [float(item.get("font-size", 0)) * 289 / CHART_WIDTH for item in items]
            assert min(sizes) >= 11


@given(st.integers(0, 1_000_000 * DOLLAR))
def test_a_scale_has_few_round_steps_and_reaches(most: int) -> None:
    """Each labelled with as many decimals as it needs, all different."""
    steps = choose_axis_scale(most)
    assert most <= steps.maximum
    assert 1 <= steps.step_count <= 5
    assert str(steps.step).rstrip("0") in ("1", "2", "5")
    shown = [MicroUSD(round(float(label[1:].replace(",", "")) * DOLLAR)) for label in steps.labels]
    assert shown == [steps.step * number for number in range(steps.step_count + 1)]


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (4 * CENT, "$0.00 $0.01 $0.02 $0.03 $0.04"),
        (364_000, "$0.00 $0.10 $0.20 $0.30 $0.40"),
        (5 * DOLLAR, "$0 $1 $2 $3 $4 $5"),
        (12_000 * DOLLAR, "$0 $5,000 $10,000 $15,000"),
    ],
)
def test_scales_are_what_a_person_would_draw(most: int, labels: str) -> None:
    """From four cents to twelve thousand dollars."""
    assert list(choose_axis_scale(most).labels) == labels.split()


def test_a_bar_is_as_high_as_it_costs() -> None:
    """Of twice the amount twice as high, stacked by model, its amount written above."""
    one = Bar("1 Nov", {MODEL_NAMES[0]: MicroUSD(DOLLAR)})
    two = Bar("2 Nov", {MODEL_NAMES[0]: MicroUSD(DOLLAR), MODEL_NAMES[1]: MicroUSD(DOLLAR)})
    svg = render_time_chart(a_chart([one, two]))
    first, lower, upper, *_ = boxes(svg)
    assert first[3] == lower[3] == upper[3]
    assert first[4] == lower[4] != upper[4]
    assert abs(upper[1] + upper[3] - lower[1]) <= 2
    assert {"$1.00", "$2.00", "1 Nov", "2 Nov"} <= set(written(svg))


def test_what_was_given_back_shortens_a_bar() -> None:
    """It is as high as the figure above it, and stays below the scale; below zero there is none."""
    plain = Bar("1 Nov", {MODEL_NAMES[0]: MicroUSD(2 * DOLLAR)})
    mixed = Bar(
        "2 Nov", {MODEL_NAMES[0]: MicroUSD(9 * DOLLAR), MODEL_NAMES[1]: MicroUSD(-7 * DOLLAR)}
    )
    refund = Bar("3 Nov", {MODEL_NAMES[0]: MicroUSD(-DOLLAR)})
    for draw in (render_time_chart, render_ranking_chart):
        svg = draw(a_chart([plain, mixed, refund]))
        first, second, *legend = boxes(svg)
        assert first[2:] == second[2:]
        assert len(legend) == 2
        assert {"-$1.00", "$10.00", "-$7.00"} <= set(written(svg))


def test_every_colour_has_its_name_and_its_sum() -> None:
    """And a model that was not used has none."""
    svg = render_time_chart(a_chart([Bar("x", {MODEL_NAMES[1]: MicroUSD(DOLLAR)})]))
    assert MODEL_NAMES[1] in written(svg)
    assert MODEL_NAMES[0] not in written(svg)


@pytest.mark.parametrize(("limit", "above"), [(3, False), (20, False), (21, True), (500, True)])
def test_the_limit_is_a_line_where_it_is(limit: int, above: bool) -> None:
    """Far above what was spent there is no line, but an arrow beside the amount."""
    chart = a_chart([Bar("x", {MODEL_NAMES[0]: MicroUSD(DOLLAR)})], MicroUSD(limit * DOLLAR))
    svg = render_time_chart(chart)
    assert ("stroke-dasharray" in svg) != above
    assert ("l5.5 11h-11z" in svg) == above
    assert {f"daily limit ${limit}.00", f"daily limit ${limit}"} & set(written(svg))
    assert "stroke-dasharray" not in render_time_chart(replace(chart, limit=None))


def test_nothing_is_said_to_be_nothing() -> None:
    """In both kinds of pictures, whether there are days or not."""
    for drawn in (
        render_time_chart(a_chart([])),
        render_time_chart(a_chart([Bar("x", {})])),
        render_ranking_chart(a_chart([])),
    ):
        assert "Nothing spent yet" in written(drawn)


@given(st.text())
def test_a_name_is_drawn_or_left_out(name: str) -> None:
    """What is left has a shape in the font, is one line, and is well-formed in XML."""
    kept = strip_undrawable(name)
    assert kept == " ".join(kept.split())
    assert strip_undrawable(kept) == kept
    svg = render_ranking_chart(a_chart([Bar(kept, {MODEL_NAMES[0]: MicroUSD(1)})]))
    if text_width(kept, FontStyle()) < 110:
        assert kept in [" ".join(text.split()) for text in written(svg)]


def test_fancy_letters_become_plain_and_emoji_go() -> None:
    """Names are what they say, not how they are dressed."""
    fancy = "".join(chr(0x1D4D0 + ord(letter) - ord("A")) for letter in "ADA")
    assert (
        strip_undrawable(f"{fancy} \U0001f3ac Łukasz\u202e\n<b> Дарья Ελένη")
        == "ADA Łukasz <b> Дарья Ελένη"
    )
    assert strip_undrawable("ا漢字") == "漢字"


@given(st.text(alphabet="abcW ", max_size=60), st.integers(20, 300))
def test_a_cut_text_fits(text: str, room: int) -> None:
    """And is whole where it fits."""
    shortened = truncate_text(text, FontStyle(), room)
    assert text_width(shortened, FontStyle()) <= room
    assert shortened == text or shortened.endswith("…")


def test_amounts_are_brief_from_a_hundred_dollars_on() -> None:
    """Below they are exact."""
    shown = [
        format_compact_usd(MicroUSD(micro)) for micro in (0, 364_000, 99_999_000, 12_000_499_999)
    ]
    assert shown == ["$0.00", "$0.364", "$99.999", "$12,000"]


def figures(days: DayRange, daily: list[ReportLine]) -> SpendingReport:
    room = LimitUsage(scope=Scope.MEMBER, period=Period.DAY, limit=None, used=ZERO, resets_at_ms=0)
    total = sum((line.sums for line in daily), Sums())
    held = OpenHolds(ZERO, 0)
    return SpendingReport(
        days=days, total=total, held=held, today=room, daily=tuple(daily), failures={}
    )


@pytest.mark.parametrize(
    ("length", "columns", "by"),
    [
        (1, 1, ""),
        (31, 31, ""),
        (62, 62, ""),
        (63, 10, "week"),
        (434, 63, "week"),
        (435, 15, "month"),
    ],
)
def test_long_times_are_drawn_by_week_or_month(length: int, columns: int, by: str) -> None:
    """A day each up to two months, a week each up to a year and more; nothing gets lost."""
    days = DayRange(TODAY - timedelta(days=length - 1), TODAY + timedelta(days=1))
    model = next(iter(MODELS)).value
    sums = Sums(charged=MicroUSD(DOLLAR), charges=1)
    daily = [ReportLine(day=day, model=model, sums=sums) for day in days]
    svg = render_chart(figures(days, daily), "x", Grouping.DAY, {})
    assert len(boxes(svg)) == columns + 1
    assert (f" · by {by}" in svg) == bool(by)
    assert written(svg).count(f"${length}.00") >= 2


@pytest.mark.parametrize(("age", "columns"), [(None, 7), (0, 7), (6, 7), (9, 10), (29, 30)])
def test_a_short_history_is_not_lost_among_empty_days(age: int | None, columns: int) -> None:
    """The days ahead of the first spending are left out, but for a week."""
    days = DayRange(TODAY - timedelta(days=29), TODAY + timedelta(days=1))
    sums = Sums(charged=MicroUSD(DOLLAR), charges=1)
    line = ReportLine(day=TODAY - timedelta(days=age or 0), model=next(iter(MODELS)), sums=sums)
    bars = _bars_over_time(figures(days, [] if age is None else [line]), 1)
    assert len(bars) == columns
    assert bars[-1].label == "21 Nov"


@given(st.lists(st.integers(-100 * DOLLAR, 100 * DOLLAR), min_size=1, max_size=40))
def test_shares_add_up_to_a_hundred(paid: list[int]) -> None:
    """In the picture and in the text, which say the same; who got money back has none."""
    lines = [
        ReportLine(user_id=user, model=next(iter(MODELS)), sums=Sums(charged=MicroUSD(amount)))
        for user, amount in enumerate(paid, 1)
    ]
    groups = tuple(replace(line, model=None) for line in lines)
    days = DayRange(TODAY, TODAY + timedelta(days=1))
    spending = replace(figures(days, []), groups=groups, parts=tuple(lines))
    svg = render_chart(spending, "x", Grouping.USER, {})
    shown = [text for text in written(svg) if text.endswith(" %")]
    numbers = [0 if text == "< 1 %" else int(text.removesuffix(" %")) for text in shown]
    assert sum(numbers) == (100 if max(paid) > 0 else 0)
    listed = [line.rpartition("(")[2] for line in format_breakdown(spending, Grouping.USER, {})]
    assert listed == [f"{share})" for share in shown[: len(listed)]]


def test_days_are_named_as_shortly_as_possible() -> None:
    """Day, month and year are said once where they are the same."""

    def until_today(first: date) -> str:
        return format_date_span(DayRange(first, TODAY + timedelta(days=1)))

    assert until_today(TODAY) == "21 Nov 2026"
    assert until_today(date(2026, 11, 1)) == "1–21 Nov 2026"
    assert until_today(date(2026, 10, 28)) == "28 Oct\u2009–\u200921 Nov 2026"
    assert until_today(date(2025, 12, 28)) == "28 Dec 2025\u2009–\u200921 Nov 2026"


async def test_pictures_are_drawn_beside_the_service() -> None:
    """Three times as large as they are laid out; several at once."""
    chart = a_chart([Bar("<&>\"'", {name: MicroUSD(DOLLAR) for name in MODEL_NAMES})])
    asked = ChartRenderer()
    drawn = await asyncio.gather(
        *(asked.render_png(draw(chart)) for draw in (render_time_chart, render_ranking_chart) * 2)
    )
    for png, tall in zip(drawn, (1104, 588) * 2, strict=True):
        image = Image.open(io.BytesIO(png))
        assert image.size == (1200, tall)
        colours = {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}
        assert {(0x31, 0x33, 0x38), (0x56, 0xB4, 0xE9), (0xD5, 0x5E, 0x00)} <= colours


async def test_what_is_no_picture_is_said_to_be_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken SVG, no program, no time: never a hole in silence."""
    with pytest.raises(ChartRenderError):
        await ChartRenderer().render_png("<svg")
    monkeypatch.setattr(renderer, "_TIMEOUT_S", 0.001)
    with pytest.raises(ChartRenderError, match="seconds"):
        await ChartRenderer().render_png(render_time_chart(a_chart([])))


def test_the_samples_in_the_documentation_are_small() -> None:
    """They are in every copy of the repository."""
    folder = FOLDER.parents[3] / "docs" / "pictures"
    samples = [*folder.glob("spend-*.png"), *folder.glob("report-*.png")]
    assert len(samples) == 8
    assert all(sample.stat().st_size <= 60_000 for sample in samples)
