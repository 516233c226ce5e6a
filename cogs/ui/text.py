"""Knows how things are said to members: prompts made harmless, money, causes of failure."""

import re
import unicodedata
from types import MappingProxyType
from typing import Final

import discord

from domain.catalogue import mark, t
from domain.failures import MEMBER_CAN_MEND, OPERATOR, WORTH_RETRYING, FailReason, classify
from domain.jobs import AT_APIXO, JobState
from domain.models import MODELS, Mode
from domain.money import MicroUSD, show_usd
from domain.quotas import Left, Period, Scope
from domain.requests import VideoRequest
from workflow.errors import TooLate
from workflow.publisher import Halt, JobView, Parcel, Sight, Why
from workflow.results.lookup import Cost
from workflow.urls.input_urls import NO_PLACE, SWEPT

NO_SUCH_VIDEO: Final = mark("There is no such video of yours here.")
INPUTS_GONE: Final = mark(
    "A file that this video was made from is not kept any more: use the command, and attach it "
    "again."
)
DELETE: Final = mark(
    "Delete this video? Its message and its file go, for everybody. What it cost stays."
)
DELETED: Final = mark("Deleted.")

_INPUTS: Final = MappingProxyType(
    {
        SWEPT: INPUTS_GONE,
        NO_PLACE: mark(
            "What you gave could not be handed to the model, because nothing can be posted here "
            "for this video. Use the command in a channel where I may post, and attach it again."
        ),
    }
)
_CAUSES: Final = MappingProxyType(
    {
        FailReason.PROMPT: mark("The model could not use the prompt. Rewrite it and try again."),
        FailReason.CONTENT: mark(
            "The prompt, the picture or the video itself was refused by the content rules. Change "
            "the prompt or the picture."
        ),
        FailReason.IMAGE: mark(
            "The model could not use the picture. Try another PNG, JPEG or WebP."
        ),
        FailReason.RATE_LIMITED: mark(
            "Too many requests reached the model just then. Try again in a while."
        ),
        FailReason.TIMEOUT: mark(
            "The model took too long. Try again, perhaps with a simpler prompt."
        ),
        FailReason.UPSTREAM: mark("The model had a fault. Trying again may help."),
        FailReason.FUNDS: mark("The service is out of credit. Its operator has been told."),
    }
)
_ENDINGS: Final = MappingProxyType(
    {
        JobState.CANCELLED: mark("Cancelled. Nothing was charged."),
        JobState.RESULT_LOST: mark(
            "The video was made, but its file is lost. You were given the price back."
        ),
        JobState.QUARANTINED: mark(
            "Something is wrong with this job on our side. The operator has been told."
        ),
    }
)
_LEFT: Final = MappingProxyType(
    {Period.DAY: mark("**{amount}** today"), Period.MONTH: mark("**{amount}** this month")}
)
_TIGHTER: Final = MappingProxyType(
    {
        (Scope.SERVER, Period.DAY): mark("This server has only {amount} left today."),
        (Scope.SERVER, Period.MONTH): mark("This server has only {amount} left this month."),
        (Scope.EVERYTHING, Period.DAY): mark("The service has only {amount} left today."),
        (Scope.EVERYTHING, Period.MONTH): mark("The service has only {amount} left this month."),
    }
)
_MARKUP = re.compile(
    r"""
      [\\*_~`|<>\[\]]  # emphasis, code, spoilers, mentions, time stamps, links with a text
    | ^[#+-]          # headings and lists
    | :(?=//)         # links that Discord finds by itself
    """,
    re.VERBOSE,
)


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
        t("{seconds} s", seconds=request.seconds),
        request.resolution,
        request.aspect_ratio,
        t("with sound") if request.sound else t("silent"),
    ]
    if request.fixed_lens:
        parts.append(t("fixed lens"))
    if request.web_search:
        parts.append(t("web search"))
    return " · ".join(parts)


