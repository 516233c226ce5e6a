"""Knows what is said of privacy; tests hold it against the tables and against what is sent."""

from typing import Final

_KEPT: Final = (
    "- **Your requests**: your Discord id, the ids of server, channel and messages, your prompt "
    "and choices, when you asked, and what came of it.\n"
    "- **Files you give**: a copy of each picture, video and sound, so that *Again* works later.\n"
    "- **Videos**: each finished video, until it is deleted.\n"
    "- **Money**: each amount held, charged and given back, with your id; grants with their "
    "notes; what you spent each day. These rows can not be changed or removed: they are the "
    "proof of what everything cost.\n"
    "- **Limits**: the limits and grants that managers set for you, who changed them and when."
)
_TIME: Final = (
    "Nothing of it goes by itself: it stays until it is deleted. Names are not kept; Discord is "
    "asked for them when a report is drawn. The service's log has ids, but no prompts."
)
_PLACES: Final = (
    "- **APIXO** (apixo.ai) makes the videos. It gets your prompt, your choices and an address of "
    "each file you give, but neither your name nor your id. How long it keeps them is for APIXO "
    "to say.\n"
    "- **Discord**: your request with its prompt and files, and the video, are posted to the "
    "channel, for all who can read it. Prices and limits are told to you alone.\n"
    "- **Managers of this server** see what each member spent. The operator of this bot can see "
    "all that is kept."
)
_DELETE: Final = (
    "- *Delete* under a finished video takes its message and its file away at once. The status "
    "message with the prompt stays.\n"
    "- To have your prompts and files deleted too, ask the operator of this bot{named} on Discord. "
    "The rows about money stay."
)


def texts(operator: int | None) -> list[str]:
    """Write what is kept, for how long, where it goes, and whom to ask to delete it."""
    named = "" if operator is None else f", <@{operator}>,"
    parts = {
        "What is kept": _KEPT,
        "For how long": _TIME,
        "Where it goes": _PLACES,
        "How to have it deleted": _DELETE.format(named=named),
    }
    return [f"**{heading}**\n{said}" for heading, said in parts.items()]
