"""Registered commands are returned as Discord returns them."""

from typing import Any

from sandbox.discord import FakeDiscord
from tests.harness.stock_client import RestClient

COMMAND: dict[str, Any] = {
    "name": "video",
    "description": "Make a video",
    "description_localizations": {"de": "Mach ein Video"},
    "default_member_permissions": 32,
    "contexts": [0],
    "options": [
        {
            "type": 4,
            "name": "seconds",
            "description": "How long",
            "required": False,
            "autocomplete": False,
            "min_value": 0,
            "choices": [{"name": "none", "value": 0, "name_localizations": {"de": "keine"}}],
        },
        {"type": 3, "name": "words", "description": "Words", "autocomplete": True},
    ],
}


async def test_a_command_comes_back_with_what_discord_adds(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Ids, a version, defaults and nulls; permissions as text; what is false is left out."""
    place = f"/applications/{fake_discord.world.bot_user.id}/commands"
    await rest("PUT", place, [COMMAND])
    _, [found] = await rest("GET", f"{place}?with_localizations=true")
    assert {"id", "application_id", "version"} < found.keys()
    assert (found["type"], found["default_member_permissions"]) == (1, "32")
    assert (found["dm_permission"], found["contexts"], found["integration_types"]) == (
        False,
        [0],
        [0],
    )
    assert found["name_localizations"] is None
    assert found["description_localizations"] == {"de": "Mach ein Video"}
    seconds, words = found["options"]
    assert "required" not in seconds
    assert "autocomplete" not in seconds
    assert seconds["min_value"] == 0
    assert seconds["choices"] == [
        {"name": "none", "name_localizations": {"de": "keine"}, "value": 0}
    ]
    assert words["autocomplete"] is True
    assert words["description_localizations"] is None


async def test_translations_are_listed_only_on_request(
    fake_discord: FakeDiscord, rest: RestClient
) -> None:
    """Neither the command's nor those of its options and choices."""
    place = f"/applications/{fake_discord.world.bot_user.id}/commands"
    await rest("PUT", place, [COMMAND])
    _, listed = await rest("GET", place)
    assert "localizations" not in str(listed)
