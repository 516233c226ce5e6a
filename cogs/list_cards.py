"""Knows how the list of a member's videos looks; says nothing by itself."""

from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import discord
from discord import ui

from cogs import words
from cogs.list_buttons import Deed, DeedButton, page_row
from domain.jobs import JobState
from domain.money import MicroUSD, show_usd
from workflow.listing import Listed, Money, Page
from workflow.publishing import JobView, Sight
from workflow.repost import Again

S = JobState

_BLUE: Final = discord.Colour(0x5865F2)
_PROMPT_SHOWN: Final = 100
_REASON_SHOWN: Final = 60

_STATES: Final = MappingProxyType(
    {
        S.QUEUED: "⏳ **Waiting**",
        S.SUBMITTING: "📨 **Being sent** to the model",
        S.GENERATING: "🎬 **Being made**",
        S.SUCCEEDED: "📦 **Made**, being fetched",
        S.STORED: "📦 **Made**, being posted",
        S.POSTING: "📦 **Made**, being posted",
        S.DELIVERED: "✅ **Done**",
        S.CANCELLED: "🚫 **Cancelled**",
        S.REJECTED: "❌ **Refused**",
        S.FAILED: "❌ **Failed**",
        S.SUBMIT_UNKNOWN: "⚠️ **Answer lost**",
        S.STUCK: "⚠️ **Stuck**",
        S.RESULT_LOST: "⚠️ **File lost**",
        S.UNDELIVERABLE: "⚠️ **Could not be posted**",
        S.QUARANTINED: "⚠️ **Set aside**",
    }
)


def listed(page: Page, start: str, said: str | None = None) -> ui.LayoutView:
    """Lay out a page of the list, under what was `said` to the last click."""
    view = ui.LayoutView(timeout=None)
    if said is not None:
        view.add_item(ui.TextDisplay(said))
    if not page.rows:
        return view.add_item(
            ui.TextDisplay("You have asked for no videos on this server yet. Try `/video`.")
        )
    last = page.before + len(page.rows)
    items: list[ui.Item[Any]] = [
        ui.TextDisplay(f"**Your videos on this server**, {page.before + 1}–{last} of {page.total}")
    ]
    for row in page.rows:
        items += [ui.Separator(), _row(row, start)]
    view.add_item(ui.Container(*items, accent_colour=_BLUE))
    if page.newer or page.older:
        view.add_item(page_row(page.newer, page.older))
    return view


def posted_again(outcome: Again, job: JobView) -> str:
    """Say what came of a click on *Post again*."""
    match outcome:
        case Again.ON_ITS_WAY:
            return f"`{job.id}` is being posted to <#{job.channel_id}>. Nothing more is charged."
        case Again.POSTED:
            return (
                f"Posted again: {_link(job, job.result_message_id)}. Its earlier message is taken "
                "away. Nothing more is charged."
            )
        case Again.SENT:
            return f"I may not post in <#{job.channel_id}>, so I have sent the video to you."
        case Again.JUST_POSTED:
            return (
                f"It was posted only a moment ago: {_link(job, job.result_message_id)}. "
                "It can be posted again in a few minutes."
            )
        case Again.GONE:
            return "The file of this video is not kept any more, so it can not be posted again."


def _row(row: Listed, start: str) -> ui.Item[Any]:
    job = row.sight.job
    state = "🗑️ **Done**, and deleted since" if row.sight.deleted else _STATES[job.state]
    about = _about(row.sight)
    lines = [
        f"{state}{_when(row.sight)} · asked for <t:{job.created_at_ms // 1000}:R>",
        f"> {words.harmless(job.request.prompt, _PROMPT_SHOWN)}",
        *([about] if about else []),
        " · ".join(filter(None, (_money(row.money), _place(row.sight)))),
        f"-# {words.settings_line(job.request)} · {job.id}",
    ]
    text = ui.TextDisplay[Any]("\n".join(lines))
    deed = Deed.CANCEL if row.can_cancel else Deed.POST if row.can_post_again else None
    if deed is None:
        return text
    return ui.Section(text, accessory=DeedButton(deed, job.id, start))


def _when(sight: Sight) -> str:
    if sight.job.state is S.QUEUED:
        return f", number {sight.place} in line" if (sight.place or 0) > 1 else ", next in line"
    if sight.ready_at_ms is not None:
        return f", expected <t:{sight.ready_at_ms // 1000}:R>"
    return ""


def _about(sight: Sight) -> str | None:
    """Say what happened to a job that has left the usual way, and what happens next."""
    job = sight.job
    match job.state:
        case S.REJECTED | S.FAILED:
            return words.ending(_in_brief(sight))
        case S.SUBMIT_UNKNOWN if sight.given_up:
            return (
                "The request was sent, its answer got lost, and no video turned up. The hold is "
                "released. Next: nothing by itself; ask again if you still want it."
            )
        case S.SUBMIT_UNKNOWN:
            return (
                "The request was sent, but its answer got lost. Next: it is not sent again; if no "
                f"video turns up, the hold is released <t:{job.due_at_ms // 1000}:R>."
            )
        case S.STUCK:
            return (
                "The video takes far too long. Next: the operator of this service, who has been "
                "told, looks into it; until then the price stays on hold."
            )
        case S.RESULT_LOST:
            return (
                "The video was made, but its file could not be fetched. Next: nothing by itself; "
                "you have your money back and can ask again."
            )
        case S.UNDELIVERABLE:
            return (
                f"The video is ready, but neither <#{job.channel_id}> nor your direct messages "
                "take it. Next: let me post there or write to you, then click *Post again*."
            )
        case S.QUARANTINED:
            return (
                "Something went wrong on our side, again and again. Next: the operator of this "
                "service, who has been told, decides what becomes of it."
            )
        case _:
            return None


def _in_brief(sight: Sight) -> Sight:
    """Cut what the model said of its reasons, so that five jobs fit on a page."""
    reason = sight.job.reason or ""
    if len(reason) <= _REASON_SHOWN:
        return sight
    return replace(sight, job=replace(sight.job, reason=f"{reason[: _REASON_SHOWN - 1]}…"))


def _money(money: Money) -> str:
    """Say to the micro-dollar what a video costs, or what was given back."""
    back = MicroUSD(-money.adjusted)
    if money.held:
        return f"On hold: **{show_usd(money.held)}**"
    if back > 0:
        return f"Charged **{show_usd(money.charged)}**, given back **{show_usd(back)}**"
    if money.charged or money.adjusted:
        return f"Paid: **{show_usd(MicroUSD(money.charged + money.adjusted))}**"
    if money.released:
        return f"Nothing charged, **{show_usd(money.released)}** given back"
    return "Nothing charged"


def _place(sight: Sight) -> str | None:
    job = sight.job
    if job.result_message_id is not None and not sight.deleted:
        return _link(job, job.result_message_id, "video")
    return _link(job, job.status_message_id, "status")


def _link(job: JobView, message_id: int | None, text: str = "message") -> str | None:
    if message_id is None:
        return None
    # A link to a message looks the same in every language, and is followed within the app.
    return f"[{text}](https://discord.com/channels/{job.guild_id}/{job.channel_id}/{message_id})"
