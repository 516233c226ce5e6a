"""Charts and texts of spending reports."""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from cogs.reports.charts.plots import (
    Bar,
    Chart,
    render_ranking_chart,
    render_time_chart,
)
from cogs.reports.charts.text_metrics import strip_undrawable
from cogs.ui.i18n import (
    N_,
    _,
    format_date,
    format_date_span,
    format_day_and_month,
    format_month_and_year,
    format_number,
    format_price,
    format_usd,
    ngettext,
)
from domain.failures import FailReason
from domain.models import MODELS
from domain.money import ZERO, MicroUSD
from domain.reports import DayRange, Grouping, ReportLine, Sums
from workflow.reports.spending import SpendingReport

_MIN_BARS: Final = 7
_MAX_BARS: Final = 62
_MAX_RANKS: Final = 12
_RANKS_LISTED: Final = 5

_REASONS: Final = {
    FailReason.PROMPT: N_("prompt unusable"),
    FailReason.CONTENT: N_("content filter"),
    FailReason.IMAGE: N_("picture unusable"),
    FailReason.RATE_LIMITED: N_("too many requests"),
    FailReason.TIMEOUT: N_("timeout"),
    FailReason.UPSTREAM: N_("model error"),
    FailReason.OUT_OF_CREDIT: N_("out of credit"),
    FailReason.UNKNOWN: N_("other"),
}

NamesById = Mapping[int, str]


def render_chart(figures: SpendingReport, title: str, grouping: Grouping, names: NamesById) -> str:
    """Return a chart as SVG: over time, or by member or channel.

    Title and names may hold any text; what the font cannot draw is removed.
    """
    if grouping in (Grouping.DAY, Grouping.MODEL):
        size = _bin_size(figures.days)
        bars = _bars_over_time(figures, size)
        by = {1: None, 7: _("by week"), 31: _("by month")}[size]
        limit = None if by else figures.today.limit
        return render_time_chart(_chart(figures, title, bars, by, limit))
    return render_ranking_chart(
        _chart(figures, title, _ranks(figures, grouping, names), None, None)
    )


def format_alt_text(figures: SpendingReport, title: str) -> str:
    """Return a sentence that describes the chart, for screen readers."""
    return ngettext(
        "{title}, {days}: {amount} for {count} video.",
        "{title}, {days}: {amount} for {count} videos.",
        figures.total.delivered,
        title=strip_undrawable(title),
        days=format_date_span(figures.days),
        amount=format_price(figures.total.net),
    )


def format_summary(figures: SpendingReport, *, own: bool) -> list[str]:
    """Return lines with what a member (`own`) or a server paid, got back and has on hold."""
    return [
        _format_paid(figures, own=own),
        *_format_adjustments(figures.total),
        *(_format_released(figures.total) or _format_lost(figures.total)),
        *_format_held(figures),
        _format_today(figures),
        *([] if figures.total.mean_wait_s is None else [_format_wait(figures.total.mean_wait_s)]),
    ]


def format_breakdown(figures: SpendingReport, grouping: Grouping, names: NamesById) -> list[str]:
    """Return lines with the largest costs, the share of the limit, and the reasons of failures."""
    lines: list[str] = []
    if figures.budget:
        lines.append(_format_budget_share(figures.total.net, figures.budget))
    if figures.failures:
        lines.append(_format_failures(figures.failures))
    ranked, rest = _split_ranks(figures)
    *shares, _rest = _format_shares([line.sums.net for line in ranked], rest)
    costliest = [pair for pair in zip(ranked, shares, strict=True) if pair[0].sums.net > 0]
    for rank, (line, share) in enumerate(costliest[:_RANKS_LISTED], start=1):
        label = _mention(line, grouping, names)
        lines.append(f"{rank}. {label} {format_price(line.sums.net)} ({share})")
    return lines


