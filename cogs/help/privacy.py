"""The text about privacy; tests check it against the tables and against what is sent."""

from typing import Final

from cogs.ui.i18n import N_, _
from domain.guild_settings import GuildSettings

_KEPT: Final = N_(
    "- **Your requests**: your Discord id, the ids of server, channel and messages, your prompt "
    "and choices, when you asked, and what came of it.\n"
    "- **Files you give**: a copy of each picture, video and sound, so that *Again* works later; "
    "how many bytes you gave each day.\n"
    "- **Videos**: each finished video.\n"
    "- **Money**: each amount held, charged and given back, with your id; grants with their "
    "notes; what you spent each day. These rows can not be changed or removed: they are the "
    "proof of what everything cost.\n"
    "- **Limits**: the limits and grants that managers set for you, who changed them and when; "
    "whether you want to be told when a video is done, and whether you are still on a server.\n"
    "- **Servers**: the name of each and the id of its owner."
)
_TIME: Final = N_(
    "- **Files you give** go {inputs} days after their last use on this server; the same file "
    "given on another server may be kept longer for that one. If no video comes of them, they go "
    "at once, or after 15 minutes where a form waits for them.\n"
    "- **Videos** go {results} days after they were delivered. What is posted on Discord stays "
    "there.\n"
)
_TIME_ANYWHERE: Final = N_(
    "- **Files you give** go some days after their last use, {inputs} if a server's managers say "
    "nothing else. If no video comes of them, they go at once, or after 15 minutes where a form "
    "waits for them.\n"
    "- **Videos** go some days after they were delivered, {results} if a server's managers say "
    "nothing else. What is posted on Discord stays there.\n"
)
_TIME_ELSE: Final = N_(
    "- **Refused requests** with a clip that is too long go after 15 minutes, with their files, "
    "unless you click *Use the first 15 s*.\n"
    "- Nothing else goes by itself: it stays until it is deleted. Names are not kept; Discord is "
    "asked for them when a report is drawn. The service's log has ids, but no prompts."
)
_PLACES: Final = N_(
    "- **APIXO** (apixo.ai) makes the videos. It gets your prompt, your choices and an address of "
    "each file you give, but neither your name nor your id. How long it keeps them is for APIXO "
    "to say.\n"
    "- **Discord**: your request with its prompt and files, and the video, are posted to the "
    "channel, or the video to the server's channel for results, for all who can read it. A "
    "private request, all that comes of it, prices and limits are for you alone.\n"
    "- **Managers of a server** see what each member spent there. The operator of this bot can see "
    "all that is kept."
)
_DELETE: Final = N_(
    "- *Delete my data*, below, takes your prompts, files, videos and settings away, on every "
    "server, with my posts of them. What waits is cancelled. What is being made is finished, "
    "charged and deleted. The rows about money and limits stay, and a mark with your id, so that "
    "no backup brings the rest back.\n"
    "- *Delete* under a finished video takes its message and its file away at once. The status "
    "message with the prompt stays.\n"
    "- *Export my data* sends you all that is kept of you."
)
_ASK: Final = N_("- Questions? The operator of this bot is <@{operator}>.")


def privacy_sections(operator: int | None, guild_settings: GuildSettings | None) -> list[str]:
    """Return sections about what is kept, how long, where it goes, and how to delete it.

    Without settings they are for direct messages.
    """
    chosen = guild_settings or GuildSettings()
    time = _TIME_ANYWHERE if guild_settings is None else _TIME
    days = _(time, inputs=chosen.keep_inputs_days, results=chosen.keep_results_days)
    ask = "" if operator is None else "\n" + _(_ASK, operator=operator)
    parts = {
        _("What is kept"): _(_KEPT),
        _("For how long"): days + _(_TIME_ELSE),
        _("Where it goes"): _(_PLACES),
        _("How to have it, or have it deleted"): _(_DELETE) + ask,
    }
    return [f"**{heading}**\n{body}" for heading, body in parts.items()]
