"""Odd amounts of money, patterns of managers, values for the panel, and names of buttons."""

from random import Random
from typing import Any

from discord import ui

from cogs.generation.context_menu import PictureMenu
from cogs.jobs.list_views import LIST_ITEMS
from cogs.operator.buttons import OPERATOR_ITEMS
from cogs.quotas.views import RevokeButton
from cogs.reports.controls import ITEMS
from cogs.settings.controls import SETTINGS_ITEMS
from cogs.settings.field_types import Choice, Knob, Pick, Text
from cogs.settings.fields import KNOBS
from cogs.ui.buttons import CardButton
from cogs.ui.notify_button import TellButton
from domain import guild_settings
from domain.errors import BrokenRules
from domain.guild_settings import ServerSettings
from domain.money import parse_usd, plain_usd, show_usd
from domain.quotas import MOST, read_limit
from domain.word_filter import broken_rules, found_in, read_words
from qa.fuzz.mutators import changed_text, odd_text
from qa.fuzz.target import Target

_AMOUNTS = ("5", "0.5", "$2.50", "none", "1000000", "999999999.999999", "0.000001")
_LISTS = ("gore, /\\bblood(y|)\\b/", "/(a|b)+c/\nlake", "/[a-z]{1,9}/", "/(?i)x{2,5}/", "/\\p{L}+/")
_KNOBS: tuple[Knob, ...] = tuple(knob for knobs in KNOBS.values() for knob in knobs)
_BUTTONS: tuple[type[ui.DynamicItem[Any]], ...] = (
    *(CardButton, RevokeButton, TellButton, PictureMenu),
    *(*ITEMS, *LIST_ITEMS, *SETTINGS_ITEMS, *OPERATOR_ITEMS),
)
_NAMES = (
    *("cancel:01k9zzzzzzzzzzzzzzzz", "buy:01k9zzzzzzzzzzzzzzzz:80000", "confirm:12345"),
    *("jobs:newest", "jobs:post:01k9zzzzzzzzzzzzzzzz:newest", "operator:page:3"),
    *("operator:sure:charge:01k9zzzzzzzzzzzzzzzz:7", "tell:1:yes", "revoke:12"),
    *("settings:home::turn", "settings:channel:20:max_seconds"),
)


def _money(dice: Random) -> str:
    """Read an amount; what is read is shown as it was meant."""
    text = changed_text(dice.choice(_AMOUNTS), dice) if dice.random() < 0.8 else odd_text(dice, 50)
    try:
        amount = read_limit(text)
    except ValueError as error:
        str(error).encode()
        return "refused"
    if amount is not None:
        assert 0 <= amount <= MOST
        assert parse_usd(plain_usd(amount).replace(",", "")) == amount
        assert show_usd(amount)[0] == "$"
    return "taken"


def _patterns(dice: Random) -> str:
    """Read a manager's list, and look for what is on it in an odd prompt."""
    text = odd_text(dice, 2_000)
    if dice.random() < 0.7:
        text = changed_text(changed_text(dice.choice(_LISTS), dice), dice)
    words = read_words(text)
    settings = ServerSettings(banned=words)
    try:
        guild_settings.check(settings)
    except BrokenRules:
        return "refused"
    assert broken_rules(words) == []
    prompt = odd_text(dice)
    assert all(isinstance(found, str) for found in found_in(prompt, words))
    return "taken"


def _values(dice: Random) -> str:
    """Set something on the panel to what the panel does not offer."""
    knob = dice.choice(_KNOBS)
    text = odd_text(dice, 500) if dice.random() < 0.5 else dice.choice((*_AMOUNTS, "8", "-"))
    try:
        value = _read(knob, text, dice)
    except BrokenRules:
        return "refused"
    knob.shown(value)
    assert not isinstance(knob, Text) or knob.read(knob.written(value)) == value
    return "taken"


def _read(knob: Knob, text: str, dice: Random) -> Any:
    match knob:
        case Text():
            return knob.read(text)
        case Pick() | Choice():
            return knob.read([text] * dice.randrange(3))


def _names(dice: Random) -> str:
    """Click a button of an odd name: it is none of ours, or made again with the same name."""
    name = dice.choice(_NAMES)
    name = name if dice.random() < 0.1 else changed_text(name, dice)[:100]
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


WORDS = (
    Target("money", 25_000, _money),
    Target("patterns", 8_000, _patterns),
    Target("settings", 10_000, _values),
    Target("buttons", 20_000, _names),
)
