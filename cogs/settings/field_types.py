"""Knows the ways in which something is set: chosen from a menu, picked of the server, or typed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cogs.ui import text
from cogs.ui.i18n import _, format_usd, ngettext
from cogs.ui.text import format_limit
from domain.durations import DAY_S
from domain.errors import InvalidInput, RulesViolated
from domain.money import MicroUSD, format_usd_en
from domain.quotas import LimitKind, parse_amount
from domain.violations import Source, Violation, ViolationCode

UNSET_KEY: Final = "-"
"""Stands in a menu for leaving it open."""

_NAMED: Final = 5
"""Channels or roles that are named where they are counted."""


@dataclass(frozen=True, slots=True)
class FieldOption:
    """One of the values that a menu offers."""

    key: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectField:
    """A menu of known values.

    `field` names what is set in its holder. Labels, hints and `unset_label`, which says what counts
    where
    nothing is chosen, are sentences of the catalogue; without `unset_label` something always is.
    """

    name: str
    label: str
    hint: str
    options: tuple[FieldOption, ...]
    unset_label: str = ""
    multiple: bool = False

    def menu_options(self) -> tuple[FieldOption, ...]:
        """List what the menu offers, with leaving it open."""
        is_open = bool(self.unset_label) and not self.multiple
        return (
            *([FieldOption(UNSET_KEY, self.unset_label, None)] if is_open else []),
            *self.options,
        )

    def option_label(self, option: FieldOption) -> str:
        """Say an option as it stands in the menu."""
        return capitalize_first(_(option.label))

    def is_selected(self, option: FieldOption, value: Any) -> bool:
        """Tell whether an option is among what is set."""
        return option.value in (value or ()) if self.multiple else option.value == value

    def format_value(self, value: Any) -> str:
        """Say what is set."""
        chosen = [_(one.label) for one in self.menu_options() if self.is_selected(one, value)]
        return ", ".join(chosen) or _(self.unset_label)

    def parse_input(self, values: Sequence[str]) -> Any:
        """Read what was chosen.

        Raises:
            RulesViolated: nothing of the kind is offered (any more).
        """
        chosen = [one.value for one in self.menu_options() if one.key in values]
        if len(chosen) != len(values) or not (chosen or self.multiple):
            raise _not_offered()
        return (tuple(chosen) or None) if self.multiple else chosen[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOrRoleField:
    """A menu of the server's channels, or its roles; `most` is how many may be picked.

    Forums are among the channels where what is picked holds for their posts.
    """

    name: str
    label: str
    hint: str
    unset_label: str
    max_values: int = 25
    selects_roles: bool = False
    allow_forums: bool = False

    def selected_ids(self, value: Any) -> tuple[int, ...]:
        """List what is set."""
        if value is None:
            return ()
        return (value,) if isinstance(value, int) else tuple(value)

    def format_value(self, value: Any) -> str:
        """Say what is set, by name as far as there is room."""
        ids = self.selected_ids(value)
        sign = "@&" if self.selects_roles else "#"
        named = " ".join(f"<{sign}{id_}>" for id_ in ids[:_NAMED])
        if not ids:
            return _(self.unset_label)
        more = len(ids) - _NAMED
        if more <= 0:
            return named
        return ngettext("{named} and {count} more", "{named} and {count} more", more, named=named)

    def parse_input(self, values: Sequence[str]) -> Any:
        """Read what was picked.

        Raises:
            RulesViolated: that is no channel or role.
        """
        if len(values) > self.max_values or not all(value.isdecimal() for value in values):
            raise _not_offered()
        ids = tuple(int(value) for value in values)
        if self.max_values > 1:
            return ids
        return ids[0] if ids else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A form with one field; `parser` raises InvalidInput for what it does not take."""

    name: str
    label: str
    hint: str
    unset_label: str
    formatter: Callable[[Any], str]
    input_formatter: Callable[[Any], str]
    parser: Callable[[str], Any]
    max_length: int = 20
    """Characters that the field takes."""

    multiline: bool = False

    def format_value(self, value: Any) -> str:
        """Say what is set."""
        return _(self.unset_label) if value is None or value == () else self.formatter(value)

    def format_input(self, value: Any) -> str:
        """Write what is set as it would be typed."""
        return "" if value is None else self.input_formatter(value)

    def parse_input(self, text: str) -> Any:
        """Read what was typed.

        Raises:
            RulesViolated: it can not be taken.
        """
        try:
            return self.parser(text.strip())
        except InvalidInput as error:
            invalid = Violation.of(
                ViolationCode.FIELD_INVALID,
                Source.SETTINGS,
                label=self.label,
                fault=error.violation,
            )
            raise RulesViolated([invalid]) from None


