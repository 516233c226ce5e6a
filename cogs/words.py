"""Knows how things are said to members: prompts made harmless, money, causes of failure."""

import re
import unicodedata

import discord

from domain.failures import FailReason, classify
from domain.jobs import AT_APIXO, JobState
from domain.models import MODELS, Mode
from domain.money import MicroUSD, show_usd
from domain.requests import VideoRequest
from workflow.errors import OverLimit, QueueFull, TooLate
from workflow.publishing import JobView, Sight

_CAUSES = {
    FailReason.PROMPT: "The model could not use the prompt. Rewrite it and try again.",
    FailReason.CONTENT: "The prompt, the picture or the video itself was refused by the content "
    "rules. Change the prompt or the picture.",
    FailReason.IMAGE: "The model could not use the picture. Try another PNG, JPEG or WebP.",
    FailReason.RATE_LIMITED: "Too many requests reached the model just then. Try again in a while.",
    FailReason.TIMEOUT: "The model took too long. Try again, perhaps with a simpler prompt.",
    FailReason.UPSTREAM: "The model had a fault. Trying again may help.",
    FailReason.FUNDS: "The service is out of credit. Its operator has been told.",
}
_MARKUP = re.compile(
    r"""
      [\\*_~`|<>\[\]]  # emphasis, code, spoilers, mentions, time stamps, links with a text
    | ^[#+-]          # headings and lists
    | :(?=//)         # links that Discord finds by itself
    """,
    re.VERBOSE,
)
_SCOPES = {"member": "you have", "server": "this server has", "everything": "the service has"}


def harmless(text: str, longest: int) -> str:
    """Make a stranger's text safe to show: one line, no markup, no mention, cut to `longest`."""
    spaced = " ".join(text.split())
    seen = "".join(char for char in spaced if unicodedata.category(char) not in ("Cf", "Cc", "Cs"))
    line = " ".join(seen.split())
    cut = line if len(line) <= longest else line[: longest - 1].rstrip() + "…"
    # The library's own escape_markdown leaves whatever stands in a link alive.
    return discord.utils.escape_mentions(_MARKUP.sub(r"\\\g<0>", cut))


def settings_line(request: VideoRequest) -> str:
    """Say what was chosen: `Seedance 1.5 Pro · 8 s · 720p · 16:9 · with sound`."""
    parts = [
        MODELS[request.model].label,
        f"{request.seconds} s",
        request.resolution,
        request.aspect_ratio,
        "with sound" if request.sound else "silent",
    ]
    if request.fixed_lens:
        parts.append("fixed lens")
    if request.web_search:
        parts.append("web search")
    return " · ".join(parts)


def title(request: VideoRequest) -> str:
    """Name what is being made."""
    match request.mode:
        case Mode.TEXT_TO_VIDEO:
            return "A video from words"
        case Mode.IMAGE_TO_VIDEO | Mode.FIRST_AND_LAST_FRAMES:
            two = len(request.pictures) == 2
            return "From one picture to another" if two else "A picture comes to life"
        case Mode.OMNI_REFERENCE:
            return "A video from references"


def ending(sight: Sight) -> str:
    """Say why there is no video, whether trying again can help, and what it cost."""
    job = sight.job
    match job.state:
        case JobState.CANCELLED:
            return "Cancelled. Nothing was charged."
        case JobState.SUBMIT_UNKNOWN if sight.given_up:
            return (
                "The request was sent, but its answer got lost, and no video turned up. You were "
                "not charged. Ask again if you still want it."
            )
        case JobState.SUBMIT_UNKNOWN:
            return (
                "The request was sent, but its answer got lost, so nobody knows whether a video is "
                "being made. It is not sent again by itself. The hold on its price ends after 30 "
                "minutes."
            )
        case JobState.STUCK:
            return "The video takes far too long. Its price stays on hold for now."
        case JobState.RESULT_LOST:
            return "The video was made, but its file is lost. You were given the price back."
        case JobState.UNDELIVERABLE:
            return "The video is ready, but it could not be posted here."
        case JobState.QUARANTINED:
            return "Something is wrong with this job on our side. The operator has been told."
        case _:
            cost = "Its price was charged." if sight.charged else "Nothing was charged."
            return f"{_cause(job)} {cost}"


def over_limit(error: OverLimit, price: MicroUSD) -> list[str]:
    """Say which limits have no room, what is left under each and when there is more, if ever."""
    return [
        f"This costs {show_usd(price)}, more than the {show_usd(short.limit)} that "
        f"{_SCOPES[short.scope]} for a whole day. Choose a shorter or smaller video."
        if price > short.limit
        else f"This costs {show_usd(price)}, but {_SCOPES[short.scope]} "
        f"{show_usd(MicroUSD(max(0, short.limit - short.used)))} left of today's "
        f"{show_usd(short.limit)}. There is more <t:{short.resets_at_ms // 1000}:R>."
        for short in error.shortfalls
    ]


def too_late(error: TooLate) -> str:
    """Say why a video can not be cancelled any more."""
    if error.state is JobState.CANCELLED:
        return "It is cancelled already. Nothing was charged."
    if error.state in AT_APIXO:
        return "Too late to cancel: it is being made already."
    return "Too late to cancel: look at its message in the channel."


def queue_full(error: QueueFull) -> str:
    """Say that too many jobs wait."""
    whose = "You have" if error.whose == "member" else "This server has"
    return f"{whose} {error.most} videos waiting already. Try again when some are done."


def _cause(job: JobView) -> str:
    cause = _CAUSES.get(classify(job.fail_code))
    if cause is not None:
        return cause
    if job.reason:
        did = "refused" if job.state is JobState.REJECTED else "failed"
        return f"The model {did}: {harmless(job.reason, 200)}."
    return "The model failed without saying why. Trying again may help."