def format_forecast(figures: SpendingReport) -> list[str]:
    """Return a line with what the month that goes on will have cost at its pace so far."""
    days, net = figures.days, figures.total.net
    month_days = monthrange(days.first.year, days.first.month)[1]
    if net <= 0 or len(days) == month_days:
        return []
    expected = MicroUSD(net * month_days // len(days))
    return [_("At this pace: {amount} by the end of the month.", amount=format_price(expected))]


def format_weekly_summary(figures: SpendingReport) -> list[str]:
    """Return lines about a week: what the server paid, failures, losses, and the average wait."""
    sums, counts = figures.total, figures.failures
    paid = ngettext(
        "**{days}: {amount}** for {count} video.",
        "**{days}: {amount}** for {count} videos.",
        sums.delivered,
        days=format_date_span(figures.days),
        amount=format_price(sums.net),
    )
    return [
        paid,
        _format_failures(counts) if counts else _("Nothing failed."),
        *_format_lost(sums),
        _("No videos were made.") if sums.mean_wait_s is None else _format_wait(sums.mean_wait_s),
    ]


def _format_paid(figures: SpendingReport, *, own: bool) -> str:
    amount, days = format_price(figures.total.net), format_date_span(figures.days)
    if own:
        return ngettext(
            "**You spent {amount}** on {count} video, {days}.",
            "**You spent {amount}** on {count} videos, {days}.",
            figures.total.delivered,
            amount=amount,
            days=days,
        )
    return ngettext(
        "**This server spent {amount}** on {count} video, {days}.",
        "**This server spent {amount}** on {count} videos, {days}.",
        figures.total.delivered,
        amount=amount,
        days=days,
    )


def _format_adjustments(sums: Sums) -> list[str]:
    charged, after = format_price(sums.charged), format_price(MicroUSD(abs(sums.adjusted)))
    if sums.adjusted < 0:
        return [_("Charged {charged}, refunded {back}.", charged=charged, back=after)]
    if sums.adjusted > 0:
        return [_("Charged {charged}, plus {more} later.", charged=charged, more=after)]
    return []


def _format_released(sums: Sums) -> list[str]:
    """Format what was not charged in the end, with the numbers of videos by reason."""
    if not sums.released:
        return []
    reasons = [
        ngettext("{count} failed", "{count} failed", sums.failed) if sums.failed else "",
        ngettext("{count} cancelled", "{count} cancelled", sums.cancelled)
        if sums.cancelled
        else "",
        ngettext("{count} lost", "{count} lost", sums.lost) if sums.lost else "",
    ]
    listed = ", ".join(filter(None, reasons))
    amount = format_price(sums.released)
    if not listed:
        return [_("Not charged: {amount}", amount=amount)]
    return [_("Not charged: {amount} ({reasons})", amount=amount, reasons=listed)]


def _format_lost(sums: Sums) -> list[str]:
    """Format how many videos were lost, if any."""
    if not sums.lost:
        return []
    return [
        ngettext(
            "{count} video was lost and refunded.",
            "{count} videos were lost and refunded.",
            sums.lost,
        )
    ]


def _format_held(figures: SpendingReport) -> list[str]:
    held = figures.held
    if not held.videos:
        return []
    sentence = ngettext(
        "In progress: {amount} for {count} video.",
        "In progress: {amount} for {count} videos.",
        held.videos,
        amount=format_price(held.amount),
    )
    return [sentence]


def _format_today(figures: SpendingReport) -> str:
    today = figures.today
    if today.limit is None:
        return _("Used today: {amount}, no daily limit.", amount=format_price(today.used))
    return _(
        "Used today: {amount} of {limit}.",
        amount=format_price(today.used),
        limit=format_usd(today.limit),
    )


def _format_wait(seconds: int) -> str:
    return _("Average wait: {time}", time=_format_duration(seconds))


def _format_budget_share(net: MicroUSD, budget: MicroUSD) -> str:
    limit = format_usd(budget)
    if 0 < net * 100 < budget:
        return _("Less than 1 % of the limit ({limit}).", limit=limit)
    share = _("{percent} %", percent=max(0, net) * 100 // budget)
    return _("{share} of the limit ({limit}).", share=share, limit=limit)


def _format_failures(failures: Mapping[FailReason, int]) -> str:
    counts = sorted(failures.items(), key=lambda item: -item[1])
    reasons = ", ".join(f"{count} {_(_REASONS[reason])}" for reason, count in counts)
    return _(
        "Failed: {sum} ({reasons}).", sum=format_number(sum(failures.values())), reasons=reasons
    )


def _chart(
    figures: SpendingReport, title: str, bars: list[Bar], by: str | None, limit: MicroUSD | None
) -> Chart:
    sums = figures.total
    notes = [by] if by else []
    if sums.adjusted < 0:
        notes.append(_("{amount} refunded", amount=format_price(MicroUSD(-sums.adjusted))))
    return Chart(
        title=strip_undrawable(title) or _("Spending"),
        period=_("{days} (UTC)", days=format_date_span(figures.days)),
        total=sums.net,
        video_count=sums.delivered,
        models=_models(figures),
        bars=bars,
        notes=notes,
        limit=limit,
    )


def _models(figures: SpendingReport) -> list[str]:
    """List the labels of all models, current ones first, so that each keeps its colour."""
    retired = sorted({line.model for line in figures.daily if line.model} - set(MODELS))
    return [*(model.label for model in MODELS.values()), *retired]


def _label(model: str | None) -> str:
    known = next((found for found in MODELS.values() if found.id == model), None)
    return known.label if known else str(model)


def _bin_size(days: DayRange) -> int:
    if len(days) <= _MAX_BARS:
        return 1
    return 7 if len(days) <= 7 * _MAX_BARS else 31


def _bars_over_time(figures: SpendingReport, size: int) -> list[Bar]:
    """Return the bars by day (1), by week from Monday (7) or by month (31).

    Empty ones ahead of the first spending are left out, but for a few.
    """
    parts: dict[date, dict[str, MicroUSD]] = {_bin(day, size): {} for day in figures.days}
    for line in figures.daily:
        assert line.day is not None, "these lines are by day"
        _add(parts[_bin(line.day, size)], line)
    while len(parts) > _MIN_BARS and not parts[first := next(iter(parts))]:
        del parts[first]
    name = format_month_and_year if size == 31 else format_day_and_month
    return [Bar(name(day), sums) for day, sums in parts.items()]


def _bin(day: date, size: int) -> date:
    match size:
        case 7:
            return day - timedelta(days=day.weekday())
        case 31:
            return day.replace(day=1)
        case _:
            return day


def _ranks(figures: SpendingReport, grouping: Grouping, names: NamesById) -> list[Bar]:
    """Return a bar for each of the largest groups, and one for the rest."""
    ranked, rest = _split_ranks(figures)
    parts: dict[int, dict[str, MicroUSD]] = {_id(line, grouping): {} for line in ranked}
    others: dict[str, MicroUSD] = {}
    for line in figures.parts:
        _add(parts.get(_id(line, grouping), others), line)
    labels = [strip_undrawable(names.get(id_, "")) or f"…{id_ % 10_000:04}" for id_ in parts]
    more = len(figures.groups) - len(ranked)
    if more:
        labels.append(ngettext("{count} other", "{count} others", more))
    shares = _format_shares([line.sums.net for line in ranked], rest)
    drawn = [*parts.values(), others][: len(labels)]
    return [Bar(*each) for each in zip(labels, drawn, shares[: len(labels)], strict=True)]


def _split_ranks(figures: SpendingReport) -> tuple[list[ReportLine], MicroUSD]:
    """Return the largest groups, and what the rest of them paid in all."""
    groups = _by_cost(figures.groups)
    shown = len(groups) if len(groups) <= _MAX_RANKS else _MAX_RANKS - 1
    rest = sum(max(0, line.sums.net) for line in groups[shown:])
    return groups[:shown], MicroUSD(rest)


def _format_shares(paid: Sequence[MicroUSD], rest: MicroUSD) -> list[str]:
    """Format each part's share, and the rest's, in whole per cent that add up to a hundred.

    Each is rounded down, and those that lose most by it get one more. A refund has no share.
    """
    parts = [max(0, part) for part in (*paid, rest)]
    whole = sum(parts) or 1
    percents = [part * 100 // whole for part in parts]
    by_loss = sorted(range(len(parts)), key=lambda place: -(parts[place] * 100 % whole))
    missing = (100 if any(parts) else 0) - sum(percents)
    for place in by_loss[:missing]:
        percents[place] += 1
    return [
        _("< 1 %") if part and not percent else _("{percent} %", percent=percent)
        for part, percent in zip(parts, percents, strict=True)
    ]


def _add(parts: dict[str, MicroUSD], line: ReportLine) -> None:
    label = _label(line.model)
    parts[label] = MicroUSD(parts.get(label, ZERO) + line.sums.net)


def _id(line: ReportLine, grouping: Grouping) -> int:
    id_ = line.user_id if grouping is Grouping.USER else line.channel_id
    assert id_ is not None, "these lines are by member or channel"
    return id_


def _by_cost(lines: Iterable[ReportLine]) -> list[ReportLine]:
    return sorted(lines, key=lambda line: -line.sums.net)


def _mention(line: ReportLine, grouping: Grouping, names: NamesById) -> str:
    match grouping:
        case Grouping.USER:
            return f"<@{line.user_id}>" if line.user_id in names else f"`{line.user_id}`"
        case Grouping.CHANNEL:
            return f"<#{line.channel_id}>" if line.channel_id in names else f"`{line.channel_id}`"
        case Grouping.MODEL:
            return _label(line.model)
        case Grouping.DAY:
            assert line.day is not None, "these lines are by day"
            return format_date(line.day)


def _format_duration(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return _("{seconds} s", seconds=rest)
    return _("{minutes} min {seconds} s", minutes=format_number(minutes), seconds=rest)
