"""Commands in texts can be clicked once their ids are known."""

from collections.abc import Iterator

import pytest

from cogs.ui.command_mentions import mention_commands, remember_commands

REGISTERED = [
    {"id": "5", "type": 1, "name": "help"},
    {"id": "6", "name": "limits", "options": [{"type": 1, "name": "set"}]},
    {"id": "7", "type": 3, "name": "animate"},
]


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    """What one test registers is not known to the next."""
    remember_commands([])
    yield
    remember_commands([])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Use `/help`.", "Use </help:5>."),
        ("`/limits set` and `/help`", "</limits set:6> and </help:5>"),
        ("`/limits`, `/animate`, `/film`, /help", "`/limits`, `/animate`, `/film`, /help"),
    ],
)
def test_a_command_that_is_registered_is_mentioned(text: str, shown: str) -> None:
    """A group alone, an entry of a menu and an unknown command stay as they are."""
    assert mention_commands(text) == text
    remember_commands(REGISTERED)
    assert mention_commands(text) == shown
