"""Gateway events, and the intent that each takes."""

from dataclasses import dataclass
from enum import IntFlag

from sandbox.discord.json_values import Json


class Intent(IntFlag):
    """Discord's gateway intents, as far as they matter here; KNOWN has every one there is."""

    NONE = 0
    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15
    KNOWN = (1 << 17) - 1 | (1 << 20) | (1 << 21) | (1 << 24) | (1 << 25)


PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    """One event: its name, its data, the intent it takes, the server it happened in.

    `veiled` is the data for a bot that may not read what others write.
    """

    name: str
    data: Json
    intent: Intent = Intent.NONE
    guild_id: int | None = None
    redacted_data: Json | None = None
