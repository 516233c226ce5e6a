"""The text about privacy; tests check it against the tables and against what is sent."""

from typing import Final

from cogs.ui.i18n import N_, _
from domain.guild_settings import GuildSettings

_KEPT: Final = N_(
    "- **Your requests**: your Discord ID, the IDs of server, channel and messages, your prompt "
    "and options, when you asked, and how it went.\n"
    "- **Your uploads**: a copy of each picture, video and sound, so *Again* works later; how many "
    "bytes you added each day.\n"
    "- **Videos**: each finished video.\n"
    "- **Money**: each amount reserved, charged and refunded, with your ID; bonuses with their "
    "notes; what you spent each day. These rows can't be changed or removed, because they prove "
    "what everything cost.\n"
    "- **Limits**: the limits and bonuses managers set for you, who changed them and when; whether "
    "you want DMs when videos are done, and whether you're still on a server.\n"
    "- **Servers**: the name of each and its owner's ID."
)
_TIME: Final = N_(
    "- **Your uploads**: We delete your uploads {inputs} days after you last use them on this "
    "server; another server may keep the same file longer. If no video comes of them, they go at "
    "once, or after 15 minutes while a form waits for them.\n"
    "- **Videos**: we delete them {results} days after delivery. What's posted on Discord stays "
    "there.\n"
)
_TIME_ANYWHERE: Final = N_(
    "- **Your uploads**: We delete your uploads {inputs} days after you last use them, unless a "
    "server's managers set another time. If no video comes of them, they go at once, or after 15 "
    "minutes while a form waits for them.\n"
    "- **Videos**: we delete them {results} days after delivery, unless a server's managers set "
    "another time. What's posted on Discord stays there.\n"
)
_LEAVERS: Final = N_(
    "- **If you leave a server**, or I'm removed from it, your prompts, files, videos and settings "
    "there go {days} days later, unless you're back by then.\n"
)
_TIME_ELSE: Final = N_(
    "- **Refused requests** with a clip that's too long go after 15 minutes, with their files, "
    "unless you click *Use the first 15 s*.\n"
    "- Everything else stays until you have it deleted. We don't store names: we ask Discord for "
    "them when we draw a report. Our log has IDs, but no prompts."
)
_PLACES: Final = N_(
    "- **APIXO** (apixo.ai) makes the videos. It gets your prompt, your options and a link to each "
    "file you add, but not your name or ID. APIXO decides how long it keeps them.\n"
    "- **Discord**: your prompt, your files and the video are posted in the channel, or the video "
    "in the server's results channel, for everyone who can read it. Only you see a private video, "
    "prices and limits.\n"
    "- **Managers of a server** see what each member spent there. The operator of this bot can see "
    "everything we store."
)
_DELETE: Final = N_(
    "- *Delete my data*, below, removes your prompts, files, videos and settings on every server, "
    "and my posts of them. What waits is cancelled; what's being made is finished, charged and "
    "deleted. The rows about money and limits stay, and a mark with your ID, so that no backup "
    "brings the rest back.\n"
    "- *Delete* under a finished video removes its message and its file right away. The status "
    "message with the prompt stays.\n"
    "- *Export my data* sends you everything we store about you."
)
_ASK: Final = N_("- Questions? The operator of this bot is <@{operator}>.")


def privacy_sections(
    operator: int | None, guild_settings: GuildSettings | None, leaver_data_days: int | None = None
) -> list[str]:
    """Return sections about what is kept, how long, where it goes, and how to delete it.

    Without settings they are for direct messages. A leaver's data go after `leaver_data_days`.
    """
    chosen = guild_settings or GuildSettings()
    time = _TIME_ANYWHERE if guild_settings is None else _TIME
    days = _(time, inputs=chosen.keep_inputs_days, results=chosen.keep_results_days)
    if leaver_data_days is not None:
        days += _(_LEAVERS, days=leaver_data_days)
    ask = "" if operator is None else "\n" + _(_ASK, operator=operator)
    parts = {
        _("What we store"): _(_KEPT),
        _("How long we keep it"): days + _(_TIME_ELSE),
        _("Where it goes"): _(_PLACES),
        _("How to get it, or delete it"): _(_DELETE) + ask,
    }
    return [f"**{heading}**\n{body}" for heading, body in parts.items()]
