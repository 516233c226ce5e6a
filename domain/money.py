"""Knows money: whole micro-dollars, how a person writes them and how they are shown."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Final, NewType

from babel import Locale
from babel.numbers import format_currency

from domain.catalogue import _, current_locale

MicroUSD = NewType("MicroUSD", int)
"""Millionths of a US dollar. Prices are whole mills per second, so no cent is ever rounded."""

ZERO = MicroUSD(0)

_ENGLISH: Final = Locale("en")
_PLAIN_DOLLARS = re.compile(r"\$?(\d{1,9})(?:\.(\d{1,6}))?", re.ASCII)


def parse_usd(text: str) -> MicroUSD:
    """Read plain dollars: `5`, `0.5`, `$2.50`.

    Raises:
        ValueError: for anything else; `5,00`, `1e9`, `NaN` and signs are not plain dollars.
    """
    match = _PLAIN_DOLLARS.fullmatch(text.strip())
    if match is None:
        raise ValueError(_("write plain dollars, such as 5, 0.5 or $2.50"))
    dollars, fraction = match.group(1), match.group(2) or ""
    return MicroUSD(int(dollars) * 1_000_000 + int(fraction.ljust(6, "0")))


def format_usd(amount: MicroUSD) -> str:
    """Show an amount in the language spoken: `$0.364`, `-$5.00`, or `5,00 $`.

    It has as many decimals as it needs, two at least.
    """
    return _shown(amount, current_locale())


def format_usd_en(amount: MicroUSD) -> str:
    """Write an amount for logs, trails and the command line: as `format_usd`, always in English."""
    return _shown(amount, _ENGLISH)


def to_micro_usd(dollars: Decimal) -> MicroUSD:
    """Turn a decimal number of dollars (APIXO's balance) into micro-dollars, rounding down."""
    return MicroUSD(int(dollars * 1_000_000))


@lru_cache(maxsize=4096)
def _shown(amount: MicroUSD, locale: Locale) -> str:
    """Write an amount as a language does; kept, for that takes longer than all else on a report."""
    return format_currency(
        Decimal(amount).scaleb(-6),
        "USD",
        locale=locale,
        currency_digits=False,
        decimal_quantization=False,
    )
