"""Texts for members: escaped prompts, settings, outcomes, costs, links."""

import re
import unicodedata
from types import MappingProxyType
from typing import Final

import discord

from cogs.ui.i18n import N_, _, format_number, format_price, format_usd, ngettext
from domain.failures import (
    ENDED_BY_OPERATOR,
    FIXABLE_BY_MEMBER,
    RETRYABLE,
    FailReason,
    classify_fail_code,
)
from domain.job_view import JobAmounts, JobView
from domain.jobs import (
    AT_APIXO,
    COUNTED_PLACES,
    LAST_PLACE,
    POST_UNCONFIRMED,
    SENT_BY_DM,
    JobState,
)
from domain.models import MODELS, AspectRatio, Mode
from domain.money import MicroUSD
from domain.obstacles import ObstacleKind
from domain.quotas import LimitKind
from domain.requests import VideoRequest
from domain.storyboard_steps import ShotPlace
from workflow.errors import NotCancellable
from workflow.publisher import (
    BlockReason,
    ReleaseNotice,
    ResultPayload,
    StatusView,
    SubmissionBlock,
)
from workflow.results.delete import is_deleted
from workflow.urls.input_urls import INPUT_EXPIRED, INPUT_TOO_LARGE, INPUT_UNREACHABLE

NO_SUCH_VIDEO: Final = N_("I can't find that video.")
INPUTS_GONE: Final = N_(
    "A file this video was made from is gone. Run the command again and attach it."
)
CANCELLED: Final = N_("Cancelled. You weren't charged.")
DELETED: Final = N_("Deleted.")
INPUTS_TOO_LARGE: Final = N_(
    "Too large to post here again: {files}. Run the command and attach them again."
)

