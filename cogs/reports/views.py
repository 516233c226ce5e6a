"""Charts and texts of spending reports."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from cogs.reports.charts.plots import (
    Bar,
    Chart,
    format_share,
    render_ranking_chart,
    render_time_chart,
)
from cogs.reports.charts.svg import strip_undrawable
from cogs.ui.i18n import (
    N_,
    _,
    format_date,
    format_date_span,
    format_day_and_month,
    format_month_and_year,
    format_number,
    format_usd,
    ngettext,
)
from domain.failures import FailReason
from domain.models import MODELS
from domain.money import ZERO, MicroUSD
from domain.reports import DayRange, Grouping, ReportLine, Sums
from workflow.reports.spending import SpendingReport

_MAX_BARS: Final = 62
_MAX_RANKS: Final = 12
_RANKS_LISTED: Final = 5

_REASONS: Final = {
    FailReason.PROMPT: N_("prompt unusable"),
    FailReason.CONTENT: N_("content rules"),
    FailReason.IMAGE: N_("picture unusable"),
    FailReason.RATE_LIMITED: N_("too many requests"),
    FailReason.TIMEOUT: N_("time-out"),
    FailReason.UPSTREAM: N_("fault of the model"),
    FailReason.OUT_OF_CREDIT: N_("service out of credit"),
    FailReason.UNKNOWN: N_("other"),
}

_RELEASED: Final = N_("Held, but not charged: {amount}.")
_FAILED: Final = N_("Held, but not charged: {amount} ({failed} failed).")
_CANCELLED: Final = N_("Held, but not charged: {amount} ({cancelled} cancelled).")
_FAILED_AND_CANCELLED: Final = N_(
    "Held, but not charged: {amount} ({failed} failed and {cancelled} cancelled)."
)

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
        amount=format_usd(figures.total.net),
    )


def format_summary(figures: SpendingReport, *, own: bool) -> list[str]:
    """Return lines with what a member (`own`) or a server paid, got back and has on hold."""
    return [
        _format_paid(figures, own=own),
        *_format_adjustments(figures.total),
        *_format_released(figures.total),
        *_format_lost(figures.total),
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
    costliest = [line for line in _by_cost(figures.groups) if line.sums.net > 0][:_RANKS_LISTED]
    for rank, line in enumerate(costliest, start=1):
        share = format_share(line.sums.net, _paid(figures))
        label = _mention(line, grouping, names)
        lines.append(f"{rank}. {label} {format_usd(line.sums.net)} ({share})")
    return lines


def format_weekly_summary(figures: SpendingReport) -> list[str]:
    """Return lines about a week: what the server paid, failures, losses, and the average wait."""
    sums, counts = figures.total, figures.failures
    paid = ngettext(
        "**{days}: {amount}** for {count} video.",
        "**{days}: {amount}** for {count} videos.",
        sums.delivered,
        days=format_date_span(figures.days),
        amount=format_usd(sums.net),
    )
    return [
        paid,
        _format_failures(counts) if counts else _("Nothing failed."),
        *_format_lost(sums),
        _("Nothing was delivered.") if sums.mean_wait_s is None else _format_wait(sums.mean_wait_s),
    ]


def _format_paid(figures: SpendingReport, *, own: bool) -> str:
    amount, days = format_usd(figures.total.net), format_date_span(figures.days)
    if own:
        return ngettext(
            "**You paid {amount}** for {count} video, {days}.",
            "**You paid {amount}** for {count} videos, {days}.",
            figures.total.delivered,
            amount=amount,
            days=days,
        )
    return ngettext(
        "**Paid on this server: {amount}** for {count} video, {days}.",
        "**Paid on this server: {amount}** for {count} videos, {days}.",
        figures.total.delivered,
        amount=amount,
        days=days,
    )


def _format_adjustments(sums: Sums) -> list[str]:
    charged, after = format_usd(sums.charged), format_usd(MicroUSD(abs(sums.adjusted)))
    if sums.adjusted < 0:
        return [_("{charged} was charged, {back} given back.", charged=charged, back=after)]
    if sums.adjusted > 0:
        return [_("{charged} was charged, {more} charged later.", charged=charged, more=after)]
    return []


def _format_released(sums: Sums) -> list[str]:
    """Format what was held but not charged, with the numbers of failed and cancelled videos."""
    if not sums.released:
        return []
    match bool(sums.failed), bool(sums.cancelled):
        case True, True:
            template = _FAILED_AND_CANCELLED
        case True, False:
            template = _FAILED
        case False, True:
            template = _CANCELLED
        case _:
            template = _RELEASED
    counts = {"failed": format_number(sums.failed), "cancelled": format_number(sums.cancelled)}
    return [_(template, amount=format_usd(sums.released), **counts)]


def _format_lost(sums: Sums) -> list[str]:
    """Format how many videos were lost, if any."""
    if not sums.lost:
        return []
    return [
        ngettext(
            "{count} video was lost on the way; its price was given back.",
            "{count} videos were lost on the way; their prices were given back.",
            sums.lost,
        )
    ]


def _format_held(figures: SpendingReport) -> list[str]:
    held = figures.held
    if not held.videos:
        return []
    sentence = ngettext(
        "On hold now: {amount} for {count} video.",
        "On hold now: {amount} for {count} videos.",
        held.videos,
        amount=format_usd(held.amount),
    )
    return [sentence]


def _format_today(figures: SpendingReport) -> str:
    today = figures.today
    if today.limit is None:
        return _("Ordered today: {amount}; no daily limit applies.", amount=format_usd(today.used))
    return _(
        "Ordered today: {amount} of {limit}.",
        amount=format_usd(today.used),
        limit=format_usd(today.limit),
    )


def _format_wait(seconds: int) -> str:
    return _("From order to video: {time} on average.", time=_format_duration(seconds))


def _format_budget_share(net: MicroUSD, budget: MicroUSD) -> str:
    return _(
        "That is {share} of the {limit} of these days' limit.",
        share=format_share(net, budget),
        limit=format_usd(budget),
    )


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
    period = [_("{days} (UTC)", days=format_date_span(figures.days)), *([by] if by else [])]
    if sums.adjusted < 0:
        period.append(_("{amount} given back", amount=format_usd(MicroUSD(-sums.adjusted))))
    return Chart(
        title=strip_undrawable(title) or _("Spending"),
        period=" · ".join(period),
        total=sums.net,
        paid=_paid(figures),
        video_count=sums.delivered,
        models=_models(figures),
        bars=bars,
        limit=limit,
        most_used_model=_most_used(figures),
    )


def _paid(figures: SpendingReport) -> MicroUSD:
    """Return what the groups that paid something paid in all; a group's share is of this."""
    return MicroUSD(sum(max(0, line.sums.net) for line in figures.groups))


