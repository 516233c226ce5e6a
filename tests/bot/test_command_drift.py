"""What Discord adds to a command is no difference; what somebody else has changed is one."""

from copy import deepcopy
from typing import Any

import pytest

from bot.command_drift import compare_commands

COMMAND: dict[str, Any] = {
    "name": "video",
    "type": 1,
    "description": "Make a video",
    "default_member_permissions": 32,
    "contexts": [0],
    "integration_types": [0],
    "nsfw": False,
    "options": [
        {
            "name": "prompt",
            "description": "What is to be seen",
            "type": 3,
            "required": True,
            "min_length": 3,
            "description_localizations": {"de": "Was zu sehen ist"},
        },
        {
            "name": "seconds",
            "description": "How long",
            "type": 4,
            "required": False,
            "min_value": 0,
            "choices": [{"name": "four", "value": 4}, {"name": "none", "value": 0}],
        },
    ],
}
RETURNED: dict[str, Any] = {
    "id": "1",
    "application_id": "2",
    "version": "3",
    "default_member_permissions": "32",
    "type": 1,
    "name": "video",
    "name_localizations": None,
    "description": "Make a video",
    "description_localizations": None,
    "dm_permission": False,
    "contexts": [0],
    "integration_types": [0],
    "nsfw": False,
    "global_popularity_rank": 1,
    "options": [
        {
            "type": 3,
            "name": "prompt",
            "name_localizations": None,
            "description": "What is to be seen",
            "description_localizations": {"de": "Was zu sehen ist"},
            "required": True,
            "min_length": 3,
        },
        {
            "type": 4,
            "name": "seconds",
            "name_localizations": None,
            "description": "How long",
            "description_localizations": None,
            "min_value": 0,
            "choices": [
                {"name": "four", "name_localizations": None, "value": 4},
                {"name": "none", "name_localizations": None, "value": 0},
            ],
        },
    ],
}
"""As Discord returns it when asked for translations."""

MENU: dict[str, Any] = {"name": "Animate this image", "type": 3, "contexts": [0]}


def test_what_discord_adds_is_no_difference():
    """In whatever order it lists the commands; its own entry point is nobody's."""
    menu = {**MENU, "description": "", "id": "9", "integration_types": [0], "nsfw": False}
    entry_point = {"name": "launch", "type": 4, "description": ""}
    assert not compare_commands([COMMAND, MENU], [entry_point, menu, RETURNED])


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("description",), "Make a film"),
        (("default_member_permissions",), None),
        (("default_member_permissions",), "0"),
        (("contexts",), [0, 1]),
        (("contexts",), None),
        (("integration_types",), [0, 1]),
        (("nsfw",), True),
        (("name_localizations",), {"de": "video"}),
        (("options", 0, "required"), False),
        (("options", 0, "min_length"), 4),
        (("options", 0, "description_localizations"), None),
        (("options", 1, "min_value"), None),
        (("options", 1, "autocomplete"), True),
        (("options", 1, "choices", 1, "value"), 8),
        (("options", 1, "choices", 0, "name_localizations"), {"de": "vier"}),
        (("options", 1, "name"), "length"),
    ],
)
def test_what_somebody_has_changed_is_found(place: tuple[Any, ...], value: object):
    """Each field that members see or that Discord goes by."""
    changed: Any = deepcopy(RETURNED)
    *steps, last = place
    part = changed
    for step in steps:
        part = part[step]
    part[last] = value
    assert compare_commands([COMMAND], [changed]).changed == ("/video",)


def test_missing_and_unknown_commands_are_named():
    """In words for the operator."""
    drift = compare_commands([COMMAND, MENU], [{**RETURNED, "name": "other"}])
    assert str(drift) == "missing: /video, Animate this image; unknown: /other"
    reordered = deepcopy(RETURNED)
    reordered["options"].reverse()
    assert str(compare_commands([COMMAND], [reordered])) == "changed: /video"
