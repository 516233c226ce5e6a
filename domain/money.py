"""Money in whole micro-dollars: parsing, and a plain English format."""

import re
from decimal import Decimal
from typing import NewType

from domain.errors import InvalidInput
from domain.violations import Source, Violation, ViolationCode

MicroUSD = NewType("MicroUSD", int)
"""Millionths of a US dollar. Prices are whole mills per second, so no cent is ever rounded."""

MICRO = 1_000_000
"""Millionths in a dollar."""

ZERO = MicroUSD(0)

_PLAIN_DOLLARS = re.compile(r"\$?(\d{1,9})(?:\.(\d{1,6}))?", re.ASCII)


def parse_usd(text: str) -> MicroUSD:
    """Parse plain dollars: `5`, `0.5`, `$2.50`.

    Raises:
        InvalidInput: for anything else; `5,00`, `1e9`, `NaN` and signs are not plain dollars.
    """
    match = _PLAIN_DOLLARS.fullmatch(text.strip())
    if match is None:
        raise InvalidInput(Violation.of(ViolationCode.NOT_PLAIN_DOLLARS, Source.SETTINGS))
    dollars, fraction = match.group(1), match.group(2) or ""
    return MicroUSD(int(dollars) * 1_000_000 + int(fraction.ljust(6, "0")))


def format_usd_en(amount: MicroUSD) -> str:
    """Format an amount for logs, the audit log and the command line, in English: `-$5.00`.

    It has as many decimals as it needs, at least two: `$0.364`.
    """
    dollars, micros = divmod(abs(amount), 1_000_000)
    decimals = f"{micros:06}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}${dollars:,}.{decimals}"


def to_micro_usd(dollars: Decimal) -> MicroUSD:
    """Convert a decimal number of dollars (APIXO's balance) to micro-dollars, rounded down."""
    return MicroUSD(int(dollars * 1_000_000))
