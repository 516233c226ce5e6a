"""Knows how figures become a picture, and the words under it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from cogs.canvas import drawable
from cogs.charts import Bar, Chart, over_time, ranking
from domain.failures import FailReason
from domain.models import MODELS
from domain.money import ZERO, MicroUSD, show_usd
from domain.reports import Days, Grouping, Line
from workflow.report import Figures, share

_MOST_BARS: Final = 62
_MOST_RANKS: Final = 12
_TOLD: Final = 5

_REASONS: Final = {
    FailReason.PROMPT: "prompt unusable",
    FailReason.CONTENT: "content rules",
    FailReason.IMAGE: "picture unusable",
    FailReason.RATE_LIMITED: "too many requests",
    FailReason.TIMEOUT: "time-out",
    FailReason.UPSTREAM: "fault of the model",
    FailReason.FUNDS: "service out of credit",
    FailReason.UNKNOWN: "other",
}

Named = Mapping[int, str]


def picture(figures: Figures, title: str, grouping: Grouping, names: Named) -> str:
    """Draw figures as SVG: over time, or by member or channel; titles and names are anyone's."""
    if grouping in (Grouping.DAY, Grouping.MODEL):
        size = _bin_size(figures.days)
        bars = _bars_over_time(figures, size)
        by = {1: "", 7: " · by week", 31: " · by month"}[size]
        return over_time(_chart(figures, title, bars, by, figures.today.limit if not by else None))
    return ranking(_chart(figures, title, _ranks(figures, grouping, names), "", None))


def alt_text(figures: Figures, title: str) -> str:
    """Say in a sentence what the picture shows."""
    sums = figures.total
    return (
        f"{drawable(title)}, {span(figures.days)}: {show_usd(sums.net)} for "
        f"{_videos(sums.charges)}."
    )


def summary(figures: Figures, *, own: bool) -> list[str]:
    """Say in lines what a member (`own`) or a server paid, got back, has on hold and has left."""
    sums, held, today = figures.total, figures.held, figures.today
    whose = "You paid" if own else "Paid on this server:"
    lines = [f"**{whose} {show_usd(sums.net)}** for {_videos(sums.charges)}, {span(figures.days)}."]
    if sums.adjusted:
        verb = "given back" if sums.adjusted < 0 else "charged later"
        after = show_usd(MicroUSD(abs(sums.adjusted)))
        lines.append(f"{show_usd(sums.charged)} was charged, {after} {verb}.")
    if sums.released:
        lines.append(f"Held, but not charged: {show_usd(sums.released)}{_unmade(figures)}.")
    if held.videos:
        lines.append(f"On hold now: {show_usd(held.amount)} for {_videos(held.videos)}.")
    if today.limit is None:
        lines.append(f"Today: {show_usd(today.used)}; no daily limit applies.")
    else:
        lines.append(f"Today: {show_usd(today.used)} of {show_usd(today.limit)}.")
    if sums.wait_s is not None:
        lines.append(f"From order to video: {_lasting(sums.wait_s)} on average.")
    return lines


def details(figures: Figures, grouping: Grouping, names: Named) -> list[str]:
    """Say in lines who or what cost most, the share of the budget, and why videos failed."""
    lines: list[str] = []
    if (percent := share(figures.total.net, figures.budget)) is not None:
        assert figures.budget is not None, "a share is of something"
        lines.append(f"That is {percent} % of the {show_usd(figures.budget)} of these days' limit.")
    if figures.failures:
        counts = sorted(figures.failures.items(), key=lambda item: -item[1])
        told = ", ".join(f"{count} {_REASONS[reason]}" for reason, count in counts)
        lines.append(f"Failed: {sum(figures.failures.values()):,} ({told}).")
    most = [line for line in _by_cost(figures.groups) if line.sums.net > 0][:_TOLD]
    for place, line in enumerate(most, start=1):
        percent = share(line.sums.net, figures.total.net)
        label = _mention(line, grouping, names)
        lines.append(f"{place}. {label} {show_usd(line.sums.net)} ({percent} %)")
    return lines


def span(days: Days) -> str:
    """Name days: `21 Nov 2026`, `1–21 Nov 2026`, `28 Oct – 21 Nov 2026`."""
    first, last = days.first, days.last
    if first >= last:
        return _day(last, year=True)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{_day(last, year=True)}"
    return f"{_day(first, year=first.year != last.year)} – {_day(last, year=True)}"


