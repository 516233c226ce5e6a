"""What Discord's prose allows and its OpenAPI document does not, each with its source."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

_REFERENCE: Final = "docs.discord.com/developers/reference"
_COMMANDS: Final = "docs.discord.com/developers/interactions/application-commands"


@dataclass(frozen=True, slots=True)
class Amendment:
    """A further value of a schema: of one of its properties, or of the whole if none is named."""

    schema: str
    property: str | None
    allowed: Mapping[str, Any]
    source: str


AMENDMENTS: Final = (
    Amendment(
        "SnowflakeType",
        None,
        {"type": "integer", "minimum": 0, "maximum": 2**64 - 1},
        f"{_REFERENCE}#id-serialization: ids are integers inside, and may be sent as such; "
        f"{_REFERENCE}#uploading-files has files' placeholders as integers",
    ),
    Amendment(
        "ApplicationCommandUpdateRequest",
        "nsfw",
        {"type": "boolean"},
        f"{_COMMANDS}#application-command-object-application-command-structure",
    ),
    Amendment(
        "MessageEditRequestPartial",
        "tts",
        {"const": False},
        "discord.py's http.handle_message_parameters sends it with every edit; "
        "Discord ignores what it does not know",
    ),
)

BOOLEANS: Final = frozenset({"True", "true", "1", "False", "false", "0"})
"""Booleans of a query (docs.discord.com/developers/reference#boolean-query-strings)."""


def amend(schemas: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document's schemas with what the prose allows besides."""
    amended = deepcopy(dict(schemas))
    for one in AMENDMENTS:
        if one.property is None:
            amended[one.schema] = {"anyOf": [amended[one.schema], dict(one.allowed)]}
        else:
            amended[one.schema]["properties"].setdefault(one.property, dict(one.allowed))
    return amended
