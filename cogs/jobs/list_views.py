"""Views and buttons of the job list; each custom id names its page, so it works for good."""

import re
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.i18n import N_, _, format_usd
from cogs.ui.layout import BLUE, LayoutItem, box, layout, row, text_block
from cogs.ui.routing import Interaction, dispatch_component
from cogs.ui.text import format_submission_block
from domain.job_view import JobAmounts, JobView
from domain.jobs import POST_UNCONFIRMED, JobState
from domain.money import MicroUSD
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

    def __init__(self, action: ListAction, job_id: str, start: str) -> None:
        label, style = _(_LABELS[action]), _STYLES[action]
        custom_id = f"jobs:{action}:{job_id}:{start}"
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
_STYLES: Final = MappingProxyType(
    {
        ListAction.CANCEL: discord.ButtonStyle.secondary,
        ListAction.REPOST: discord.ButtonStyle.primary,
    }
)


S = JobState

_MAX_PROMPT_CHARS: Final = 100
_MAX_REASON_CHARS: Final = 60

_STATES: Final = MappingProxyType(
    {
        S.SUBMITTING: N_("📨 **Being sent** to the model"),
        S.GENERATING: N_("🎬 **Being made**"),
        S.SUCCEEDED: N_("📦 **Made**, being fetched"),
        S.STORED: N_("📦 **Made**, being posted"),
        S.POSTING: N_("📦 **Made**, being posted"),
        S.DELIVERED: N_("✅ **Done**"),
        S.CANCELLED: N_("🚫 **Cancelled**"),
        S.REJECTED: N_("❌ **Refused**"),
        S.FAILED: N_("❌ **Failed**"),
        S.SUBMIT_UNKNOWN: N_("⚠️ **Answer lost**"),
        S.STUCK: N_("⚠️ **Stuck**"),
        S.RESULT_LOST: N_("⚠️ **File lost**"),
        S.UNDELIVERABLE: N_("⚠️ **Could not be posted**"),
        S.QUARANTINED: N_("⚠️ **Set aside**"),
    }
)
_DELETED: Final = N_("🗑️ **Done**, and deleted since")
_REPOST_OUTCOMES: Final = MappingProxyType(
    {
        RepostOutcome.IN_PROGRESS: N_(
            "`{job}` is being posted to <#{channel}>. Nothing more is charged."
        ),
        RepostOutcome.POSTED: N_(
            "Posted again: {link}. Its earlier message is taken away. Nothing more is charged."
        ),
        RepostOutcome.SENT_BY_DM: N_(
            "I may not post in <#{channel}>, so I have sent the video to you."
        ),
        RepostOutcome.JUST_POSTED: N_(
            "It was posted only a moment ago: {link}. It can be posted again in a few minutes."
        ),
        RepostOutcome.GONE: N_(
            "The file of this video is not kept any more, so it can not be posted again."
        ),
    }
)


def render_job_list(page: JobListPage, start: str, notice: str | None = None) -> ui.LayoutView:
    """Lay out a page of the list, under the `notice` about the last click."""
    head = [] if notice is None else [text_block(notice)]
    if not page.rows:
        empty = _("You have asked for no videos on this server yet. Try `/video`.")
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
    return _(_REPOST_OUTCOMES[outcome], job=job.id, channel=job.channel_id, link=link)


