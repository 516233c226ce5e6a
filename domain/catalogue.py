"""Knows how a sentence that people read gets into their language.

A sentence stands in English where it is said, inside `t`, `n` or `mark`; from there it is gathered
into the catalogue, and a language is one file of translations. Numbers, money, dates and lists in
a sentence are written by `domain.spoken` and `domain.money`, in the same language.
"""

from gettext import NullTranslations
from typing import Final

from babel import Locale
from babel.numbers import format_decimal

_ENGLISH: Final = Locale("en")

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
    shown = format_decimal(count, locale=_locale)
    return _spoken.ngettext(one, many, count).format(count=shown, **values)


def N_(sentence: str, /) -> str:  # noqa: N802 - gettext's own name
    """Note a sentence for the catalogue that is said later: by `t`, under its constant's name."""
    return sentence