def title(request: VideoRequest) -> str:
    """Name what is being made."""
    match request.mode:
        case Mode.TEXT_TO_VIDEO:
            return t("A video from words")
        case Mode.IMAGE_TO_VIDEO | Mode.FIRST_AND_LAST_FRAMES:
            two = len(request.pictures) == 2
            return t("From one picture to another") if two else t("A picture comes to life")
        case Mode.OMNI_REFERENCE:
            return t("A video from references")


def ending(sight: Sight) -> str:
    """Say why there is no video, whether trying again can help, and what it cost."""
    job = sight.job
    match job.state:
        case JobState.SUBMIT_UNKNOWN:
            return _answer_lost(sight)
        case JobState.STUCK:
            return _stuck(sight)
        case JobState.UNDELIVERABLE:
            return _undeliverable(job)
        case state if state in _ENDINGS:
            return t(_ENDINGS[state])
        case _:
            cost = t("Its price was charged.") if sight.charged else t("Nothing was charged.")
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
    return t("Spend {amount}", amount=show_usd(price))


def final(request: VideoRequest) -> str:
    """Ask whether a video is to be made again with more pixels."""
    return t(
        "The same once more in **{resolution}**? It is a new video, made from scratch.",
        resolution=request.resolution,
    )


def link_to_status(job: JobView, text: str) -> str | None:
    """Write a link to the status message of a job; None if there is none."""
    return _link(job.guild_id, job.channel_id, job.status_message_id, text)


def link_to_result(job: JobView, text: str) -> str | None:
    """Write a link to the message with the result of a job; None if there is none."""
    return _link(job.guild_id, job.place_id, job.result_message_id, text)


def done(job: JobView) -> str:
    """Say that a video is there, and where, if that is not just below."""
    link = link_to_result(job, t("your video"))
    if job.result_channel_id is None or link is None:
        return t("✅ Done.")
    return t("✅ Done: {link}.", link=link)


