"""The language that people are spoken to in: its sentences, numbers, lists and money.

A sentence stands in English where it is said, inside `_`, `ngettext` or `N_`; from there it is
gathered into the catalogue, and a language is one file of translations. What machines and
spreadsheets read is the same in every language, and not written here.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from typing import Final

from babel import Locale, lists, numbers
from babel.dates import get_month_names

from domain.money import MicroUSD
from domain.reports import DayRange

_ENGLISH: Final = Locale("en")
_TOO_GREAT: Final = 1e15

_spoken: NullTranslations = NullTranslations()
_locale: Locale = _ENGLISH


def activate_translations(translations: NullTranslations) -> None:
    """Have every sentence from now on said in the language of these translations.

    Their header `Language` says which one it is; without it they are English.
    """
    global _spoken, _locale  # noqa: PLW0603 - a process speaks one language
    _spoken = translations
    code = translations.info().get("language")
    _locale = Locale.parse(code) if code else _ENGLISH


def current_locale() -> Locale:
    """Tell which language is spoken."""
    return _locale


def _(sentence: str, /, **values: object) -> str:
    """Say a sentence, with values in the place of the names in its braces."""
    # The translation of nothing is the header of the file of translations.
    return _spoken.gettext(sentence).format(**values) if sentence else ""


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Say the sentence that goes with a number, which may stand in it as `{count}`: `12,345`."""
    shown = numbers.format_decimal(count, locale=_locale)
    return _spoken.ngettext(one, many, count).format(count=shown, **values)


def N_(sentence: str, /) -> str:  # noqa: N802 - gettext's own name
    """Note a sentence for the catalogue that is said later: by `_`, under its constant's name."""
    return sentence


def format_number(number: float, *, decimals: int = 0) -> str:
    """Show a number with its thousands grouped, rounded to some decimals: `12,345`, `10.4`.

    One so great that nobody would read its digits is shown by its power of ten: `1e+300`.
    """
    if abs(number) >= _TOO_GREAT:
        return f"{number:.0e}"
    return numbers.format_decimal(round(number, decimals), locale=_locale)


def format_or_list(choices: Iterable[str]) -> str:
    """List what may be chosen from: `480p, 720p, or 1080p`."""
    return lists.format_list(list(choices), style="or", locale=_locale)


def format_usd(amount: MicroUSD) -> str:
    """Show an amount in the language spoken: `$0.364`, `-$5.00`, or `5,00 $`.

    It has as many decimals as it needs, two at least.
    """
    return _formatted(amount, _locale)


@lru_cache(maxsize=4096)
def _formatted(amount: MicroUSD, locale: Locale) -> str:
    """Write an amount as a language does; kept, for that takes longer than all else on a report."""
    return numbers.format_currency(
        Decimal(amount).scaleb(-6),
        "USD",
        locale=locale,
        currency_digits=False,
        decimal_quantization=False,
    )


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