def _format_private_repost(outcome: RepostOutcome, job: JobView) -> str:
    match outcome:
        case RepostOutcome.IN_PROGRESS:
            return _("`{job}` is on its way to you. Nothing more is charged.", job=job.id)
        case RepostOutcome.JUST_POSTED:
            return _("It was sent to you only a moment ago. It can be sent again in a few minutes.")
        case _:
            return _("It was sent to you once more. Nothing more is charged.")


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
    age = _("asked for <t:{since}:R>", since=job.created_at_ms // 1000)
    explanation = _explain(entry.status)
    lines = [
        f"{_format_state(entry.status)} · {age}",
        f"> {text.sanitize(job.request.prompt, _MAX_PROMPT_CHARS)}",
        *([explanation] if explanation else []),
        " · ".join(filter(None, (_format_amounts(entry.money), _format_location(entry.status)))),
        f"-# {text.format_settings(job.request)} · {job.id}",
    ]
    summary = text_block("\n".join(lines))
    action = (
        ListAction.CANCEL if entry.can_cancel else ListAction.REPOST if entry.can_repost else None
    )
    if action is None:
        return summary
    return ui.Section[Any](summary, accessory=ListActionButton(action, job.id, start))


def _format_state(status: StatusView) -> str:
    """Format how far a job is, and when it goes on."""
    if status.job.state is S.QUEUED and (status.queue_position or 0) > 1:
        return _("⏳ **Waiting**, number {place} in line", place=status.queue_position)
    if status.job.state is S.QUEUED:
        return _("⏳ **Waiting**, next in line")
    state = _(_DELETED) if status.deleted else _(_STATES[status.job.state])
    if status.ready_at_ms is None:
        return state
    return _("{state}, expected <t:{at}:R>", state=state, at=status.ready_at_ms // 1000)


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
            return _(
                "The video was made, but its file could not be fetched. Next: nothing by itself; "
                "you have your money back and can ask again."
            )
        case S.UNDELIVERABLE:
            return _explain_undeliverable(job)
        case S.QUARANTINED:
            return _(
                "Something went wrong on our side, again and again. Next: the operator of this "
                "service, who has been told, decides what becomes of it."
            )
        case _:
            return None


def _explain_lost_answer(status: StatusView) -> str:
    if status.hold_released:
        return _(
            "The request was sent, its answer got lost, and no video turned up. The hold is "
            "released. Next: nothing by itself; ask again if you still want it."
        )
    if status.job.restored_at_ms is not None:
        return _(
            "I was restored from a backup, so I can't tell if this video was made. My operator "
            "decides what happens next."
        )
    return _(
        "The request was sent, but its answer got lost. Next: it is not sent again; if no "
        "video turns up, the hold is released <t:{until}:R>.",
        until=status.job.due_at_ms // 1000,
    )


def _explain_undeliverable(job: JobView) -> str:
    if job.reason == POST_UNCONFIRMED:
        return _("Your video should be below your request. If it isn't, click *Post again*.")
    if job.private:
        return _(
            "The video is ready, but I may not write to you. Next: click *Post again*, and it "
            "comes as the answer to your click."
        )
    return _(
        "The video is ready, but neither <#{channel}> nor your direct messages take it. Next: let "
        "me post there or write to you, then click *Post again*.",
        channel=job.channel_id,
    )


def _explain_stuck(status: StatusView) -> str:
    if status.hold_released:
        return _(
            "The video takes far too long. Next: the operator of this service, who has been told, "
            "looks into it; you are not charged for it."
        )
    return _(
        "The video takes far too long. Next: the operator of this service, who has been told, "
        "looks into it; until then the price stays on hold."
    )


def _shorten_reason(status: StatusView) -> StatusView:
    """Cut the model's reason, so that five jobs fit on a page."""
    reason = status.job.reason or ""
    if len(reason) <= _MAX_REASON_CHARS:
        return status
    return replace(status, job=replace(status.job, reason=f"{reason[: _MAX_REASON_CHARS - 1]}…"))


def _format_amounts(money: JobAmounts) -> str:
    """Format what a video costs, or what was refunded, to the micro-dollar."""
    refund = MicroUSD(-money.adjusted)
    if money.held:
        return _("On hold: **{held}**", held=format_usd(money.held))
    if refund > 0:
        paid = format_usd(money.charged)
        return _("Charged **{paid}**, given back **{back}**", paid=paid, back=format_usd(refund))
    if money.paid:
        return _("Paid: **{paid}**", paid=format_usd(money.paid))
    if money.released:
        return _("Nothing charged, **{back}** given back", back=format_usd(money.released))
    return _("Nothing charged")


def _format_location(status: StatusView) -> str | None:
    job = status.job
    if job.private:
        return _("private")
    if job.result_message_id is not None and not status.deleted:
        return text.link_to_result(job, _("video"))
    return text.link_to_status(job, _("status"))