def _models(figures: SpendingReport) -> list[str]:
    """List the labels of all models, current ones first, so that each keeps its colour."""
    retired = sorted({line.model for line in figures.daily if line.model} - set(MODELS))
    return [*(model.label for model in MODELS.values()), *retired]


def _label(model: str | None) -> str:
    known = next((found for found in MODELS.values() if found.id == model), None)
    return known.label if known else str(model)


def _most_used(figures: SpendingReport) -> str:
    counts: dict[str, int] = defaultdict(int)
    for line in figures.daily:
        counts[_label(line.model)] += line.sums.delivered
    used = {model: count for model, count in counts.items() if count}
    return max(used, key=lambda model: used[model]) if len(used) > 1 else ""


def _bin_size(days: DayRange) -> int:
    if len(days) <= _MAX_BARS:
        return 1
    return 7 if len(days) <= 7 * _MAX_BARS else 31


def _bars_over_time(figures: SpendingReport, size: int) -> list[Bar]:
    """Return the bars by day (1), by week from Monday (7) or by month (31)."""
    parts: dict[date, dict[str, MicroUSD]] = {_bin(day, size): {} for day in figures.days}
    for line in figures.daily:
        assert line.day is not None, "these lines are by day"
        _add(parts[_bin(line.day, size)], line)
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
    groups = [_id(line, grouping) for line in figures.groups]
    shown = groups if len(groups) <= _MAX_RANKS else groups[: _MAX_RANKS - 1]
    parts: dict[int, dict[str, MicroUSD]] = {id_: {} for id_ in shown}
    others: dict[str, MicroUSD] = {}
    for line in figures.parts:
        _add(parts.get(_id(line, grouping), others), line)
    bars = [
        Bar(strip_undrawable(names.get(id_, "")) or f"…{id_ % 10_000:04}", parts[id_])
        for id_ in shown
    ]
    more = len(groups) - len(shown)
    return [*bars, Bar(ngettext("{count} other", "{count} others", more), others)] if more else bars


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
