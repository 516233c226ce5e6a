"""Knows the buttons of the list of a member's videos; each names its page, so it works for good."""

import re
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.text import halted
from domain.catalogue import mark, t
from domain.jobs import JobState
from domain.money import MicroUSD, show_usd
from workflow.publisher import JobView, Sight
from workflow.results.job_list import Listed, Money, Page
from workflow.results.repost import Again

NEWEST: Final = "newest"
"""Names the page with the newest videos; any other is named by its first video."""

_LAST: Final = "last"


class Deed(StrEnum):
    """What a button does to a video on the list."""

    CANCEL = "cancel"
    POST = "post"


class Lister(Protocol):
    """The cog that shows the list; found by its name, for a button outlives it."""

    async def turn(self, interaction: discord.Interaction[Any], start: str) -> None:
        """Show the page that begins with a video."""
        ...

    async def act(
        self, interaction: discord.Interaction[Any], deed: Deed, job_id: str, start: str
    ) -> None:
        """Do something to a video, and show the page anew that begins with `start`."""
        ...


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
        await _cog(interaction).turn(interaction, self.start)


class DeedButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"jobs:(?P<deed>{'|'.join(Deed)}):(?P<job>[0-9a-z]{{1,20}}):(?P<start>[0-9a-z]{{1,20}})",
):
    """Does something to a video on the page that begins with `start`."""

    def __init__(self, deed: Deed, job_id: str, start: str) -> None:
        label, style = t(_LABELS[deed]), _STYLES[deed]
        custom_id = f"jobs:{deed}:{job_id}:{start}"
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.deed = deed
        self.job_id = job_id
        self.start = start

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(Deed(match["deed"]), match["job"], match["start"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what to do."""
        await _cog(interaction).act(interaction, self.deed, self.job_id, self.start)


LIST_ITEMS: Final = (PageButton, DeedButton)
"""What a client has to know, so that lists of earlier processes go on working."""


def page_row(newer: str | None, older: str | None) -> ui.Item[Any]:
    """Lay out the buttons that turn to the pages beside this one."""
    buttons: list[ui.Item[Any]] = [
        PageButton(newer or NEWEST, t("Previous"), disabled=newer is None),
        PageButton(older or _LAST, t("Next"), disabled=older is None),
    ]
    return ui.ActionRow[Any](*buttons)


_LABELS: Final = MappingProxyType({Deed.CANCEL: mark("Cancel"), Deed.POST: mark("Post again")})
_STYLES: Final = MappingProxyType(
    {Deed.CANCEL: discord.ButtonStyle.secondary, Deed.POST: discord.ButtonStyle.primary}
)


def _cog(interaction: discord.Interaction[Any]) -> Lister:
    return cast("Lister", interaction.client.get_cog("Listing"))


S = JobState

_BLUE: Final = discord.Colour(0x5865F2)
_PROMPT_SHOWN: Final = 100
_REASON_SHOWN: Final = 60

_STATES: Final = MappingProxyType(
    {
        S.SUBMITTING: mark("📨 **Being sent** to the model"),
        S.GENERATING: mark("🎬 **Being made**"),
        S.SUCCEEDED: mark("📦 **Made**, being fetched"),
        S.STORED: mark("📦 **Made**, being posted"),
        S.POSTING: mark("📦 **Made**, being posted"),
        S.DELIVERED: mark("✅ **Done**"),
        S.CANCELLED: mark("🚫 **Cancelled**"),
        S.REJECTED: mark("❌ **Refused**"),
        S.FAILED: mark("❌ **Failed**"),
        S.SUBMIT_UNKNOWN: mark("⚠️ **Answer lost**"),
        S.STUCK: mark("⚠️ **Stuck**"),
        S.RESULT_LOST: mark("⚠️ **File lost**"),
        S.UNDELIVERABLE: mark("⚠️ **Could not be posted**"),
        S.QUARANTINED: mark("⚠️ **Set aside**"),
    }
)
_DELETED: Final = mark("🗑️ **Done**, and deleted since")
_AGAIN: Final = MappingProxyType(
    {
        Again.ON_ITS_WAY: mark("`{job}` is being posted to <#{channel}>. Nothing more is charged."),
        Again.POSTED: mark(
            "Posted again: {link}. Its earlier message is taken away. Nothing more is charged."
        ),
        Again.SENT: mark("I may not post in <#{channel}>, so I have sent the video to you."),
        Again.JUST_POSTED: mark(
            "It was posted only a moment ago: {link}. It can be posted again in a few minutes."
        ),
        Again.GONE: mark(
            "The file of this video is not kept any more, so it can not be posted again."
        ),
    }
)


def listed(page: Page, start: str, said: str | None = None) -> ui.LayoutView:
    """Lay out a page of the list, under what was `said` to the last click."""
    view = ui.LayoutView(timeout=None)
    if said is not None:
        view.add_item(ui.TextDisplay(said))
    if not page.rows:
        return view.add_item(
            ui.TextDisplay(t("You have asked for no videos on this server yet. Try `/video`."))
        )
    items: list[ui.Item[Any]] = [ui.TextDisplay(_title(page))]
    for row in page.rows:
        items += [ui.Separator(), _row(row, start)]
    view.add_item(ui.Container(*items, accent_colour=_BLUE))
    if page.newer or page.older:
        view.add_item(page_row(page.newer, page.older))
    return view


def posted_again(outcome: Again, job: JobView) -> str:
    """Say what came of a click on *Post again*."""
    if job.private and outcome is not Again.GONE:
        return _sent_again(outcome, job)
    link = text.link_to_result(job, t("message"))
    return t(_AGAIN[outcome], job=job.id, channel=job.channel_id, link=link)


def _sent_again(outcome: Again, job: JobView) -> str:
    match outcome:
        case Again.ON_ITS_WAY:
            return t("`{job}` is on its way to you. Nothing more is charged.", job=job.id)
        case Again.JUST_POSTED:
            return t("It was sent to you only a moment ago. It can be sent again in a few minutes.")
        case _:
            return t("It was sent to you once more. Nothing more is charged.")


def _title(page: Page) -> str:
    title = t(
        "**Your videos on this server**, {first}–{last} of {total}",
        first=page.before + 1,
        last=page.before + len(page.rows),
        total=page.total,
    )
    halts = (row.sight.halt for row in page.rows if row.sight.job.state is S.QUEUED)
    halt = next(filter(None, halts), None)
    return title if halt is None else f"{title}\n{halted(halt)}"


def _row(row: Listed, start: str) -> ui.Item[Any]:
    job = row.sight.job
    asked = t("asked for <t:{since}:R>", since=job.created_at_ms // 1000)
    about = _about(row.sight)
    lines = [
        f"{_state(row.sight)} · {asked}",
        f"> {text.harmless(job.request.prompt, _PROMPT_SHOWN)}",
        *([about] if about else []),
        " · ".join(filter(None, (_money(row.money), _place(row.sight)))),
        f"-# {text.settings_line(job.request)} · {job.id}",
    ]
    shown = ui.TextDisplay[Any]("\n".join(lines))
    deed = Deed.CANCEL if row.can_cancel else Deed.POST if row.can_post_again else None
    if deed is None:
        return shown
    return ui.Section(shown, accessory=DeedButton(deed, job.id, start))


def _state(sight: Sight) -> str:
    """Say how far a job is, and when it goes on."""
    if sight.job.state is S.QUEUED and (sight.place or 0) > 1:
        return t("⏳ **Waiting**, number {place} in line", place=sight.place)
    if sight.job.state is S.QUEUED:
        return t("⏳ **Waiting**, next in line")
    state = t(_DELETED) if sight.deleted else t(_STATES[sight.job.state])
    if sight.ready_at_ms is None:
        return state
    return t("{state}, expected <t:{at}:R>", state=state, at=sight.ready_at_ms // 1000)


def _about(sight: Sight) -> str | None:
    """Say what happened to a job that has left the usual way, and what happens next."""
    job = sight.job
    match job.state:
        case S.REJECTED | S.FAILED:
            return text.ending(_in_brief(sight))
        case S.SUBMIT_UNKNOWN:
            return _about_lost_answer(sight)
        case S.STUCK:
            return _about_stuck(sight)
        case S.RESULT_LOST:
            return t(
                "The video was made, but its file could not be fetched. Next: nothing by itself; "
                "you have your money back and can ask again."
            )
        case S.UNDELIVERABLE:
            return _about_undeliverable(job)
        case S.QUARANTINED:
            return t(
                "Something went wrong on our side, again and again. Next: the operator of this "
                "service, who has been told, decides what becomes of it."
            )
        case _:
            return None


def _about_lost_answer(sight: Sight) -> str:
    if sight.given_up:
        return t(
            "The request was sent, its answer got lost, and no video turned up. The hold is "
            "released. Next: nothing by itself; ask again if you still want it."
        )
    return t(
        "The request was sent, but its answer got lost. Next: it is not sent again; if no "
        "video turns up, the hold is released <t:{until}:R>.",
        until=sight.job.due_at_ms // 1000,
    )


def _about_undeliverable(job: JobView) -> str:
    if job.private:
        return t(
            "The video is ready, but I may not write to you. Next: click *Post again*, and it "
            "comes as the answer to your click."
        )
    return t(
        "The video is ready, but neither <#{channel}> nor your direct messages take it. Next: let "
        "me post there or write to you, then click *Post again*.",
        channel=job.channel_id,
    )


def _about_stuck(sight: Sight) -> str:
    if sight.given_up:
        return t(
            "The video takes far too long. Next: the operator of this service, who has been told, "
            "looks into it; you are not charged for it."
        )
    return t(
        "The video takes far too long. Next: the operator of this service, who has been told, "
        "looks into it; until then the price stays on hold."
    )


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
        return t("On hold: **{held}**", held=show_usd(money.held))
    if back > 0:
        paid = show_usd(money.charged)
        return t("Charged **{paid}**, given back **{back}**", paid=paid, back=show_usd(back))
    if money.charged or money.adjusted:
        paid = show_usd(MicroUSD(money.charged + money.adjusted))
        return t("Paid: **{paid}**", paid=paid)
    if money.released:
        return t("Nothing charged, **{back}** given back", back=show_usd(money.released))
    return t("Nothing charged")


def _place(sight: Sight) -> str | None:
    job = sight.job
    if job.private:
        return t("private")
    if job.result_message_id is not None and not sight.deleted:
        return text.link_to_result(job, t("video"))
    return text.link_to_status(job, t("status"))