_INPUTS: Final = MappingProxyType(
    {
        INPUT_EXPIRED: INPUTS_GONE,
        INPUT_UNREACHABLE: N_(
            "I couldn't hand your files to the model because I can't post here. Run the command "
            "again where I can."
        ),
        INPUT_TOO_LARGE: INPUTS_TOO_LARGE,
    }
)
_CAUSES: Final = MappingProxyType(
    {
        FailReason.PROMPT: N_("The model couldn't use this prompt. Reword it and try again."),
        FailReason.CONTENT: N_(
            "The model's content filter blocked this. Try different words or another picture."
        ),
        FailReason.IMAGE: N_("The model couldn't use the picture. Try another PNG, JPEG or WebP."),
        FailReason.RATE_LIMITED: N_("The model is busy. Try again in a moment."),
        FailReason.TIMEOUT: N_("This took too long. Try again, or use a simpler prompt."),
        FailReason.UPSTREAM: N_("The model had a problem. Trying again may help."),
        FailReason.OUT_OF_CREDIT: N_("We're out of credit, and the operator knows."),
    }
)
_BLOCKED_WORDS: Final = N_("The model's content filter blocked this. Try different words.")
_ENDINGS: Final = MappingProxyType(
    {
        JobState.CANCELLED: CANCELLED,
        JobState.RESULT_LOST: N_("We couldn't download your video, so we refunded you."),
        JobState.QUARANTINED: N_(
            "Something went wrong on our side. The operator knows and will sort it out."
        ),
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


def sanitize(text: str, max_chars: int) -> str:
    """Make a stranger's text safe to show: one line, no markup, no mention, cut to `max_chars`."""
    spaced = " ".join(text.split())
    visible = "".join(
        char for char in spaced if unicodedata.category(char) not in ("Cf", "Cc", "Cs")
    )
    line = " ".join(visible.split())
    cut = line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"
    # discord.py's escape_markdown leaves markup within links unescaped.
    return discord.utils.escape_mentions(_MARKUP.sub(r"\\\g<0>", cut))


def quote(prompt: str, max_chars: int) -> str:
    """Make a quotation of a prompt, safe to show, with its line breaks; cut to `max_chars`."""
    lines = [line for line in prompt.splitlines() if line.strip()] or [""]
    shown, room = list[str](), max_chars
    for line in lines:
        if room <= 0:
            shown[-1] = shown[-1].rstrip("…") + "…"
            break
        shown.append(sanitize(line, room))
        room -= len(line) + len("\n> ")
    return "\n".join(f"> {line}" for line in shown)


def format_settings(request: VideoRequest, *, is_made: bool = False) -> str:
    """Format what was chosen: `Seedance 1.5 Pro · 8 s · 720p · 16:9 · with sound`.

    A shape that the model was to choose is left out once the video shows it.
    """
    is_seen = is_made and request.aspect_ratio is AspectRatio.AUTO
    parts = [
        MODELS[request.model].label,
        _("{seconds} s", seconds=request.seconds),
        request.resolution,
        *([] if is_seen else [request.aspect_ratio]),
        _("with sound") if request.sound else _("silent"),
    ]
    if request.fixed_lens:
        parts.append(_("fixed lens"))
    if request.web_search:
        parts.append(_("web search"))
    return " · ".join(parts)


def format_title(request: VideoRequest) -> str:
    """Return a title of what is being made."""
    match request.mode:
        case Mode.TEXT_TO_VIDEO:
            return _("Text to video")
        case Mode.IMAGE_TO_VIDEO | Mode.FIRST_AND_LAST_FRAMES:
            two = len(request.pictures) == 2
            return _("First to last frame") if two else _("Image to video")
        case Mode.OMNI_REFERENCE:
            return _("Reference video")


_RELEASED: Final = MappingProxyType(
    {
        ObstacleKind.SERVER_LEFT: N_("I'm not in this server anymore."),
        ObstacleKind.NOT_ADMITTED: N_("I can't make videos for this server anymore."),
        ObstacleKind.CHANNEL_GONE: N_("The channel you asked in is gone."),
        ObstacleKind.PERMISSIONS_MISSING: N_("I can't post in this channel anymore."),
    }
)


def format_release_notice(notice: ReleaseNotice) -> str:
    """Format what a member is told of their released jobs."""
    channel, count = f"<#{notice.channel_id}>", notice.count
    match notice.kind:
        case ObstacleKind.SERVER_LEFT:
            return ngettext(
                "I was removed from a server where {count} of your videos was waiting. It won't "
                "be made, and you weren't charged.",
                "I was removed from a server where {count} of your videos were waiting. They "
                "won't be made, and you weren't charged.",
                count,
            )
        case ObstacleKind.NOT_ADMITTED:
            return ngettext(
                (
                    "I can't make videos anymore for a server where {count} of yours was "
                    "waiting. You weren't charged."
                ),
                (
                    "I can't make videos anymore for a server where {count} of yours were "
                    "waiting. You weren't charged."
                ),
                count,
            )
        case ObstacleKind.CHANNEL_GONE:
            return ngettext(
                (
                    "The channel where {count} of your videos was waiting is gone. It won't "
                    "be made, and you weren't charged."
                ),
                (
                    "The channel where {count} of your videos were waiting is gone. They "
                    "won't be made, and you weren't charged."
                ),
                count,
            )
        case ObstacleKind.PERMISSIONS_MISSING:
            return ngettext(
                (
                    "I can't post in {channel} anymore, where {count} of your videos was "
                    "waiting. It won't be made, and you weren't charged."
                ),
                (
                    "I can't post in {channel} anymore, where {count} of your videos were "
                    "waiting. They won't be made, and you weren't charged."
                ),
                count,
                channel=channel,
            )


def format_outcome(status: StatusView) -> str:
    """Format why there is no video, whether trying again can help, and what it cost."""
    job = status.job
    match job.state:
        case JobState.SUBMIT_UNKNOWN:
            return _answer_lost(status)
        case JobState.STUCK:
            return _stuck(status)
        case JobState.UNDELIVERABLE:
            return _undeliverable(job)
        case JobState.CANCELLED if job.fail_code in _RELEASED:
            cause = _(_RELEASED[ObstacleKind(job.fail_code)])
            return " ".join([cause, _("You weren't charged.")])
        case state if state in _ENDINGS:
            return _(_ENDINGS[state])
        case _:
            cost = _("You were charged.") if status.charged else _("You weren't charged.")
            return f"{_cause(job)} {cost}"


def is_worth_repeating(status: StatusView) -> bool:
    """Return whether the same request may succeed after it ended without a video."""
    job = status.job
    match job.state:
        case JobState.FAILED | JobState.REJECTED:
            retryable = RETRYABLE | {FailReason.UNKNOWN}
            return job.fail_code not in _INPUTS and classify_fail_code(job.fail_code) in retryable
        case JobState.SUBMIT_UNKNOWN:
            return status.hold_released
        case _:
            return job.state is JobState.RESULT_LOST


def is_worth_editing(status: StatusView) -> bool:
    """Return whether another prompt may help after a request ended without a video."""
    job, reason = status.job, classify_fail_code(status.job.fail_code)
    if job.state not in (JobState.FAILED, JobState.REJECTED) or job.fail_code in _INPUTS:
        return False
    return reason in FIXABLE_BY_MEMBER - {FailReason.IMAGE} or is_worth_repeating(status)


def format_spend_label(price: MicroUSD) -> str:
    """Format the label of a button whose click spends money."""
    return _("Make it for {amount}", amount=format_price(price))


def format_final_question(request: VideoRequest) -> str:
    """Format the question whether to make a video again with more pixels."""
    return _(
        (
            "Remake this in {resolution}? It will look a bit different, since it's made from "
            "scratch."
        ),
        resolution=request.resolution,
    )


def link_to_status(job: JobView, text: str) -> str | None:
    """Return a link to the status message of a job; None if there is none."""
    return _link(job.guild_id, job.channel_id, job.status_message_id, text)


def link_to_result(job: JobView, text: str) -> str | None:
    """Return a link to the message with the result of a job; None if others have none."""
    if job.reason == SENT_BY_DM:
        return None
    return _link(job.guild_id, job.destination_channel_id, job.result_message_id, text)


def format_delivered(job: JobView) -> str:
    """Format that a video is done, and where it is."""
    member = f"<@{job.user_id}>"
    if job.reason == SENT_BY_DM:
        return _("✅ {member}'s video is ready. I sent it in a DM.", member=member)
    link = None if job.private else link_to_result(job, _("Watch it"))
    if link is None:
        return _("✅ {member}'s video is ready.", member=member)
    return _("✅ {member}'s video is ready. {link}", member=member, link=link)


def format_ping(job: JobView) -> str:
    """Format the call to a member whose status message says why there is no video."""
    member = f"<@{job.user_id}>"
    match job.state:
        case JobState.STUCK | JobState.QUARANTINED:
            return _("{member}, your video is held up.", member=member)
        case JobState.UNDELIVERABLE:
            return _("{member}, I couldn't post your video.", member=member)
        case _:
            return _("{member}, your video didn't work out.", member=member)


def format_place(place: int) -> str:
    """Format a place in line: estimated ones in hundreds, and the last with a plus sign."""
    if place >= LAST_PLACE:
        return f"{format_number(LAST_PLACE)}+"
    return format_number(place if place <= COUNTED_PLACES else place // 100 * 100)


def format_elapsed(job: JobView) -> str | None:
    """Format the time from a request to the post of its video; None if it is not known."""
    if job.posting_since_ms is None:
        return None
    minutes, seconds = divmod(max(0, job.posting_since_ms - job.created_at_ms) // 1000, 60)
    if not minutes:
        return _("made in {seconds} s", seconds=seconds)
    return _("made in {minutes} min {seconds} s", minutes=minutes, seconds=seconds)


def format_cost(cost: JobAmounts) -> str:
    """Format exactly what a job cost its member."""
    if cost.held:
        return _("Reserved: {amount}.", amount=format_usd(cost.held))
    if cost.paid:
        return _("Cost: {amount}.", amount=format_usd(cost.paid))
    return _("You weren't charged.")


def format_limit(kind: LimitKind, amount: int | None) -> str:
    """Format what a limit of a kind allows: `$5.00`, `60 s`, `3 at once`, `none`."""
    if amount is None:
        return _("none")
    match kind:
        case LimitKind.DAY | LimitKind.MONTH:
            return format_usd(MicroUSD(amount))
        case LimitKind.COOLDOWN:
            return _("{seconds} s", seconds=amount)
        case LimitKind.IN_FLIGHT:
            return _("{most} at once", most=amount)


def private_notice() -> str:
    """Return the sentence about where a private video goes."""
    return _("Private: only you see it, and I'll DM it to you.")


def format_too_late(error: NotCancellable) -> str:
    """Format why a video can no longer be cancelled."""
    if error.state is JobState.CANCELLED:
        return _("It's already cancelled. You weren't charged.")
    if error.state in AT_APIXO:
        return _("Too late to cancel. It's already being made.")
    return _("Too late to cancel. Check its message in the channel.")


def _answer_lost(status: StatusView) -> str:
    if status.hold_released:
        return _("The video never arrived. You weren't charged. Want to try again?")
    if status.job.restored_at_ms is not None:
        return _(
            "I was restored from a backup, so I can't tell if this video was made. My "
            "operator will decide. You haven't been charged."
        )
    return _(
        "We lost contact with the video model. We'll post the video if it turns up. If "
        "not, you won't pay."
    )


def _undeliverable(job: JobView) -> str:
    if job.reason == POST_UNCONFIRMED:
        return _(
            "Your video is ready and should be below. If it isn't, use *Post again* in `/jobs`."
        )
    if job.private:
        return _("Your video is ready, but I can't DM you. Get it with *Post again* in `/jobs`.")
    return _("Your video is ready, but I couldn't post it. Get it in /jobs.")


def _stuck(status: StatusView) -> str:
    if status.hold_released:
        return _(
            "This is taking far too long. The operator is looking into it, and you weren't charged."
        )
    return _("This is taking far too long. The operator knows and is looking into it.")


def _cause(job: JobView) -> str:
    if job.fail_code == ENDED_BY_OPERATOR:
        return _("The operator looked into it: there won't be a video.")
    if job.private and job.fail_code == INPUT_UNREACHABLE:
        return _(
            "I couldn't hand your files to the model because I can't DM you. Allow DMs, "
            "or run the command again with your files."
        )
    reason = classify_fail_code(job.fail_code)
    if reason is FailReason.CONTENT and job.request.mode is Mode.TEXT_TO_VIDEO:
        return _(_BLOCKED_WORDS)
    cause = _INPUTS.get(job.fail_code or "") or _CAUSES.get(reason)
    return _model_reason(job) if cause is None else _(cause, files=job.reason or "")


def _model_reason(job: JobView) -> str:
    if not job.reason:
        return _("The model failed without a reason. Trying again may help.")
    reason = sanitize(job.reason, 200)
    if job.state is JobState.REJECTED:
        return _("The model refused this: {reason}.", reason=reason)
    return _("The model failed: {reason}.", reason=reason)


def _link(guild_id: int, channel_id: int, message_id: int | None, text: str) -> str | None:
    return None if message_id is None else f"[{text}]({_url(guild_id, channel_id, message_id)})"


def _url(guild_id: int, channel_id: int, message_id: int | None) -> str:
    # A link to a message looks the same in every language, and is followed within the app.
    return f"https://discord.com/channels/{guild_id}/{channel_id}/{message_id}"


def format_shot(shot: ShotPlace) -> str:
    """Format which shot of how many it is."""
    return _("Shot {number} of {count}", number=shot.number, count=shot.count)


def format_ready_lines(user_id: int, payload: ResultPayload) -> list[str]:
    """Return a line or two: the video is ready, and what there is of it."""
    member = f"<@{user_id}>"
    if payload.video is not None or payload.link is not None:
        return [
            _("{member}, your video is ready!", member=member),
            *format_substitute_lines(payload),
        ]
    return [
        _("{member}, your video is ready, but too large for Discord.", member=member),
        _("I've kept it, and the operator of this bot can send it to you."),
    ]


def format_credit(origin: JobView) -> str:
    """Format whose video another one was made from, with a link to it where it can be linked."""
    member = f"<@{origin.user_id}>"
    place = origin.guild_id, origin.destination_channel_id, origin.result_message_id
    is_gone = origin.result_message_id is None or is_deleted(origin)
    if is_gone or origin.reason == SENT_BY_DM:
        return _("Remix of {member}'s video", member=member)
    return _("Remix of {member}'s [video]({link})", member=member, link=_url(*place))


def format_substitute_lines(payload: ResultPayload) -> list[str]:
    """Return the line about what replaces a video that is not attached as it is, if anything."""
    if payload.is_copy and payload.link is not None:
        return [
            _(
                "Compressed to fit Discord. [Get the original]({link})",
                link=payload.link,
            )
        ]
    if payload.is_copy:
        return [_("Compressed to fit Discord.")]
    if payload.link is not None:
        return [
            _(
                "Too large for Discord. [Watch or download it]({link}) until {until}.",
                link=payload.link,
                until=f"<t:{payload.link_expires_at_ms // 1000}:D>",
            )
        ]
    return []


_MAX_REASON_CHARS: Final = 200
_BLOCK_SENTENCES: Final = MappingProxyType(
    {
        BlockReason.OPERATOR: N_("⏸️ Paused: {reason}. You keep your spot."),
        BlockReason.EXPOSURE: N_(
            "We're paused for a moment. You keep your spot, and it starts by itself."
        ),
        BlockReason.DISK_FULL: N_(
            "We're paused for a moment. You keep your spot, and it starts by itself."
        ),
        BlockReason.OUT_OF_CREDIT: N_(
            "We're paused for a moment. You keep your spot, and it starts by itself."
        ),
    }
)


def format_submission_block(block: SubmissionBlock) -> str:
    """Format why queued jobs wait, and that waiting costs a member nothing."""
    return _(_BLOCK_SENTENCES[block.reason], reason=sanitize(block.message, _MAX_REASON_CHARS))
