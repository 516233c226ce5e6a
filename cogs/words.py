"""Knows how things are said to members: prompts made harmless, money, causes of failure."""

import re
import unicodedata

import discord

from domain.failures import MEMBER_CAN_MEND, WORTH_RETRYING, FailReason, classify
from domain.jobs import AT_APIXO, JobState
from domain.models import MODELS, Mode
from domain.money import MicroUSD, show_usd
from domain.quotas import Left, Period, Scope, Shortfall
from domain.requests import VideoRequest
from workflow.addresses import NO_PLACE, SWEPT
from workflow.errors import AtOnce, CoolingDown, OverLimit, QueueFull, TooLate
from workflow.publishing import JobView, Sight
from workflow.recall import Cost

NO_SUCH_VIDEO = "There is no such video of yours here."
INPUTS_GONE = (
    "A file that this video was made from is not kept any more: use the command, and attach it "
    "again."
)
DELETE = "Delete this video? Its message and its file go, for everybody. What it cost stays."
DELETED = "Deleted."

_INPUTS = {
    SWEPT: INPUTS_GONE,
    NO_PLACE: "What you gave could not be handed to the model, because nothing can be posted here "
    "for this video. Use the command in a channel where I may post, and attach it again.",
}
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
_THIS = {Period.DAY: "today", Period.MONTH: "this month"}
_WHOSE = {Period.DAY: "today's", Period.MONTH: "this month's"}
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


def is_worth_repeating(sight: Sight) -> bool:
    """Tell whether the same request may well succeed after it ended without a video."""
    job = sight.job
    match job.state:
        case JobState.FAILED | JobState.REJECTED:
            retryable = WORTH_RETRYING | {FailReason.UNKNOWN}
            return job.fail_code not in _INPUTS and classify(job.fail_code) in retryable
        case JobState.SUBMIT_UNKNOWN:
            return sight.given_up
        case _:
            return job.state is JobState.RESULT_LOST


def is_worth_changing(sight: Sight) -> bool:
    """Tell whether another prompt may help after a request ended without a video."""
    job, reason = sight.job, classify(sight.job.fail_code)
    if job.state not in (JobState.FAILED, JobState.REJECTED) or job.fail_code in _INPUTS:
        return False
    return reason in MEMBER_CAN_MEND - {FailReason.IMAGE} or is_worth_repeating(sight)


def spend(price: MicroUSD) -> str:
    """Say on a button what a click costs."""
    return f"Spend {show_usd(price)}"


def final(request: VideoRequest) -> str:
    """Ask whether a video is to be made again with more pixels."""
    return f"The same once more in **{request.resolution}**? It is a new video, made from scratch."


def took(job: JobView) -> str | None:
    """Say how long a video took from the request to the post; None if it is not known."""
    if job.posting_since_ms is None:
        return None
    minutes, seconds = divmod(max(0, job.posting_since_ms - job.created_at_ms) // 1000, 60)
    return f"made in {minutes} min {seconds} s" if minutes else f"made in {seconds} s"


def cost(of: Cost) -> str:
    """Say what a job cost its member."""
    if of.held:
        return f"On hold: {show_usd(of.held)}."
    if of.charged:
        return f"Cost: {show_usd(of.charged)}."
    return "Nothing was charged."


def what_is_left(left: Left) -> str:
    """Say what the member has left in each period that has a limit, and what is tighter than it."""
    own = [
        f"**{show_usd(room.left)}** {_THIS[room.period]}"
        for room in left.rooms
        if room.scope is Scope.MEMBER and room.left is not None
    ]
    if left.grants:
        own.append(f"**{show_usd(left.grants)}** of grants")
    most = left.for_member
    tighter = [
        f"{_SCOPES[room.scope].capitalize()} only {show_usd(room.left)} left {_THIS[room.period]}."
        for room in left.rooms
        if room.scope is not Scope.MEMBER
        and room.left is not None
        and (most is None or room.left < most)
    ]
    mine = f"Left for you: {' · '.join(own)}." if own else "No limit of your own applies."
    return " ".join([mine, *tighter])


def over_limit(error: OverLimit, price: MicroUSD) -> list[str]:
    """Say which limits have no room, what is left under each and when there is more, if ever."""
    return [
        f"This costs {show_usd(price)}, more than the {show_usd(short.limit)} that "
        f"{_SCOPES[short.scope]} for a whole {short.period}{_and_grants(short)}. "
        "Choose a shorter or smaller video."
        if price > short.limit + short.grants
        else f"This costs {show_usd(price)}, but {_SCOPES[short.scope]} "
        f"{show_usd(MicroUSD(max(0, short.limit - short.used)))} left of {_WHOSE[short.period]} "
        f"{show_usd(short.limit)}{_and_grants(short)}. "
        f"There is more <t:{short.resets_at_ms // 1000}:R>."
        for short in error.shortfalls
    ]


def at_once(error: AtOnce) -> str:
    """Say that the member has as many videos under way as they may have."""
    if not error.most:
        return "A manager of this server has set that you may ask for no videos."
    noun = "video" if error.most == 1 else "videos"
    return f"You may have {error.most} {noun} under way at once. Try again when one is done."


def cooling_down(error: CoolingDown) -> str:
    """Say when the member may ask again."""
    # Rounded up: Discord shows whole seconds, and too early would be refused again.
    until_s = -(-error.until_ms // 1000)
    return (
        f"This server asks for {error.cooldown_s} s between two of your videos. "
        f"You can ask again <t:{until_s}:R>."
    )


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


def _and_grants(short: Shortfall) -> str:
    return f", and {show_usd(short.grants)} of grants" if short.grants else ""


def _cause(job: JobView) -> str:
    cause = _INPUTS.get(job.fail_code or "") or _CAUSES.get(classify(job.fail_code))
    if cause is not None:
        return cause
    if job.reason:
        did = "refused" if job.state is JobState.REJECTED else "failed"
        return f"The model {did}: {harmless(job.reason, 200)}."
    return "The model failed without saying why. Trying again may help."