def _not_offered() -> RulesViolated:
    return RulesViolated([Violation.of(ViolationCode.OPTION_NOT_OFFERED, Source.SETTINGS)])


SettingField = SelectField | ChannelOrRoleField | TextField


def capitalize_first(text: str) -> str:
    """Write what stands within a sentence as it stands by itself."""
    return f"{text[:1].upper()}{text[1:]}"


MAX_TEXT_INPUT_LENGTH: Final = 4_000
"""Characters that Discord takes in a field."""

_WORDS_SHOWN: Final = 100
_MOST_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class MemberLimit:
    """What is set for each member of a server; without an amount it lifts what else would count."""

    amount: int | None


def format_price(amount: MicroUSD) -> str:
    """Show a price."""
    return format_usd(amount)


def format_price_input(amount: MicroUSD) -> str:
    """Write a price as it is typed."""
    return format_usd_en(amount).replace(",", "")


def parse_price(text: str) -> MicroUSD | None:
    """Read a price; nothing typed is none.

    Raises:
        InvalidInput: it is no price.
    """
    return parse_amount(text) if text else None


def format_cooldown(allowance: MemberLimit) -> str:
    """Show how long a member waits between two requests."""
    return format_limit(LimitKind.COOLDOWN, allowance.amount)


def format_in_flight_limit(allowance: MemberLimit) -> str:
    """Show how many videos a member may have under way."""
    return format_limit(LimitKind.IN_FLIGHT, allowance.amount)


def format_member_limit_input(allowance: MemberLimit) -> str:
    """Write a number as it is typed."""
    return "none" if allowance.amount is None else str(allowance.amount)


def parse_cooldown(text: str) -> MemberLimit | None:
    """Read a number of seconds, a day at most; nothing typed clears it.

    Raises:
        InvalidInput: it is no such number.
    """
    return _read_allowance(text, DAY_S)


def parse_in_flight_limit(text: str) -> MemberLimit | None:
    """Read a number of videos, a hundred at most; nothing typed clears it.

    Raises:
        InvalidInput: it is no such number.
    """
    return _read_allowance(text, 100)


def format_days(days: int) -> str:
    """Show a number of days."""
    return ngettext("{count} day", "{count} days", days)


def parse_days(text: str) -> int:
    """Read a number of days.

    Raises:
        InvalidInput: it is no number.
    """
    if not _is_number(text):
        raise InvalidInput(Violation.of(ViolationCode.DAYS_NOT_WHOLE, Source.SETTINGS))
    return int(text)


def format_word_list(entries: tuple[str, ...]) -> str:
    """Count words, and show the first of them."""
    shown = text.sanitize(", ".join(entries), _WORDS_SHOWN)
    return ngettext("{count} entry: {shown}", "{count} entries: {shown}", len(entries), shown=shown)


def format_word_list_input(entries: tuple[str, ...]) -> str:
    """Write words as they are typed."""
    return "\n".join(entries)


def _read_allowance(text: str, most: int) -> MemberLimit | None:
    if not text:
        return None
    if text.lower() == "none":
        return MemberLimit(None)
    if not _is_number(text) or int(text) > most:
        raise InvalidInput(
            Violation.of(ViolationCode.NOT_A_MEMBER_LIMIT, Source.SETTINGS, most=most)
        )
    return MemberLimit(int(text))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
