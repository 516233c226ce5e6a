"""Views and buttons of the job list; each custom id names its page, so it works for good."""

import re
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.i18n import N_, _, format_price
from cogs.ui.layout import BLUE, LayoutItem, box, layout, row, text_block
from cogs.ui.routing import Interaction, dispatch_component
from cogs.ui.text import format_place, format_submission_block
from domain.job_view import JobAmounts, JobView
from domain.jobs import POST_UNCONFIRMED, JobState
from domain.money import MicroUSD
from domain.storyboard_steps import is_waiting
from workflow.publisher import StatusView
from workflow.results.job_list import JobListEntry, JobListPage
from workflow.results.repost import RepostOutcome

NEWEST_PAGE: Final = "newest"
"""The page with the newest jobs; any other is named by its first job."""

_LAST: Final = "last"


class ListAction(StrEnum):
    """What a button does to a job on the list."""

    CANCEL = "cancel"
    REPOST = "post"


class PageButton(ui.DynamicItem[ui.Button[Any]], template=r"jobs:(?P<start>[0-9a-z]{1,20})"):
    """A button to the page that begins with a job."""

    def __init__(self, start: str, label: str = "", *, disabled: bool = False) -> None:
        super().__init__(ui.Button(label=label, custom_id=f"jobs:{start}", disabled=disabled))
        self.start = start

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(match["start"])

    async def callback(self, interaction: Interaction) -> None:
        """Turn the page."""
        await dispatch_component(interaction, self)


class ListActionButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"jobs:(?P<action>{'|'.join(ListAction)}):(?P<job>[0-9a-z]{{1,20}}):(?P<start>[0-9a-z]{{1,20}})",
):
    """A button that acts on a job of the page that begins with `start`."""

    def __init__(
        self, action: ListAction, job_id: str, start: str, *, is_advised: bool = False
    ) -> None:
        style = discord.ButtonStyle.primary if is_advised else discord.ButtonStyle.secondary
        label, custom_id = _(_LABELS[action]), f"jobs:{action}:{job_id}:{start}"
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.action = action
        self.job_id = job_id
        self.start = start

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(ListAction(match["action"]), match["job"], match["start"])

    async def callback(self, interaction: Interaction) -> None:
        """Hand the click to its handler."""
        await dispatch_component(interaction, self)


def page_buttons(newer: str | None, older: str | None) -> LayoutItem:
    """Lay out the buttons to the pages before and after this one."""
    buttons: list[LayoutItem] = [
        PageButton(newer or NEWEST_PAGE, _("Previous"), disabled=newer is None),
        PageButton(older or _LAST, _("Next"), disabled=older is None),
    ]
    return row(*buttons)


_LABELS: Final = MappingProxyType(
    {ListAction.CANCEL: N_("Cancel"), ListAction.REPOST: N_("Post again")}
)
S = JobState

_MAX_PROMPT_CHARS: Final = 100
_MAX_REASON_CHARS: Final = 60

_STATES: Final = MappingProxyType(
    {
        S.SUBMITTING: N_("📨 **Sending** it to the model"),
        S.GENERATING: N_("🎬 **Making it**"),
        S.SUCCEEDED: N_("📦 **Made**, downloading it now"),
        S.STORED: N_("📦 **Made**, posting it now"),
        S.POSTING: N_("📦 **Made**, posting it now"),
        S.DELIVERED: N_("✅ **Done**"),
        S.CANCELLED: N_("🚫 **Cancelled**"),
        S.REJECTED: N_("❌ **Refused**"),
        S.FAILED: N_("❌ **Failed**"),
        S.SUBMIT_UNKNOWN: N_("⚠️ **Lost contact**"),
        S.STUCK: N_("⚠️ **Taking too long**"),
        S.RESULT_LOST: N_("⚠️ **Couldn't download it**"),
        S.UNDELIVERABLE: N_("⚠️ **Couldn't post it**"),
        S.QUARANTINED: N_("⚠️ **Something went wrong**"),
    }
)
_DELETED: Final = N_("🗑️ **Deleted**")
_REPOST_OUTCOMES: Final = MappingProxyType(
    {
        RepostOutcome.IN_PROGRESS: N_("I'm posting it again in <#{channel}>, for free."),
        RepostOutcome.POSTED: N_("Posted again: {link}. I removed the old message, and it's free."),
        RepostOutcome.SENT_BY_DM: N_("I can't post in <#{channel}>, so I sent you the video."),
        RepostOutcome.JUST_POSTED: N_(
            "It was just posted: {link}. You can post it again in a few minutes."
        ),
        RepostOutcome.GONE: N_("This video's file is gone, so I can't post it again."),
    }
)


def render_job_list(
    page: JobListPage, start: str, notice: str | None = None, films: Sequence[LayoutItem] = ()
) -> ui.LayoutView:
    """Lay out a page of the list, under the `notice` about the last click, and the `films`."""
    head = [*([] if notice is None else [text_block(notice)]), *films]
    if not page.rows:
        empty = _("You haven't made a video here yet. Try `/video`.")
        return layout(*head, text_block(empty))
    items = [text_block(_title(page))]
    for entry in page.rows:
        items += [ui.Separator[Any](), _entry_item(entry, start)]
    buttons = [page_buttons(page.newer, page.older)] if page.newer or page.older else []
    return layout(*head, box(BLUE, *items), *buttons)


