"""Names of commands and their options, marked for the catalogue.

The library takes the names from the functions; options that are counted, `image1` to `image9`,
share one word.
"""

from types import MappingProxyType
from typing import Final

from cogs.ui.i18n import NP_

COMMAND_NAMES: Final = (
    NP_("command", "animate"),
    NP_("command", "clear"),
    NP_("command", "compose"),
    NP_("command", "film"),
    NP_("command", "grant"),
    NP_("command", "help"),
    NP_("command", "jobs"),
    NP_("command", "limit"),
    NP_("command", "limits"),
    NP_("command", "operator"),
    NP_("command", "parked"),
    NP_("command", "pause"),
    NP_("command", "price"),
    NP_("command", "privacy"),
    NP_("command", "quota"),
    NP_("command", "reference"),
    NP_("command", "report"),
    NP_("command", "resume"),
    NP_("command", "servers"),
    NP_("command", "set"),
    NP_("command", "settings"),
    NP_("command", "show"),
    NP_("command", "spend"),
    NP_("command", "status"),
    NP_("command", "storyboard"),
    NP_("command", "video"),
)

OPTION_NAMES: Final = (
    NP_("option", "amount"),
    NP_("option", "aspect_ratio"),
    NP_("option", "audio"),
    NP_("option", "duration"),
    NP_("option", "fixed_lens"),
    NP_("option", "format"),
    NP_("option", "group_by"),
    NP_("option", "image"),
    NP_("option", "last_image"),
    NP_("option", "model"),
    NP_("option", "note"),
    NP_("option", "period"),
    NP_("option", "preset"),
    NP_("option", "private"),
    NP_("option", "prompt"),
    NP_("option", "reason"),
    NP_("option", "reference_seconds"),
    NP_("option", "resolution"),
    NP_("option", "role"),
    NP_("option", "server"),
    NP_("option", "sound"),
    NP_("option", "takes"),
    NP_("option", "user"),
    NP_("option", "video"),
    NP_("option", "web_search"),
)

RENAMED_COMMANDS: Final = MappingProxyType(
    {"quota show": "quota", "quota set": "limits set", "quota clear": "limits clear"}
)
"""What a client that has not heard of a change still offers, and where it is now."""
