"""Translations of commands are refused where Discord refuses them."""

from typing import Any

import pytest

from sandbox.discord.commands import check_commands
from sandbox.discord.errors import ApiError

Json = dict[str, Any]


def command(**changes: Any) -> Json:
    """Return a command that is accepted, with changes."""
    return {"name": "video", "description": "Make a video", **changes}


def option(name: str, **changes: Any) -> Json:
    """Return an option that is accepted, with changes."""
    return {"type": 3, "name": name, "description": "What to show", **changes}


@pytest.mark.parametrize(
    "accepted",
    [
        command(name_localizations={"de": "filmchen", "ja": "動画"}),
        command(description_localizations={"fr": "Crée une vidéo"}),
        command(name_localizations=None),
        {"type": 3, "name": "Animate", "name_localizations": {"de": "Bild animieren"}},
    ],
)
def test_translations_that_fit_are_accepted(accepted: Json) -> None:
    """Names of menu entries may have blanks and capitals."""
    check_commands([accepted])


@pytest.mark.parametrize(
    "refused",
    [
        command(name_localizations={"de-DE": "film"}),
        command(name_localizations={"de": "Film"}),
        command(name_localizations={"de": "ein film"}),
        command(name_localizations={"de": ""}),
        command(name_localizations={"de": "f" * 33}),
        command(description_localizations={"de": "f" * 101}),
        command(options=[option("a", name_localizations={"de": "b"}), option("b")]),
        command(
            options=[
                option(
                    "a",
                    choices=[{"name": "x", "value": "x", "name_localizations": {"de": "x" * 101}}],
                )
            ]
        ),
        {"type": 3, "name": "Animate", "name_localizations": {"de": "f" * 33}},
        command(
            options=[
                option(
                    f"o{number}",
                    description_localizations={"de": "f" * 100},
                    choices=[
                        {"name": "n" * 100, "value": f"{choice}" * 100} for choice in range(5)
                    ],
                )
                for number in range(7)
            ]
        ),
    ],
)
def test_what_discord_refuses_is_refused(refused: Json) -> None:
    """Unknown locales, names that are none, doubles, and too many characters in one language."""
    with pytest.raises(ApiError):
        check_commands([refused])
