"""Odd amounts of money, patterns of managers, values for the panel, and names of buttons."""

from random import Random
from typing import Any

from discord import ui

from cogs.generation.context_menu import PictureSelect
from cogs.jobs.list_views import ListActionButton, PageButton
from cogs.operator.buttons import DecisionButton, ParkedPageButton
from cogs.quotas.views import RevokeButton
from cogs.reports.controls import CsvButton, ReportMenu
from cogs.settings.controls import ReopenFormButton, SettingsControl
from cogs.settings.field_types import ChannelOrRoleField, SelectField, SettingField, TextField
from cogs.settings.fields import FIELDS_BY_PAGE
from cogs.ui.buttons import ActionButton
from cogs.ui.i18n import format_usd
from cogs.ui.notify_button import NotifyButton
from cogs.ui.violations import format_violation
from domain import guild_settings
from domain.errors import InvalidInput, RulesViolated
from domain.guild_settings import GuildSettings
from domain.money import format_usd_en, parse_usd
from domain.quotas import MAX_AMOUNT, parse_limit
from domain.violations import Violation
from domain.word_filter import find_listed_words, parse_word_list, word_list_violations
from qa.fuzz.mutators import mutate_text, random_text
from qa.fuzz.target import FuzzTarget

_AMOUNTS = ("5", "0.5", "$2.50", "none", "1000000", "999999999.999999", "0.000001")
_LISTS = ("gore, /\\bblood(y|)\\b/", "/(a|b)+c/\nlake", "/[a-z]{1,9}/", "/(?i)x{2,5}/", "/\\p{L}+/")
_FIELDS: tuple[SettingField, ...] = tuple(
    field for fields in FIELDS_BY_PAGE.values() for field in fields
)
_BUTTONS: tuple[type[ui.DynamicItem[Any]], ...] = (
    *(ActionButton, RevokeButton, NotifyButton, PictureSelect),
    *(ReportMenu, CsvButton, PageButton, ListActionButton),
    *(SettingsControl, ReopenFormButton, ParkedPageButton, DecisionButton),
)
_NAMES = (
    *("cancel:01k9zzzzzzzzzzzzzzzz", "buy:01k9zzzzzzzzzzzzzzzz:80000", "confirm:12345"),
    *("jobs:newest", "jobs:post:01k9zzzzzzzzzzzzzzzz:newest", "operator:page:3"),
    *("operator:sure:charge:01k9zzzzzzzzzzzzzzzz:7", "tell:1:yes", "revoke:12"),
    *("settings:home::turn", "settings:channel:20:max_seconds"),
)


def _money(dice: Random) -> str:
    """Read an amount; what is read is shown as it was meant."""
    text = (
        mutate_text(dice.choice(_AMOUNTS), dice) if dice.random() < 0.8 else random_text(dice, 50)
    )
    try:
        amount = parse_limit(text)
    except InvalidInput as error:
        return _refused(error.violation)
    if amount is not None:
        assert 0 <= amount <= MAX_AMOUNT
        assert parse_usd(format_usd_en(amount).replace(",", "")) == amount
        assert format_usd(amount)[0] == "$"
    return "taken"


def _refused(*violations: Violation) -> str:
    """See that each mistake can be told."""
    assert all(map(format_violation, violations))
    return "refused"


def _patterns(dice: Random) -> str:
    """Read a manager's list, and look for what is on it in an odd prompt."""
    text = random_text(dice, 2_000)
    if dice.random() < 0.7:
        text = mutate_text(mutate_text(dice.choice(_LISTS), dice), dice)
    words = parse_word_list(text)
    settings = GuildSettings(banned=words)
    try:
        guild_settings.validate_settings(settings)
    except RulesViolated as error:
        return _refused(*error.violations)
    assert word_list_violations(words) == []
    prompt = random_text(dice)
    assert all(isinstance(found, str) for found in find_listed_words(prompt, words))
    return "taken"


def _values(dice: Random) -> str:
    """Set something on the panel to what the panel does not offer."""
    field = dice.choice(_FIELDS)
    text = random_text(dice, 500) if dice.random() < 0.5 else dice.choice((*_AMOUNTS, "8", "-"))
    try:
        value = _read(field, text, dice)
    except RulesViolated as error:
        return _refused(*error.violations)
    field.format_value(value)
    assert not isinstance(field, TextField) or field.parse_input(field.format_input(value)) == value
    return "taken"


def _read(field: SettingField, text: str, dice: Random) -> Any:
    match field:
        case TextField():
            return field.parse_input(text)
        case ChannelOrRoleField() | SelectField():
            return field.parse_input([text] * dice.randrange(3))


def _names(dice: Random) -> str:
    """Click a button of an odd name: it is none of ours, or made again with the same name."""
    name = dice.choice(_NAMES)
    name = name if dice.random() < 0.1 else mutate_text(name, dice)[:100]
    outcome = "refused"
    for item in _BUTTONS:
        found = item.__discord_ui_compiled_template__.fullmatch(name)
        if found is not None:
            made: Any = _made(item, found)
            assert len(made.custom_id) <= 100
            outcome = "taken"
    return outcome


def _made(item: type[ui.DynamicItem[Any]], found: Any) -> Any:
    button = ui.Button[Any](custom_id=found.string)
    making: Any = item.from_custom_id(None, button, found)  # pyright: ignore[reportArgumentType]
    try:
        making.send(None)
    except StopIteration as made:
        return made.value
    raise AssertionError(f"{item.__name__} waits for something")


TEXT_INPUT_TARGETS = (
    FuzzTarget("money", 25_000, _money),
    FuzzTarget("patterns", 8_000, _patterns),
    FuzzTarget("settings", 10_000, _values),
    FuzzTarget("buttons", 20_000, _names),
)