def _chart(figures: Figures, title: str, bars: list[Bar], by: str, limit: MicroUSD | None) -> Chart:
    sums = figures.total
    back = f" · {show_usd(MicroUSD(-sums.adjusted))} given back" if sums.adjusted < 0 else ""
    return Chart(
        title=drawable(title) or "Spending",
        period=f"{span(figures.days)} (UTC){by}{back}",
        total=sums.net,
        videos=sums.charges,
        models=_models(figures),
        bars=bars,
        limit=limit,
        most=_most_used(figures),
    )


def _models(figures: Figures) -> list[str]:
    """Name all models, those on sale first, so that each keeps its colour."""
    retired = sorted({line.model for line in figures.daily if line.model} - set(MODELS))
    return [*(model.label for model in MODELS.values()), *retired]


def _label(model: str | None) -> str:
    known = next((found for found in MODELS.values() if found.id == model), None)
    return known.label if known else str(model)


def _most_used(figures: Figures) -> str:
    counts: dict[str, int] = defaultdict(int)
    for line in figures.daily:
        counts[_label(line.model)] += line.sums.charges
    used = {model: count for model, count in counts.items() if count}
    return max(used, key=lambda model: used[model]) if len(used) > 1 else ""


def _bin_size(days: Days) -> int:
    if len(days) <= _MOST_BARS:
        return 1
    return 7 if len(days) <= 7 * _MOST_BARS else 31


def _bars_over_time(figures: Figures, size: int) -> list[Bar]:
    """Put the days together by 1, by weeks from Monday on, or (31) by months."""
    parts: dict[date, dict[str, MicroUSD]] = {_bin(day, size): {} for day in figures.days}
    for line in figures.daily:
        assert line.day is not None, "these lines are by day"
        _add(parts[_bin(line.day, size)], line)
    shape = "%b %Y" if size == 31 else ""
    return [Bar(f"{day:{shape}}" if shape else _day(day), sums) for day, sums in parts.items()]


def _bin(day: date, size: int) -> date:
    match size:
        case 7:
            return day - timedelta(days=day.weekday())
        case 31:
            return day.replace(day=1)
        case _:
            return day


def _ranks(figures: Figures, grouping: Grouping, names: Named) -> list[Bar]:
    """Make a bar for each of those who cost most, and one for all others together."""
    groups = [_id(line, grouping) for line in figures.groups]
    shown = groups if len(groups) <= _MOST_RANKS else groups[: _MOST_RANKS - 1]
    parts: dict[int, dict[str, MicroUSD]] = {id_: {} for id_ in shown}
    others: dict[str, MicroUSD] = {}
    for line in figures.parts:
        _add(parts.get(_id(line, grouping), others), line)
    bars = [Bar(drawable(names.get(id_, "")) or f"…{id_ % 10_000:04}", parts[id_]) for id_ in shown]
    more = len(groups) - len(shown)
    return [*bars, Bar(f"{more:,} others", others)] if more else bars


def _add(parts: dict[str, MicroUSD], line: Line) -> None:
    label = _label(line.model)
    parts[label] = MicroUSD(parts.get(label, ZERO) + line.sums.charged)


def _id(line: Line, grouping: Grouping) -> int:
    id_ = line.user_id if grouping is Grouping.USER else line.channel_id
    assert id_ is not None, "these lines are by member or channel"
    return id_


def _by_cost(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: -line.sums.net)


def _mention(line: Line, grouping: Grouping, names: Named) -> str:
    match grouping:
        case Grouping.USER:
            return f"<@{line.user_id}>" if line.user_id in names else f"`{line.user_id}`"
        case Grouping.CHANNEL:
            return f"<#{line.channel_id}>" if line.channel_id in names else f"`{line.channel_id}`"
        case Grouping.MODEL:
            return _label(line.model)
        case Grouping.DAY:
            assert line.day is not None, "these lines are by day"
            return _day(line.day, year=True)


def _unmade(figures: Figures) -> str:
    counts = {"failed": figures.total.failed, "cancelled": figures.total.cancelled}
    told = " and ".join(f"{count:,} {how}" for how, count in counts.items() if count)
    return f" ({told})" if told else ""


def _videos(count: int) -> str:
    return f"{count:,} video{'' if count == 1 else 's'}"


def _day(day: date, *, year: bool = False) -> str:
    return f"{day.day} {day:%b %Y}" if year else f"{day.day} {day:%b}"


def _lasting(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"
