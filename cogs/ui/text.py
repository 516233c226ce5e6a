"""Texts for members: escaped prompts, settings, outcomes, costs, links."""

import re
import unicodedata
from types import MappingProxyType
from typing import Final

import discord

from cogs.ui.i18n import N_, _, format_usd, ngettext
from domain.failures import (
    ENDED_BY_OPERATOR,
    FIXABLE_BY_MEMBER,
    RETRYABLE,
    FailReason,
    classify_fail_code,
)
from domain.job_view import JobAmounts, JobView
from domain.jobs import AT_APIXO, POST_UNCONFIRMED, JobState
from domain.models import MODELS, Mode
from domain.money import MicroUSD
from domain.obstacles import ObstacleKind
from domain.quotas import LimitKind, Period, RemainingQuota, Scope
from domain.requests import VideoRequest
from workflow.errors import NotCancellable
from workflow.publisher import (
    BlockReason,
    ReleaseNotice,
    ResultPayload,
    StatusView,
    SubmissionBlock,
)
from workflow.urls.input_urls import INPUT_EXPIRED, INPUT_TOO_LARGE, INPUT_UNREACHABLE

NO_SUCH_VIDEO: Final = N_("There is no such video of yours here.")
INPUTS_GONE: Final = N_(
    "A file that this video was made from is not kept any more: use the command, and attach it "
    "again."
)
DELETE_QUESTION: Final = N_(
    "Delete this video? Its message and its file go, for everybody. What it cost stays."
)
DELETED: Final = N_("Deleted.")
INPUTS_TOO_LARGE: Final = N_(
    "Too large for me to post here again: {files}. Run the command and attach the files once more."
)

