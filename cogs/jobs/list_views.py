"""Knows the buttons of the list of a member's videos; each names its page, so it works for good."""

import re
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.i18n import N_, _, format_usd
from cogs.ui.layout import BLUE
from cogs.ui.routing import dispatch_component
from cogs.ui.text import format_submission_block
from domain.job_view import JobAmounts, JobView
from domain.jobs import JobState
from domain.money import MicroUSD
from workflow.publisher import StatusView
from workflow.results.job_list import JobListEntry, JobListPage
from workflow.results.repost import RepostOutcome

NEWEST_PAGE: Final = "newest"
"""Names the page with the newest videos; any other is named by its first video."""

_LAST: Final = "last"


class ListAction(StrEnum):
    """What a button does to a video on the list."""

    CANCEL = "cancel"
    REPOST = "post"


class PageButton(ui.DynamicItem[ui.Button[Any]], template=r"jobs:(?P<start>[0-9a-z]{1,20})"):
    """Turns to the page that begins with a video."""

    def __init__(self, start: str, label: str = "", *, disabled: bool = False) -> None:
        super().__init__(ui.Button(label=label, custom_id=f"jobs:{start}", disabled=disabled))
        self.start = start

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(match["start"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn the page."""
        await dispatch_component(interaction, self)


class ListActionButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"jobs:(?P<deed>{'|'.join(ListAction)}):(?P<job>[0-9a-z]{{1,20}}):(?P<start>[0-9a-z]{{1,20}})",
):
    """Does something to a video on the page that begins with `start`."""

    def __init__(self, action: ListAction, job_id: str, start: str) -> None:
        label, style = _(_LABELS[action]), _STYLES[action]
        custom_id = f"jobs:{action}:{job_id}:{start}"
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.action = action
        self.job_id = job_id
        self.start = start

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(ListAction(match["deed"]), match["job"], match["start"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what to do."""
        await dispatch_component(interaction, self)


def page_buttons(newer: str | None, older: str | None) -> ui.Item[Any]:
    """Lay out the buttons that turn to the pages beside this one."""
    buttons: list[ui.Item[Any]] = [
        PageButton(newer or NEWEST_PAGE, _("Previous"), disabled=newer is None),
        PageButton(older or _LAST, _("Next"), disabled=older is None),
    ]
    return ui.ActionRow[Any](*buttons)


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

_PROMPT_SHOWN: Final = 100
_REASON_SHOWN: Final = 60

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
_AGAIN: Final = MappingProxyType(
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
    """Lay out a page of the list, under what was `said` to the last click."""
    view = ui.LayoutView(timeout=None)
    if notice is not None:
        view.add_item(ui.TextDisplay(notice))
    if not page.rows:
        return view.add_item(
            ui.TextDisplay(_("You have asked for no videos on this server yet. Try `/video`."))
        )
    items: list[ui.Item[Any]] = [ui.TextDisplay(_title(page))]
    for row in page.rows:
        items += [ui.Separator(), _row(row, start)]
    view.add_item(ui.Container(*items, accent_colour=BLUE))
    if page.newer or page.older:
        view.add_item(page_buttons(page.newer, page.older))
    return view


def format_repost_outcome(outcome: RepostOutcome, job: JobView) -> str:
    """Say what came of a click on *Post again*."""
    if job.private and outcome is not RepostOutcome.GONE:
        return _sent_again(outcome, job)
    link = text.link_to_result(job, _("message"))
    return _(_AGAIN[outcome], job=job.id, channel=job.channel_id, link=link)


def _sent_again(outcome: RepostOutcome, job: JobView) -> str:
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
    halts = (row.status.submission_block for row in page.rows if row.status.job.state is S.QUEUED)
    halt = next(filter(None, halts), None)
    return title if halt is None else f"{title}\n{format_submission_block(halt)}"


def _row(row: JobListEntry, start: str) -> ui.Item[Any]:
    job = row.status.job
    asked = _("asked for <t:{since}:R>", since=job.created_at_ms // 1000)
    about = _about(row.status)
    lines = [
        f"{_state(row.status)} · {asked}",
        f"> {text.sanitize(job.request.prompt, _PROMPT_SHOWN)}",
        *([about] if about else []),
        " · ".join(filter(None, (_money(row.money), _place(row.status)))),
        f"-# {text.format_settings(job.request)} · {job.id}",
    ]
    shown = ui.TextDisplay[Any]("\n".join(lines))
    deed = ListAction.CANCEL if row.can_cancel else ListAction.REPOST if row.can_repost else None
    if deed is None:
        return shown
    return ui.Section(shown, accessory=ListActionButton(deed, job.id, start))


def _state(sight: StatusView) -> str:
    """Say how far a job is, and when it goes on."""
    if sight.job.state is S.QUEUED and (sight.queue_position or 0) > 1:
        return _("⏳ **Waiting**, number {place} in line", place=sight.queue_position)
    if sight.job.state is S.QUEUED:
        return _("⏳ **Waiting**, next in line")
    state = _(_DELETED) if sight.deleted else _(_STATES[sight.job.state])
    if sight.ready_at_ms is None:
        return state
    return _("{state}, expected <t:{at}:R>", state=state, at=sight.ready_at_ms // 1000)


def _about(sight: StatusView) -> str | None:
    """Say what happened to a job that has left the usual way, and what happens next."""
    job = sight.job
    match job.state:
        case S.REJECTED | S.FAILED:
            return text.format_outcome(_in_brief(sight))
        case S.SUBMIT_UNKNOWN:
            return _about_lost_answer(sight)
        case S.STUCK:
            return _about_stuck(sight)
        case S.RESULT_LOST:
            return _(
                "The video was made, but its file could not be fetched. Next: nothing by itself; "
                "you have your money back and can ask again."
            )
        case S.UNDELIVERABLE:
            return _about_undeliverable(job)
        case S.QUARANTINED:
            return _(
                "Something went wrong on our side, again and again. Next: the operator of this "
                "service, who has been told, decides what becomes of it."
            )
        case _:
            return None


def _about_lost_answer(sight: StatusView) -> str:
    if sight.hold_released:
        return _(
            "The request was sent, its answer got lost, and no video turned up. The hold is "
            "released. Next: nothing by itself; ask again if you still want it."
        )
    return _(
        "The request was sent, but its answer got lost. Next: it is not sent again; if no "
        "video turns up, the hold is released <t:{until}:R>.",
        until=sight.job.due_at_ms // 1000,
    )


def _about_undeliverable(job: JobView) -> str:
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


def _about_stuck(sight: StatusView) -> str:
    if sight.hold_released:
        return _(
            "The video takes far too long. Next: the operator of this service, who has been told, "
            "looks into it; you are not charged for it."
        )
    return _(
        "The video takes far too long. Next: the operator of this service, who has been told, "
        "looks into it; until then the price stays on hold."
    )


def _in_brief(sight: StatusView) -> StatusView:
    """Cut what the model said of its reasons, so that five jobs fit on a page."""
    reason = sight.job.reason or ""
    if len(reason) <= _REASON_SHOWN:
        return sight
    return replace(sight, job=replace(sight.job, reason=f"{reason[: _REASON_SHOWN - 1]}…"))


def _money(money: JobAmounts) -> str:
    """Say to the micro-dollar what a video costs, or what was given back."""
    back = MicroUSD(-money.adjusted)
    if money.held:
        return _("On hold: **{held}**", held=format_usd(money.held))
    if back > 0:
        paid = format_usd(money.charged)
        return _("Charged **{paid}**, given back **{back}**", paid=paid, back=format_usd(back))
    if money.charged or money.adjusted:
        paid = format_usd(MicroUSD(money.charged + money.adjusted))
        return _("Paid: **{paid}**", paid=paid)
    if money.released:
        return _("Nothing charged, **{back}** given back", back=format_usd(money.released))
    return _("Nothing charged")


def _place(sight: StatusView) -> str | None:
    job = sight.job
    if job.private:
        return _("private")
    if job.result_message_id is not None and not sight.deleted:
        return text.link_to_result(job, _("video"))
    return text.link_to_status(job, _("status"))
