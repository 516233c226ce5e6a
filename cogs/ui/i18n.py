"""The language of members' texts: sentences, plurals, numbers, lists and money.

A sentence is written in English where it is used, inside `_`, `ngettext` or `N_`; it is extracted
into the catalogue from there, and a language is one file of translations. What machines and
spreadsheets read is the same in every language, and not formatted here.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from typing import Final

from babel import Locale, dates, lists, numbers

from domain.money import MicroUSD
from domain.reports import DayRange

_ENGLISH: Final = Locale("en")
_INTERNATIONAL_ENGLISH: Final = Locale("en", "001")
"""For dates, which it writes with the day first; for money it would write `US$`."""
_SCIENTIFIC_FROM: Final = 1e15

_translations: NullTranslations = NullTranslations()
_locale: Locale = _ENGLISH


def activate_translations(translations: NullTranslations) -> None:
    """Use these translations for every sentence from now on.

    Their header `Language` names the language; without it they are English.
    """
    global _translations, _locale  # noqa: PLW0603 - a process has one language
    _translations = translations
    code = translations.info().get("language")
    _locale = Locale.parse(code) if code else _ENGLISH


def current_locale() -> Locale:
    """Return the locale of the active translations."""
    return _locale


def _(sentence: str, /, **values: object) -> str:
    """Translate a sentence, and fill in the values of the names in its braces."""
    # gettext translates an empty string to the header of the catalogue.
    return _translations.gettext(sentence).format(**values) if sentence else ""


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Translate the sentence that goes with a number, its `{count}` if it shows one: `12,345`."""
    formatted = numbers.format_decimal(count, locale=_locale)
    return _translations.ngettext(one, many, count).format(count=formatted, **values)


def N_(sentence: str, /) -> str:  # noqa: N802 - gettext's own name
    """Mark a sentence for the catalogue that `_` translates later, under its constant's name."""
    return sentence


def format_number(number: float, *, decimals: int = 0) -> str:
    """Format a number with grouped thousands, rounded to some decimals: `12,345`, `10.4`.

    From 1e15 on, only its power of ten is shown: `1e+300`.
    """
    if abs(number) >= _SCIENTIFIC_FROM:
        return f"{number:.0e}"
    return numbers.format_decimal(round(number, decimals), locale=_locale)


def format_or_list(choices: Iterable[str]) -> str:
    """Format alternatives: `480p, 720p, or 1080p`."""
    return lists.format_list(list(choices), style="or", locale=_locale)


def format_usd(amount: MicroUSD) -> str:
    """Format an amount in the active language: `$0.364`, `-$5.00`, or `5,00 $`.

    It has as many decimals as it needs, two at least.
    """
    return _format_usd(amount, _locale)


@lru_cache(maxsize=4096)
def _format_usd(amount: MicroUSD, locale: Locale) -> str:
    """Format an amount for a locale; cached, because it is the slowest part of a report."""
    return numbers.format_currency(
        Decimal(amount).scaleb(-6),
        "USD",
        locale=locale,
        currency_digits=False,
        decimal_quantization=False,
    )


def format_date_span(days: DayRange) -> str:
    """Format a span of days: `21 Nov 2026`, `1–21 Nov 2026`, `28 Oct – 21 Nov 2026`."""
    first = min(days.first, days.last)
    return dates.format_interval(first, days.last, "yMMMd", locale=_date_locale())


def format_date(day: date) -> str:
    """Format a day: `21 Nov 2026`."""
    return dates.format_skeleton("yMMMd", day, locale=_date_locale())


def format_day_and_month(day: date) -> str:
    """Format a day without its year: `21 Nov`."""
    return dates.format_skeleton("MMMd", day, locale=_date_locale())


def format_month_and_year(day: date) -> str:
    """Format the month of a day: `Nov 2026`."""
    return dates.format_skeleton("yMMM", day, locale=_date_locale())


def _date_locale() -> Locale:
    return _INTERNATIONAL_ENGLISH if _locale == _ENGLISH else _locale
