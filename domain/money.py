"""Knows money: whole micro-dollars, how a person writes them and how they are shown."""

import re
from decimal import Decimal
from typing import NewType

MicroUSD = NewType("MicroUSD", int)
"""Millionths of a US dollar. Prices are whole mills per second, so no cent is ever rounded."""

ZERO = MicroUSD(0)

_PLAIN_DOLLARS = re.compile(r"\$?(\d{1,9})(?:\.(\d{1,6}))?", re.ASCII)


def parse_usd(text: str) -> MicroUSD:
    """Read plain dollars: `5`, `0.5`, `$2.50`.

    Raises:
        ValueError: for anything else; `5,00`, `1e9`, `NaN` and signs are not plain dollars.
    """
    match = _PLAIN_DOLLARS.fullmatch(text.strip())
    if match is None:
        raise ValueError("write plain dollars, such as 5, 0.5 or $2.50")
    dollars, fraction = match.group(1), match.group(2) or ""
    return MicroUSD(int(dollars) * 1_000_000 + int(fraction.ljust(6, "0")))


def show_usd(amount: MicroUSD) -> str:
    """Show an amount with as many decimals as it needs, two at least: `$0.364`, `$5.00`."""
    dollars, micro = divmod(abs(amount), 1_000_000)
    fraction = f"{micro:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}${dollars:,}.{fraction}"


def from_decimal(dollars: Decimal) -> MicroUSD:
    """Turn a decimal number of dollars (APIXO's balance) into micro-dollars, rounding down."""
    return MicroUSD(int(dollars * 1_000_000))
