"""Knows how a sentence that people read gets into their language.

A sentence stands in English where it is said, inside `t`, `n` or `mark`; from there it is gathered
into the catalogue, and a language is one file of translations.
"""

from gettext import NullTranslations

_spoken: NullTranslations = NullTranslations()


def speak(translations: NullTranslations) -> None:
    """Have every sentence from now on said in the language of these translations."""
    global _spoken  # noqa: PLW0603 - a process speaks one language
    _spoken = translations


def t(sentence: str, /, **values: object) -> str:
    """Say a sentence, with values in the place of the names in its braces."""
    return _spoken.gettext(sentence).format(**values)


def n(one: str, many: str, count: int, /, **values: object) -> str:
    """Say the sentence that goes with a number, which may stand in it as `{count}`."""
    return _spoken.ngettext(one, many, count).format(count=count, **values)


def mark(sentence: str, /) -> str:
    """Note a sentence for the catalogue that is said later: by `t`, under its constant's name."""
    return sentence
