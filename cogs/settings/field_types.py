"""Knows the ways in which something is set: chosen from a menu, picked of the server, or typed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cogs.ui import text
from domain.catalogue import n, t
from domain.errors import BrokenRules
from domain.money import MicroUSD, plain_usd, show_usd
from domain.quotas import Kind, read_amount, show_limit
from domain.spoken import show_number

OPEN: Final = "-"
"""Stands in a menu for leaving it open."""

_NAMED: Final = 5
"""Channels or roles that are named where they are counted."""


@dataclass(frozen=True, slots=True)
class Option:
    """One of the values that a menu offers."""

    key: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A menu of known values.

    `field` names what is set in its holder. Labels, hints and `unset`, which says what counts where
    nothing is chosen, are sentences of the catalogue; without `unset` something always is.
    """

    field: str
    label: str
    hint: str
    options: tuple[Option, ...]
    unset: str = ""
    many: bool = False

    def offered(self) -> tuple[Option, ...]:
        """List what the menu offers, with leaving it open."""
        is_open = bool(self.unset) and not self.many
        return (*([Option(OPEN, self.unset, None)] if is_open else []), *self.options)

    def said(self, option: Option) -> str:
        """Say an option as it stands in the menu."""
        return alone(t(option.label))

    def is_chosen(self, option: Option, value: Any) -> bool:
        """Tell whether an option is among what is set."""
        return option.value in (value or ()) if self.many else option.value == value

    def shown(self, value: Any) -> str:
        """Say what is set."""
        chosen = [t(one.label) for one in self.offered() if self.is_chosen(one, value)]
        return ", ".join(chosen) or t(self.unset)

    def read(self, values: Sequence[str]) -> Any:
        """Read what was chosen.

        Raises:
            BrokenRules: nothing of the kind is offered (any more).
        """
        chosen = [one.value for one in self.offered() if one.key in values]
        if len(chosen) != len(values) or not (chosen or self.many):
            raise BrokenRules([t("Choose from what the menu offers.")])
        return (tuple(chosen) or None) if self.many else chosen[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A menu of the server's channels, or its roles; `most` is how many may be picked.

    Forums are among the channels where what is picked holds for their posts.
    """

    field: str
    label: str
    hint: str
    unset: str
    most: int = 25
    roles: bool = False
    forums: bool = False

    def ids(self, value: Any) -> tuple[int, ...]:
        """List what is set."""
        if value is None:
            return ()
        return (value,) if isinstance(value, int) else tuple(value)

    def shown(self, value: Any) -> str:
        """Say what is set, by name as far as there is room."""
        ids = self.ids(value)
        sign = "@&" if self.roles else "#"
        named = " ".join(f"<{sign}{id_}>" for id_ in ids[:_NAMED])
        if not ids:
            return t(self.unset)
        more = len(ids) - _NAMED
        if more <= 0:
            return named
        return n("{named} and {count} more", "{named} and {count} more", more, named=named)

    def read(self, values: Sequence[str]) -> Any:
        """Read what was picked.

        Raises:
            BrokenRules: that is no channel or role.
        """
        if len(values) > self.most or not all(value.isdecimal() for value in values):
            raise BrokenRules([t("Choose from what the menu offers.")])
        ids = tuple(int(value) for value in values)
        if self.most > 1:
            return ids
        return ids[0] if ids else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A form with one field; `read` raises ValueError in words for the person who typed."""

    field: str
    label: str
    hint: str
    unset: str
    show: Callable[[Any], str]
    write: Callable[[Any], str]
    parse: Callable[[str], Any]
    longest: int = 20
    """Characters that the field takes."""

    lines: bool = False

    def shown(self, value: Any) -> str:
        """Say what is set."""
        return t(self.unset) if value is None or value == () else self.show(value)

    def written(self, value: Any) -> str:
        """Write what is set as it would be typed."""
        return "" if value is None else self.write(value)

    def read(self, text: str) -> Any:
        """Read what was typed.

        Raises:
            BrokenRules: it can not be taken, in words for whom it comes from.
        """
        try:
            return self.parse(text.strip())
        except ValueError as error:
            label, reason = t(self.label), str(error)
            raise BrokenRules([t("{label}: {reason}.", label=label, reason=reason)]) from None


Knob = Choice | Pick | Text


def alone(text: str) -> str:
    """Write what stands within a sentence as it stands by itself."""
    return f"{text[:1].upper()}{text[1:]}"


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
    shown = text.harmless(", ".join(entries), _WORDS_SHOWN)
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
