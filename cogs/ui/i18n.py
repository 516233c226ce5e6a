"""The language of members' texts: sentences, plurals, numbers, lists and money.

A sentence is written in English where it is used, inside `_`, `ngettext` or `N_`; it is extracted
into the catalogue from there, and a language is one file of translations. A task speaks the
language that was chosen in it, else the default. What machines and spreadsheets read is the same in
every language, and not formatted here.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from types import MappingProxyType
from typing import Final

import structlog
from babel import Locale, dates, lists, numbers

from domain.money import MicroUSD
from domain.reports import DayRange

_log = structlog.get_logger(__name__)

_ENGLISH: Final = Locale("en")
_INTERNATIONAL_ENGLISH: Final = Locale("en", "001")
"""For dates, which it writes with the day first; for money it would write `US$`."""
_SCIENTIFIC_FROM: Final = 1e15
_MICRO_PER_CENT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Language:
    """Translations, and the locale that formats numbers, dates and money."""

    translations: NullTranslations
    locale: Locale


LANGUAGE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "English",
        "de": "Deutsch",
        "es": "Español",
        "fr": "Français",
        "it": "Italiano",
        "pt_BR": "Português do Brasil",
        "ja": "日本語",
        "ko": "한국어",
        "zh_CN": "简体中文",
    }
)
"""The languages that are shipped, by code, as their speakers call them."""

Loader = Callable[[str], NullTranslations]
"""Reads the translations of a language by its code; raises ValueError if they are unusable."""

_languages: dict[str, Language | None] = {"en": Language(NullTranslations(), _ENGLISH)}
"""By code; None for one that has not been read yet."""

_LOCALES: Final = 64
"""More than Discord has locales."""

_default: Language = Language(NullTranslations(), _ENGLISH)
_load: Loader = lambda _code: NullTranslations()  # noqa: E731 - replaced as a whole
_chosen: ContextVar[Language | None] = ContextVar("language", default=None)


def install_languages(codes: Iterable[str], load: Loader, default: str) -> None:
    """Speak these languages from now on, each read when it is first needed.

    Without another choice `default` is spoken, one of them, which is read at once.

    Raises:
        ValueError: the default's translations are unusable.
    """
    global _default, _load  # noqa: PLW0603 - a process has one set of languages
    _default = Language(load(default), Locale.parse(default))
    _load = load
    _languages.clear()
    _languages.update(dict.fromkeys(codes), **{default: _default})
    find_language.cache_clear()


@lru_cache(_LOCALES)
def find_language(locale: str | None) -> str | None:
    """Return the code of the language for one of Discord's locales, such as `pt-BR`; None if none.

    A locale that is not installed has the language of another territory.
    """
    code = (locale or "").replace("-", "_")
    if code in _languages:
        return code
    language = code.partition("_")[0]
    same = (known for known in _languages if known.partition("_")[0] == language)
    return next(same, None)


def speak(locale: str | None) -> None:
    """Speak the language of a locale for the rest of the current task."""
    _chosen.set(_language_for(locale))


@contextmanager
def speaking(locale: str | None) -> Generator[None]:
    """Speak the language of a locale inside the block: the default if there is none."""
    token = _chosen.set(_language_for(locale))
    try:
        yield
    finally:
        _chosen.reset(token)


def installed_languages() -> list[str]:
    """Return the codes of the languages that can be spoken."""
    return list(_languages)


def current_locale() -> Locale:
    """Return the locale of the language that is spoken."""
    return _current().locale


def _current() -> Language:
    return _chosen.get() or _default


def _language_for(locale: str | None) -> Language:
    code = find_language(locale)
    if code is None:
        return _default
    return _languages[code] or _read(code)


def _read(code: str) -> Language:
    try:
        language = Language(_load(code), Locale.parse(code))
    except ValueError as error:
        _log.error("language not usable", language=code, reason=error)
        language = _default
    _languages[code] = language
    return language


def _(sentence: str, /, **values: object) -> str:
    """Translate a sentence, and fill in the values of the names in its braces."""
    # gettext translates an empty string to the header of the catalogue.
    return _current().translations.gettext(sentence).format(**values) if sentence else ""


def pgettext(context: str, sentence: str, /) -> str:
    """Translate a word that has another meaning elsewhere."""
    return _current().translations.pgettext(context, sentence)


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Translate the sentence that goes with a number, its `{count}` if it shows one: `12,345`."""
    language = _current()
    formatted = numbers.format_decimal(count, locale=language.locale)
    return language.translations.ngettext(one, many, count).format(count=formatted, **values)


def NP_(context: str, word: str, /) -> str:  # noqa: N802 - gettext's own name
    """Mark a word for the catalogue that `pgettext` translates later, in its context."""
    return word


def N_(sentence: str, /) -> str:  # noqa: N802 - gettext's own name
    """Mark a sentence for the catalogue that `_` translates later, under its constant's name."""
    return sentence


def capitalize_first(text: str) -> str:
    """Return the text with a capital first letter, as at the start of a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


def format_number(number: float, *, decimals: int = 0) -> str:
    """Format a number with grouped thousands, rounded to some decimals: `12,345`, `10.4`.

    From 1e15 on, only its power of ten is shown: `1e+300`.
    """
    if abs(number) >= _SCIENTIFIC_FROM:
        return f"{number:.0e}"
    return numbers.format_decimal(round(number, decimals), locale=current_locale())


def format_or_list(choices: Iterable[str]) -> str:
    """Format alternatives: `480p, 720p, or 1080p`."""
    return lists.format_list(list(choices), style="or", locale=current_locale())


def format_and_list(items: Iterable[str]) -> str:
    """Format things that belong together: `Send Messages and Attach Files`."""
    return lists.format_list(list(items), style="standard", locale=current_locale())


def format_price(amount: MicroUSD) -> str:
    """Format a price, or a sum of prices, in cents, rounded up: `$0.37` for 0.364 dollars.

    What was spent of a limit and what is left of it, each rounded its way, add up to the limit.
    """
    return _format_usd(MicroUSD(-(-amount // _MICRO_PER_CENT) * _MICRO_PER_CENT), current_locale())


def format_left(amount: MicroUSD) -> str:
    """Format what is left to spend in cents, rounded down: `$4.63` for 4.636 dollars."""
    return _format_usd(MicroUSD(amount // _MICRO_PER_CENT * _MICRO_PER_CENT), current_locale())


def format_usd(amount: MicroUSD) -> str:
    """Format an exact amount in the language that is spoken: `$0.364`, `-$5.00`, or `5,00 $`.

    It has as many decimals as it needs, two at least.
    """
    return _format_usd(amount, current_locale())


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
    locale = current_locale()
    return _INTERNATIONAL_ENGLISH if locale == _ENGLISH else locale