def format_repost_outcome(outcome: RepostOutcome, job: JobView) -> str:
    """Format the outcome of a click on *Post again*."""
    if job.private and outcome is not RepostOutcome.GONE:
        return _format_private_repost(outcome, job)
    link = text.link_to_result(job, _("message"))
    return _(_REPOST_OUTCOMES[outcome], channel=job.channel_id, link=link)


def _format_private_repost(outcome: RepostOutcome, job: JobView) -> str:
    match outcome:
        case RepostOutcome.IN_PROGRESS:
            return _("It's on its way to you again, for free.")
        case RepostOutcome.JUST_POSTED:
            return _("I just sent it to you. You can send it again in a few minutes.")
        case _:
            return _("I sent it to you again, for free.")


def _title(page: JobListPage) -> str:
    title = _(
        "**Your videos on this server**, {first}–{last} of {total}",
        first=page.newer_count + 1,
        last=page.newer_count + len(page.rows),
        total=page.total,
    )
    blocks = (row.status.submission_block for row in page.rows if row.status.job.state is S.QUEUED)
    block = next(filter(None, blocks), None)
    return title if block is None else f"{title}\n{format_submission_block(block)}"


def _entry_item(entry: JobListEntry, start: str) -> LayoutItem:
    job = entry.status.job
    explanation = _explain(entry.status)
    facts = _format_amounts(entry.status, entry.money)
    when = f"<t:{job.created_at_ms // 1000}:R>"
    lines = [
        " · ".join(filter(None, (_format_state(entry.status), when, _link(entry.status)))),
        f"> {text.sanitize(job.request.prompt, _MAX_PROMPT_CHARS)}",
        *([explanation] if explanation else []),
        *([facts] if facts else []),
        f"-# {_format_small(entry.status)}",
    ]
    summary = text_block("\n".join(lines))
    action = (
        ListAction.CANCEL if entry.can_cancel else ListAction.REPOST if entry.can_repost else None
    )
    if action is None:
        return summary
    button = ListActionButton(action, job.id, start, is_advised=job.state is S.UNDELIVERABLE)
    return ui.Section[Any](summary, accessory=button)


def _format_small(status: StatusView) -> str:
    shot = [] if status.shot is None else [text.format_shot(status.shot)]
    return " · ".join((*shot, text.format_settings(status.job.request)))


def _format_state(status: StatusView) -> str:
    """Format how far a job is, and when it goes on."""
    if is_waiting(status.job):
        return _("⏳ **Waiting** for the shot before")
    if status.job.state is S.QUEUED and (status.queue_position or 0) > 1:
        return _("⏳ **Number {place} in line**", place=format_place(status.queue_position or 0))
    if status.job.state is S.QUEUED:
        return _("⏳ **You're next**")
    state = _(_DELETED) if status.deleted else _(_STATES[status.job.state])
    if status.ready_at_ms is None:
        return state
    if status.is_late:
        return _("{state}, taking a bit longer than usual", state=state)
    return _("{state}, ready <t:{at}:R>", state=state, at=status.ready_at_ms // 1000)


def _explain(status: StatusView) -> str | None:
    """Describe what happened to a job off the usual path, and what happens next."""
    job = status.job
    match job.state:
        case S.REJECTED | S.FAILED:
            return text.format_outcome(_shorten_reason(status))
        case S.SUBMIT_UNKNOWN:
            return _explain_lost_answer(status)
        case S.STUCK:
            return _explain_stuck(status)
        case S.RESULT_LOST:
            return _("We couldn't download your video, so we refunded you.")
        case S.UNDELIVERABLE:
            return _explain_undeliverable(job)
        case S.QUARANTINED:
            return _("Something went wrong on our side. The operator knows and will sort it out.")
        case _:
            return None


def _explain_lost_answer(status: StatusView) -> str:
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


def _explain_undeliverable(job: JobView) -> str:
    if job.reason == POST_UNCONFIRMED:
        return _("Your video should be below your request. If it isn't, click *Post again*.")
    if job.private:
        return _("Your video is ready, but I can't DM you. Click *Post again* to get it here.")
    return _(
        (
            "Your video is ready, but I can't post in <#{channel}> or DM you. Allow one of "
            "them, then click *Post again*."
        ),
        channel=job.channel_id,
    )


def _explain_stuck(status: StatusView) -> str:
    if status.hold_released:
        return _(
            "This is taking far too long. The operator is looking into it, and you weren't charged."
        )
    return _("This is taking far too long. The operator knows and is looking into it.")


def _shorten_reason(status: StatusView) -> StatusView:
    """Cut the model's reason, so that five jobs fit on a page."""
    reason = status.job.reason or ""
    if len(reason) <= _MAX_REASON_CHARS:
        return status
    return replace(status, job=replace(status.job, reason=f"{reason[: _MAX_REASON_CHARS - 1]}…"))


def _format_amounts(status: StatusView, money: JobAmounts) -> str | None:
    """Format what a video costs, or that it was refunded; None where its explanation says so."""
    if money.held:
        return _("Costs {price}", price=format_price(money.held))
    if money.adjusted < 0:
        refund = MicroUSD(-money.adjusted)
        return _(
            "Paid {paid}, refunded {back}",
            paid=format_price(money.charged),
            back=format_price(refund),
        )
    if money.paid:
        return _("Paid {paid}", paid=format_price(money.paid))
    return None if _explain(status) else _("Not charged")


def _link(status: StatusView) -> str | None:
    """Link to the video, or to its status message until there is one."""
    job = status.job
    if job.private:
        return _("private")
    if job.result_message_id is not None and not status.deleted:
        return text.link_to_result(job, _("Watch it"))
    return text.link_to_status(job, _("See it"))