def took(job: JobView) -> str | None:
    """Say how long a video took from the request to the post; None if it is not known."""
    if job.posting_since_ms is None:
        return None
    minutes, seconds = divmod(max(0, job.posting_since_ms - job.created_at_ms) // 1000, 60)
    if not minutes:
        return t("made in {seconds} s", seconds=seconds)
    return t("made in {minutes} min {seconds} s", minutes=minutes, seconds=seconds)


def cost(of: Cost) -> str:
    """Say what a job cost its member."""
    if of.held:
        return t("On hold: {amount}.", amount=show_usd(of.held))
    if of.charged:
        return t("Cost: {amount}.", amount=show_usd(of.charged))
    return t("Nothing was charged.")


def what_is_left(left: Left) -> str:
    """Say what the member has left in each period that has a limit, and what is tighter than it."""
    own = [
        t(_LEFT[room.period], amount=show_usd(room.left))
        for room in left.rooms
        if room.scope is Scope.MEMBER and room.left is not None
    ]
    if left.grants:
        own.append(t("**{amount}** of grants", amount=show_usd(left.grants)))
    mine = t("No limit of your own applies.")
    if own:
        mine = t("Left for you: {amounts}.", amounts=" · ".join(own))
    return " ".join([mine, *_tighter(left)])


def for_you_alone() -> str:
    """Say where a private video goes."""
    return t("Private: only you see it, and it comes to you by direct message.")


def too_late(error: TooLate) -> str:
    """Say why a video can not be cancelled any more."""
    if error.state is JobState.CANCELLED:
        return t("It is cancelled already. Nothing was charged.")
    if error.state in AT_APIXO:
        return t("Too late to cancel: it is being made already.")
    return t("Too late to cancel: look at its message in the channel.")


def _answer_lost(sight: Sight) -> str:
    if sight.given_up:
        return t(
            "The request was sent, but its answer got lost, and no video turned up. You were not "
            "charged. Ask again if you still want it."
        )
    return t(
        "The request was sent, but its answer got lost, so nobody knows whether a video is being "
        "made. It is not sent again by itself. The hold on its price ends after 30 minutes."
    )


def _undeliverable(job: JobView) -> str:
    if job.private:
        return t(
            "The video is ready, but I may not write to you. *Post again* in `/jobs` brings it."
        )
    return t("The video is ready, but it could not be posted here.")


def _stuck(sight: Sight) -> str:
    if sight.given_up:
        return t("The video takes far too long. You are not charged for it.")
    return t("The video takes far too long. Its price stays on hold for now.")


def _cause(job: JobView) -> str:
    if job.fail_code == OPERATOR:
        return t("The operator of this service has looked into it: there will be no video.")
    if job.private and job.fail_code == NO_PLACE:
        return t(
            "What you gave could not be handed to the model, because I may not write to you. Allow "
            "direct messages, or use the command and attach it again."
        )
    cause = _INPUTS.get(job.fail_code or "") or _CAUSES.get(classify(job.fail_code))
    return _in_its_words(job) if cause is None else t(cause)


def _in_its_words(job: JobView) -> str:
    if not job.reason:
        return t("The model failed without saying why. Trying again may help.")
    reason = harmless(job.reason, 200)
    if job.state is JobState.REJECTED:
        return t("The model refused: {reason}.", reason=reason)
    return t("The model failed: {reason}.", reason=reason)


def _link(guild_id: int, channel_id: int, message_id: int | None, text: str) -> str | None:
    if message_id is None:
        return None
    # A link to a message looks the same in every language, and is followed within the app.
    return f"[{text}](https://discord.com/channels/{guild_id}/{channel_id}/{message_id})"


def _tighter(left: Left) -> list[str]:
    """Say which limits of others leave less than the member's own."""
    most = left.for_member
    return [
        t(_TIGHTER[room.scope, room.period], amount=show_usd(room.left))
        for room in left.rooms
        if room.scope is not Scope.MEMBER
        and room.left is not None
        and (most is None or room.left < most)
    ]


def arrival(user_id: int, parcel: Parcel) -> list[str]:
    """Tell a member that their video is ready, and what there is of it: a line or two."""
    member = f"<@{user_id}>"
    if parcel.video is not None or parcel.link is not None:
        return [t("{member} your video is ready.", member=member), *instead(parcel)]
    return [
        t("{member} your video is ready, but too large for here.", member=member),
        t("It is kept; a manager of the service can hand it to you."),
    ]


def instead(parcel: Parcel) -> list[str]:
    """Say what stands in the place of the video, if it is not there as it is."""
    until = f"<t:{parcel.until_ms // 1000}:D>"
    if parcel.is_copy and parcel.link is not None:
        return [
            t(
                "This is a smaller copy: the [original]({link}) is kept, and has a link until "
                "{until}.",
                link=parcel.link,
                until=until,
            )
        ]
    if parcel.is_copy:
        return [t("This is a smaller copy; the original is kept.")]
    if parcel.link is not None:
        return [
            t(
                "It is too large for here: [watch or download it]({link}) until {until}.",
                link=parcel.link,
                until=until,
            )
        ]
    return []


_REASON_SHOWN: Final = 200
_WORDS: Final = MappingProxyType(
    {
        Why.OPERATOR: mark(
            "⏸️ The operator of this service has paused it: {reason} — your place in line is kept."
        ),
        Why.EXPOSURE: mark(
            "⏸️ No new videos are started just now; the operator of this service has been told. "
            "Your place in line is kept."
        ),
        Why.NO_ROOM: mark(
            "⏸️ The service has no room left to keep new videos, so none are started just now; its "
            "operator has been told. Your place in line and your price on hold are kept; it goes "
            "on by itself."
        ),
        Why.NO_FUNDS: mark(
            "The service is out of credit with the model's provider. Your place in line and your "
            "price on hold are kept; it goes on by itself."
        ),
    }
)


def halted(halt: Halt) -> str:
    """Say why what waits goes on waiting, and that whoever waits loses nothing by it."""
    return t(_WORDS[halt.why], reason=harmless(halt.reason, _REASON_SHOWN))
