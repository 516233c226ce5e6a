"""Knows how days and months are written, as shortly as they can be told apart."""

from datetime import date

from babel.dates import get_month_names

from domain.catalogue import language, t
from domain.reports import Days


def show_span(days: Days) -> str:
    """Name days: `21 Nov 2026`, `1–21 Nov 2026`, `28 Oct – 21 Nov 2026`."""
    first, last = days.first, days.last
    if first >= last:
        return show_day(last)
    if (first.year, first.month) == (last.year, last.month):
        return t(
            "{first}–{last} {month} {year}",
            first=first.day,
            last=last.day,
            month=_month(last),
            year=last.year,
        )
    start = show_day(first) if first.year != last.year else show_day_of_year(first)
    return f"{start} – {show_day(last)}"


def show_day(day: date) -> str:
    """Name a day: `21 Nov 2026`."""
    return t("{day} {month} {year}", day=day.day, month=_month(day), year=day.year)


def show_day_of_year(day: date) -> str:
    """Name a day whose year is known: `21 Nov`."""
    return t("{day} {month}", day=day.day, month=_month(day))


def show_month(day: date) -> str:
    """Name the month of a day: `Nov 2026`."""
    return t("{month} {year}", month=_month(day), year=day.year)


def _month(day: date) -> str:
    return get_month_names("abbreviated", locale=language())[day.month]