_INPUTS: Final = MappingProxyType(
    {
        INPUT_EXPIRED: INPUTS_GONE,
        INPUT_UNREACHABLE: N_(
            "What you gave could not be handed to the model, because nothing can be posted here "
            "for this video. Use the command in a channel where I may post, and attach it again."
        ),
        INPUT_TOO_LARGE: INPUTS_TOO_LARGE,
    }
)
_CAUSES: Final = MappingProxyType(
    {
        FailReason.PROMPT: N_("The model could not use the prompt. Rewrite it and try again."),
        FailReason.CONTENT: N_(
            "The prompt, the picture or the video itself was refused by the content rules. Change "
            "the prompt or the picture."
        ),
        FailReason.IMAGE: N_("The model could not use the picture. Try another PNG, JPEG or WebP."),
        FailReason.RATE_LIMITED: N_(
            "Too many requests reached the model just then. Try again in a while."
        ),
        FailReason.TIMEOUT: N_(
            "The model took too long. Try again, perhaps with a simpler prompt."
        ),
        FailReason.UPSTREAM: N_("The model had a fault. Trying again may help."),
        FailReason.OUT_OF_CREDIT: N_("The service is out of credit. Its operator has been told."),
    }
)
_ENDINGS: Final = MappingProxyType(
    {
        JobState.CANCELLED: N_("Cancelled. Nothing was charged."),
        JobState.RESULT_LOST: N_(
            "The video was made, but its file is lost. You were given the price back."
        ),
        JobState.QUARANTINED: N_(
            "Something is wrong with this job on our side. The operator has been told."
        ),
    }
)
_REMAINING: Final = MappingProxyType(
    {Period.DAY: N_("**{amount}** today"), Period.MONTH: N_("**{amount}** this month")}
)
_TIGHTER_LIMITS: Final = MappingProxyType(
    {
        (Scope.SERVER, Period.DAY): N_("This server has only {amount} left today."),
        (Scope.SERVER, Period.MONTH): N_("This server has only {amount} left this month."),
        (Scope.EVERYTHING, Period.DAY): N_("The service has only {amount} left today."),
        (Scope.EVERYTHING, Period.MONTH): N_("The service has only {amount} left this month."),
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


def format_settings(request: VideoRequest) -> str:
    """Format what was chosen: `Seedance 1.5 Pro · 8 s · 720p · 16:9 · with sound`."""
    parts = [
        MODELS[request.model].label,
        _("{seconds} s", seconds=request.seconds),
        request.resolution,
        request.aspect_ratio,
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
            return _("A video from words")
        case Mode.IMAGE_TO_VIDEO | Mode.FIRST_AND_LAST_FRAMES:
            two = len(request.pictures) == 2
            return _("From one picture to another") if two else _("A picture comes to life")
        case Mode.OMNI_REFERENCE:
            return _("A video from references")


_RELEASED: Final = MappingProxyType(
    {
        ObstacleKind.SERVER_LEFT: N_("I'm not in this server any more."),
        ObstacleKind.NOT_ADMITTED: N_("I can't make videos for this server any more."),
        ObstacleKind.CHANNEL_GONE: N_("The channel where it was asked for is gone."),
        ObstacleKind.PERMISSIONS_MISSING: N_("I can't post in this channel any more."),
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
                "I can't make videos any more for a server where {count} of yours was waiting. "
                "You weren't charged.",
                "I can't make videos any more for a server where {count} of yours were waiting. "
                "You weren't charged.",
                count,
            )
        case ObstacleKind.CHANNEL_GONE:
            return ngettext(
                "The channel is gone where {count} of your videos was waiting. It won't be made, "
                "and you weren't charged.",
                "The channel is gone where {count} of your videos were waiting. They won't be "
                "made, and you weren't charged.",
                count,
            )
        case ObstacleKind.PERMISSIONS_MISSING:
            return ngettext(
                "I can't post in {channel} any more, where {count} of your videos was waiting. "
                "It won't be made, and you weren't charged.",
                "I can't post in {channel} any more, where {count} of your videos were waiting. "
                "They won't be made, and you weren't charged.",
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
            return f"{cause} {_('Nothing was charged.')}"
        case state if state in _ENDINGS:
            return _(_ENDINGS[state])
        case _:
            cost = _("Its price was charged.") if status.charged else _("Nothing was charged.")
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
    return _("Spend {amount}", amount=format_usd(price))


def format_final_question(request: VideoRequest) -> str:
    """Format the question whether to make a video again with more pixels."""
    return _(
        "The same once more in **{resolution}**? It is a new video, made from scratch.",
        resolution=request.resolution,
    )


def link_to_status(job: JobView, text: str) -> str | None:
    """Return a link to the status message of a job; None if there is none."""
    return _link(job.guild_id, job.channel_id, job.status_message_id, text)


def link_to_result(job: JobView, text: str) -> str | None:
    """Return a link to the message with the result of a job; None if there is none."""
    return _link(job.guild_id, job.destination_channel_id, job.result_message_id, text)


def format_delivered(job: JobView) -> str:
    """Format that a video is done, with a link if it is not just below."""
    link = link_to_result(job, _("your video"))
    if job.result_channel_id is None or link is None:
        return _("✅ Done.")
    return _("✅ Done: {link}.", link=link)


def format_elapsed(job: JobView) -> str | None:
    """Format the time from a request to the post of its video; None if it is not known."""
    if job.posting_since_ms is None:
        return None
    minutes, seconds = divmod(max(0, job.posting_since_ms - job.created_at_ms) // 1000, 60)
    if not minutes:
        return _("made in {seconds} s", seconds=seconds)
    return _("made in {minutes} min {seconds} s", minutes=minutes, seconds=seconds)


def format_cost(cost: JobAmounts) -> str:
    """Format what a job cost its member."""
    if cost.held:
        return _("On hold: {amount}.", amount=format_usd(cost.held))
    if cost.paid:
        return _("Cost: {amount}.", amount=format_usd(cost.paid))
    return _("Nothing was charged.")


def format_remaining_quota(remaining: RemainingQuota) -> str:
    """Format what a member has left in each limited period, and any tighter limit of others."""
    own = [
        _(_REMAINING[usage.period], amount=format_usd(usage.remaining))
        for usage in remaining.usages
        if usage.scope is Scope.MEMBER and usage.remaining is not None
    ]
    if remaining.grant_balance:
        own.append(_("**{amount}** of grants", amount=format_usd(remaining.grant_balance)))
    summary = _("No limit of your own applies.")
    if own:
        summary = _("Left for you: {amounts}.", amounts=" · ".join(own))
    return " ".join([summary, *_tighter(remaining)])


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
    return _("Private: only you see it, and it comes to you by direct message.")


def format_too_late(error: NotCancellable) -> str:
    """Format why a video can no longer be cancelled."""
    if error.state is JobState.CANCELLED:
        return _("It is cancelled already. Nothing was charged.")
    if error.state in AT_APIXO:
        return _("Too late to cancel: it is being made already.")
    return _("Too late to cancel: look at its message in the channel.")


def _answer_lost(status: StatusView) -> str:
    if status.hold_released:
        return _(
            "The request was sent, but its answer got lost, and no video turned up. You were not "
            "charged. Ask again if you still want it."
        )
    if status.job.restored_at_ms is not None:
        return _(
            "I was restored from a backup, so I can't tell if this video was made. My operator "
            "decides what happens. You haven't been charged."
        )
    return _(
        "The request was sent, but its answer got lost, so nobody knows whether a video is being "
        "made. It is not sent again by itself. The hold on its price ends after 30 minutes."
    )


def _undeliverable(job: JobView) -> str:
    if job.reason == POST_UNCONFIRMED:
        return _(
            "Your video is ready and should be below. If it isn't, use *Post again* in `/jobs`."
        )
    if job.private:
        return _(
            "The video is ready, but I may not write to you. *Post again* in `/jobs` brings it."
        )
    return _("The video is ready, but it could not be posted here.")


def _stuck(status: StatusView) -> str:
    if status.hold_released:
        return _("The video takes far too long. You are not charged for it.")
    return _("The video takes far too long. Its price stays on hold for now.")


def _cause(job: JobView) -> str:
    if job.fail_code == ENDED_BY_OPERATOR:
        return _("The operator of this service has looked into it: there will be no video.")
    if job.private and job.fail_code == INPUT_UNREACHABLE:
        return _(
            "What you gave could not be handed to the model, because I may not write to you. Allow "
            "direct messages, or use the command and attach it again."
        )
    cause = _INPUTS.get(job.fail_code or "") or _CAUSES.get(classify_fail_code(job.fail_code))
    return _model_reason(job) if cause is None else _(cause, files=job.reason or "")


def _model_reason(job: JobView) -> str:
    if not job.reason:
        return _("The model failed without saying why. Trying again may help.")
    reason = sanitize(job.reason, 200)
    if job.state is JobState.REJECTED:
        return _("The model refused: {reason}.", reason=reason)
    return _("The model failed: {reason}.", reason=reason)


def _link(guild_id: int, channel_id: int, message_id: int | None, text: str) -> str | None:
    if message_id is None:
        return None
    # A link to a message looks the same in every language, and is followed within the app.
    return f"[{text}](https://discord.com/channels/{guild_id}/{channel_id}/{message_id})"


def _tighter(remaining: RemainingQuota) -> list[str]:
    """Return sentences about the limits of others that leave less than the member's own."""
    own = remaining.for_member
    return [
        _(_TIGHTER_LIMITS[usage.scope, usage.period], amount=format_usd(usage.remaining))
        for usage in remaining.usages
        if usage.scope is not Scope.MEMBER
        and usage.remaining is not None
        and (own is None or usage.remaining < own)
    ]


def format_ready_lines(user_id: int, payload: ResultPayload) -> list[str]:
    """Return a line or two: the video is ready, and what there is of it."""
    member = f"<@{user_id}>"
    if payload.video is not None or payload.link is not None:
        return [
            _("{member} your video is ready.", member=member),
            *format_substitute_lines(payload),
        ]
    return [
        _("{member} your video is ready, but too large for here.", member=member),
        _("It is kept; a manager of the service can hand it to you."),
    ]


def format_substitute_lines(payload: ResultPayload) -> list[str]:
    """Return the line about what replaces a video that is not attached as it is, if anything."""
    until = f"<t:{payload.link_expires_at_ms // 1000}:D>"
    if payload.is_copy and payload.link is not None:
        return [
            _(
                "This is a smaller copy: the [original]({link}) is kept, and has a link until "
                "{until}.",
                link=payload.link,
                until=until,
            )
        ]
    if payload.is_copy:
        return [_("This is a smaller copy; the original is kept.")]
    if payload.link is not None:
        return [
            _(
                "It is too large for here: [watch or download it]({link}) until {until}.",
                link=payload.link,
                until=until,
            )
        ]
    return []


_MAX_REASON_CHARS: Final = 200
_BLOCK_SENTENCES: Final = MappingProxyType(
    {
        BlockReason.OPERATOR: N_(
            "⏸️ The operator of this service has paused it: {reason} — your place in line is kept."
        ),
        BlockReason.EXPOSURE: N_(
            "⏸️ No new videos are started just now; the operator of this service has been told. "
            "Your place in line is kept."
        ),
        BlockReason.DISK_FULL: N_(
            "⏸️ The service has no room left to keep new videos, so none are started just now; its "
            "operator has been told. Your place in line and your price on hold are kept; it goes "
            "on by itself."
        ),
        BlockReason.OUT_OF_CREDIT: N_(
            "The service is out of credit with the model's provider. Your place in line and your "
            "price on hold are kept; it goes on by itself."
        ),
    }
)


def format_submission_block(block: SubmissionBlock) -> str:
    """Format why queued jobs wait, and that waiting costs a member nothing."""
    return _(_BLOCK_SENTENCES[block.reason], reason=sanitize(block.message, _MAX_REASON_CHARS))
