"""Knows how numbers, dates and lists are written in the language that is spoken.

What machines and spreadsheets read is not written here, but the same in every language.
"""

from collections.abc import Iterable
from typing import Final

from babel import lists, numbers

from domain.catalogue import current_locale

_TOO_GREAT: Final = 1e15


def format_number(number: float, *, decimals: int = 0) -> str:
    """Show a number with its thousands grouped, rounded to some decimals: `12,345`, `10.4`.

    One so great that nobody would read its digits is shown by its power of ten: `1e+300`.
    """
    if abs(number) >= _TOO_GREAT:
        return f"{number:.0e}"
    return numbers.format_decimal(round(number, decimals), locale=current_locale())


def format_or_list(choices: Iterable[str]) -> str:
    """List what may be chosen from: `480p, 720p, or 1080p`."""
    return lists.format_list(list(choices), style="or", locale=current_locale())
