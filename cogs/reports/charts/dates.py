"""Short forms of days, months and spans of days."""

from datetime import date

from babel.dates import get_month_names

from cogs.ui.i18n import _, current_locale
from domain.reports import DayRange


def format_date_span(days: DayRange) -> str:
    """Format a span of days: `21 Nov 2026`, `1–21 Nov 2026`, `28 Oct – 21 Nov 2026`."""
    first, last = days.first, days.last
    if first >= last:
        return format_date(last)
    if (first.year, first.month) == (last.year, last.month):
        return _(
            "{first}–{last} {month} {year}",
            first=first.day,
            last=last.day,
            month=_month(last),
            year=last.year,
        )
    start = format_date(first) if first.year != last.year else format_day_and_month(first)
    return f"{start} – {format_date(last)}"


def format_date(day: date) -> str:
    """Format a day: `21 Nov 2026`."""
    return _("{day} {month} {year}", day=day.day, month=_month(day), year=day.year)


def format_day_and_month(day: date) -> str:
    """Format a day without its year: `21 Nov`."""
    return _("{day} {month}", day=day.day, month=_month(day))


def format_month_and_year(day: date) -> str:
    """Format the month of a day: `Nov 2026`."""
    return _("{month} {year}", month=_month(day), year=day.year)


def _month(day: date) -> str:
    return get_month_names("abbreviated", locale=current_locale())[day.month]
