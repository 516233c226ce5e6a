"""Types of setting fields: menus of values, of channels and roles, and text inputs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cogs.ui import text
from cogs.ui.i18n import _, capitalize_first, format_usd, ngettext
from cogs.ui.text import format_limit
from domain.errors import InvalidInput, RulesViolated
from domain.money import MicroUSD, format_usd_en
from domain.quotas import LimitKind, parse_amount
from domain.snowflakes import parse_snowflake
from domain.violations import Source, Violation, ViolationCode

UNSET_KEY: Final = "-"
"""The key of the option that leaves a field unset."""

_MENTIONS_SHOWN: Final = 5
"""Channels or roles that are mentioned; the rest is counted."""


@dataclass(frozen=True, slots=True)
class FieldOption:
    """One option of a menu."""

    key: str
    label: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectField:
    """A menu of fixed values.

    `name` is the attribute that it sets. `label`, `hint` and `unset_label` are message ids.
    `unset_label` describes what applies while nothing is selected, with the `{value}` that
    `unset_value` formats, if any; without it a value is required.
    """

    name: str
    label: str
    hint: str
    options: tuple[FieldOption, ...]
    unset_label: str = ""
    unset_value: Callable[[], str] = str
    multiple: bool = False

    def menu_options(self) -> tuple[FieldOption, ...]:
        """List the options, with one for leaving the field unset if that is allowed."""
        can_unset = bool(self.unset_label) and not self.multiple
        return (
            *([FieldOption(UNSET_KEY, self.unset_label, None)] if can_unset else []),
            *self.options,
        )

    def option_label(self, option: FieldOption) -> str:
        """Format an option's label for the menu."""
        return capitalize_first(self._format_option(option))

    def is_selected(self, option: FieldOption, value: Any) -> bool:
        """Return whether an option is among the values that are set."""
        return option.value in (value or ()) if self.multiple else option.value == value

    def format_value(self, value: Any) -> str:
        """Format the value."""
        options = (one for one in self.menu_options() if self.is_selected(one, value))
        return ", ".join(map(self._format_option, options)) or _(self.unset_label)

    def _format_option(self, option: FieldOption) -> str:
        return _(option.label, value=self.unset_value())

    def parse_input(self, values: Sequence[str]) -> Any:
        """Return the value of the selected options.

        Raises:
            RulesViolated: an option is not offered, as from a panel of an earlier version.
        """
        chosen = [one.value for one in self.menu_options() if one.key in values]
        if len(chosen) != len(values) or not (chosen or self.multiple):
            raise not_offered()
        return (tuple(chosen) or None) if self.multiple else chosen[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOrRoleField:
    """A menu of the server's channels or roles, of which `max_values` may be selected.

    `allow_forums` is for settings that also apply to the posts of a forum.
    """

    name: str
    label: str
    hint: str
    unset_label: str
    max_values: int = 25
    selects_roles: bool = False
    allow_forums: bool = False

    def selected_ids(self, value: Any) -> tuple[int, ...]:
        """Return the ids that are set."""
        if value is None:
            return ()
        return (value,) if isinstance(value, int) else tuple(value)

    def format_value(self, value: Any) -> str:
        """Format the value: mention the first channels or roles, and count the rest."""
        ids = self.selected_ids(value)
        prefix = "@&" if self.selects_roles else "#"
        named = " ".join(f"<{prefix}{id_}>" for id_ in ids[:_MENTIONS_SHOWN])
        if not ids:
            return _(self.unset_label)
        more = len(ids) - _MENTIONS_SHOWN
        if more <= 0:
            return named
        return ngettext("{named} and {count} more", "{named} and {count} more", more, named=named)

    def parse_input(self, values: Sequence[str]) -> Any:
        """Return the selected ids, or the only one.

        Raises:
            RulesViolated: too many values, or one that is no id.
        """
        ids = tuple(id_ for value in values if (id_ := parse_snowflake(value)) is not None)
        if len(values) > self.max_values or len(ids) < len(values):
            raise not_offered()
        if self.max_values > 1:
            return ids
        return ids[0] if ids else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextField:
    """A text input in a form of its own; `parser` raises InvalidInput for unusable text."""

    name: str
    label: str
    hint: str
    unset_label: str
    formatter: Callable[[Any], str]
    input_formatter: Callable[[Any], str]
    parser: Callable[[str], Any]
    unset_value: Callable[[], str] = str
    max_length: int = 20
    """Characters that the input takes."""

    multiline: bool = False

    def format_value(self, value: Any) -> str:
        """Format the value."""
        if value is None or value == ():
            return _(self.unset_label, value=self.unset_value())
        return self.formatter(value)

    def format_input(self, value: Any) -> str:
        """Format the value as a member would type it."""
        return "" if value is None else self.input_formatter(value)

    def parse_input(self, text: str) -> Any:
        """Parse the typed text.

        Raises:
            RulesViolated: the text is no value of this field.
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


def not_offered() -> RulesViolated:
    """Return the error for a choice that is not offered."""
    return RulesViolated([Violation.of(ViolationCode.OPTION_NOT_OFFERED, Source.SETTINGS)])


SettingField = SelectField | ChannelOrRoleField | TextField


MAX_TEXT_INPUT_LENGTH: Final = 4_000
"""Characters that Discord takes in a text input."""

_WORD_LIST_CHARS: Final = 100
_MAX_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class MemberLimit:
    """A limit for each member of a server; None as amount lifts the service's default limit."""

    amount: int | None


def format_threshold(amount: MicroUSD) -> str:
    """Format the price above which members are asked."""
    return format_usd(amount)


def format_no_limit() -> str:
    """Format that there is no limit."""
    return _("none")


def format_price_input(amount: MicroUSD) -> str:
    """Format a price as a member would type it."""
    return format_usd_en(amount).replace(",", "")


def parse_price(text: str) -> MicroUSD | None:
    """Parse a price in US dollars; empty text is None.

    Raises:
        InvalidInput: the text is no price.
    """
    return parse_amount(text) if text else None


def format_cooldown(member_limit: MemberLimit) -> str:
    """Format how long a member waits between two requests."""
    return format_limit(LimitKind.COOLDOWN, member_limit.amount)


def format_in_flight_limit(member_limit: MemberLimit) -> str:
    """Format how many videos a member may have in flight."""
    return format_limit(LimitKind.IN_FLIGHT, member_limit.amount)


def format_member_limit_input(member_limit: MemberLimit) -> str:
    """Format a limit as a member would type it."""
    return "none" if member_limit.amount is None else str(member_limit.amount)


def parse_cooldown(text: str) -> MemberLimit | None:
    """Parse a number of seconds, at most a day; empty text clears the limit.

    Raises:
        InvalidInput: the text is no such number.
    """
    return _parse_member_limit(text, 86_400)


def parse_in_flight_limit(text: str) -> MemberLimit | None:
    """Parse a number of videos, at most 100; empty text clears the limit.

    Raises:
        InvalidInput: the text is no such number.
    """
    return _parse_member_limit(text, 100)


def format_days(days: int) -> str:
    """Format a number of days."""
    return ngettext("{count} day", "{count} days", days)


def parse_days(text: str) -> int:
    """Parse a number of days.

    Raises:
        InvalidInput: the text is no number.
    """
    if not _is_number(text):
        raise InvalidInput(Violation.of(ViolationCode.DAYS_NOT_WHOLE, Source.SETTINGS))
    return int(text)


def format_word_list(entries: tuple[str, ...]) -> str:
    """Format a word list: the number of entries, and the first of them."""
    shown = text.sanitize(", ".join(entries), _WORD_LIST_CHARS)
    return ngettext("{count} entry: {shown}", "{count} entries: {shown}", len(entries), shown=shown)


def format_word_list_input(entries: tuple[str, ...]) -> str:
    """Format words as a member would type them, one a line."""
    return "\n".join(entries)


def _parse_member_limit(text: str, maximum: int) -> MemberLimit | None:
    if not text:
        return None
    if text.lower() == "none":
        return MemberLimit(None)
    if not _is_number(text) or int(text) > maximum:
        raise InvalidInput(
            Violation.of(ViolationCode.NOT_A_MEMBER_LIMIT, Source.SETTINGS, most=maximum)
        )
    return MemberLimit(int(text))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS
