"""Knows how amounts, numbers and words are typed into the panel's forms, and how they are shown."""

from dataclasses import dataclass
from typing import Final

from cogs import words
from domain.catalogue import n, t
from domain.money import MicroUSD, plain_usd, show_usd
from domain.quotas import Kind, read_amount, show_limit
from domain.spoken import show_number

LONGEST_LIST: Final = 4_000
"""Characters that Discord takes in a field."""

_WORDS_SHOWN: Final = 100
_MOST_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is set for each member of a server; without an amount it lifts what else would count."""

    amount: int | None


def show_price(amount: MicroUSD) -> str:
    """Show a price."""
    return show_usd(amount)


def write_price(amount: MicroUSD) -> str:
    """Write a price as it is typed."""
    return plain_usd(amount).replace(",", "")


def read_price(text: str) -> MicroUSD | None:
    """Read a price; nothing typed is none.

    Raises:
        ValueError: in words for whoever typed it.
    """
    return read_amount(text) if text else None


def show_seconds(allowance: Allowance) -> str:
    """Show how long a member waits between two requests."""
    return show_limit(Kind.COOLDOWN, allowance.amount)


def show_at_once(allowance: Allowance) -> str:
    """Show how many videos a member may have under way."""
    return show_limit(Kind.IN_FLIGHT, allowance.amount)


def write_allowance(allowance: Allowance) -> str:
    """Write a number as it is typed."""
    return "none" if allowance.amount is None else str(allowance.amount)


def read_seconds(text: str) -> Allowance | None:
    """Read a number of seconds, a day at most; nothing typed clears it.

    Raises:
        ValueError: in words for whoever typed it.
    """
    return _read_allowance(text, 86_400)


def read_at_once(text: str) -> Allowance | None:
    """Read a number of videos, a hundred at most; nothing typed clears it.

    Raises:
        ValueError: in words for whoever typed it.
    """
    return _read_allowance(text, 100)


def show_days(days: int) -> str:
    """Show a number of days."""
    return n("{count} day", "{count} days", days)


def read_days(text: str) -> int:
    """Read a number of days.

    Raises:
        ValueError: it is no number.
    """
    if not _is_number(text):
        raise ValueError(t("write a whole number of days"))
    return int(text)


def show_list(entries: tuple[str, ...]) -> str:
    """Count words, and show the first of them."""
    shown = words.harmless(", ".join(entries), _WORDS_SHOWN)
    return n("{count} entry: {shown}", "{count} entries: {shown}", len(entries), shown=shown)


def write_list(entries: tuple[str, ...]) -> str:
    """Write words as they are typed."""
    return "\n".join(entries)


def _read_allowance(text: str, most: int) -> Allowance | None:
    if not text:
        return None
    if text.lower() == "none":
        return Allowance(None)
    if not _is_number(text) or int(text) > most:
        raise ValueError(
            t("write a whole number from 0 to {most}, or none", most=show_number(most))
        )
    return Allowance(int(text))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
