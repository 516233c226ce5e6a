"""Knows how the service's messages look (Discord's Components V2); says nothing by itself.

Public messages are found again by their last line: `-# <id>` ends a job's status message, and
`-# <settings> · <id>` its result.
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import discord
from discord import ui

from cogs import words
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from domain.money import show_usd
from workflow.accept import Accepted
from workflow.publishing import JobView, Sight

_BLUE = discord.Colour(0x5865F2)
_GREEN = discord.Colour(0x3BA55D)
_AMBER = discord.Colour(0xF0B232)
_RED = discord.Colour(0xDA373C)
_GREY = discord.Colour(0x80848E)

_PROMPT_SHOWN = 300
_LIST_SHOWN = 3_800
"""Characters of a list; a message shows 4,000 in all."""

_Item = ui.Item[ui.LayoutView]


def status(sight: Sight, *, bare: bool = False) -> ui.LayoutView:
    """Lay out the public status message of a job; `bare` leaves the prompt out."""
    job = sight.job
    lines = [
        f"**{words.title(job.request)}**",
        *([] if bare else [f"> {words.harmless(job.request.prompt, _PROMPT_SHOWN)}"]),
        f"-# {words.settings_line(job.request)} · for <@{job.user_id}>",
    ]
    return _view(
        _box(
            _colour(job.state),
            _text("\n".join(lines)),
            ui.Separator[ui.LayoutView](),
            _text(f"{_progress(sight)}\n-# {job.id}"),
        )
    )


def result(job: JobView, *, attached: bool, bare: bool = False) -> ui.LayoutView:
    """Lay out the message that carries the video, or (not `attached`) says that it is too large.

    `bare` leaves the prompt out, for a channel whose word filter refused it.
    """
    what = "your video is ready." if attached else "your video is ready, but too large for here."
    parts: list[_Item] = [_text(f"<@{job.user_id}> {what}")]
    if attached:
        parts.append(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{job.id}.mp4")))
    else:
        parts.append(_text("It is kept; a manager of the service can hand it to you."))
    small = f"-# {words.settings_line(job.request)} · {job.id}"
    prompt = f"> {words.harmless(job.request.prompt, _PROMPT_SHOWN)}\n"
    parts.append(_text(small if bare else prompt + small))
    return _view(*parts)


def failure(sight: Sight) -> ui.LayoutView:
    """Lay out the reply that tells a member, late, that there will be no video."""
    job = sight.job
    text = f"<@{job.user_id}> {words.ending(sight)}\n-# {job.id} · no video"
    return _view(_box(_colour(job.state), _text(text)))


def accepted(news: Accepted, cancel: ui.Item[Any], *, failures_cost: bool = False) -> ui.LayoutView:
    """Lay out the private answer to an accepted request."""
    job, left = news.job, news.left
    when = "also if the model fails" if failures_cost else "only if the video is made"
    amounts = [
        amount for amount in (left.member, left.server, left.everything) if amount is not None
    ]
    lines = [
        f"**On its way** as `{job.id}`.",
        f"Price: **{show_usd(job.price)}**, held now and charged {when}.",
        f"Left for you today: {show_usd(min(amounts))}." if amounts else "No daily limit applies.",
    ]
    body = _box(_BLUE, _text("\n".join(lines)))
    if job.state is not JobState.QUEUED:
        return _view(body)
    return _view(body, ui.ActionRow(cancel))


def refusal(rules: Sequence[str]) -> ui.LayoutView:
    """Lay out the private answer to a request that breaks rules, naming each."""
    listed = _as_many_as_fit([f"- {rule}" for rule in rules])
    text = f"**This can't be made as it is.** Nothing was charged.\n{listed}"
    return _view(_box(_RED, _text(text)))


def note(text: str) -> ui.LayoutView:
    """Lay out one private sentence."""
    return _view(_text(text))


def _as_many_as_fit(lines: Sequence[str]) -> str:
    """Join whole lines, and say how many more there are than a message holds."""
    ends = accumulate(len(line) + 1 for line in lines)
    fitting = sum(end <= _LIST_SHOWN for end in ends)
    more = len(lines) - fitting
    return "\n".join([*lines[:fitting], *([f"- … and {more} more."] if more else [])])


def _text(content: str) -> _Item:
    return ui.TextDisplay[ui.LayoutView](content)


def _box(colour: discord.Colour, *items: _Item) -> _Item:
    return ui.Container[ui.LayoutView](*items, accent_colour=colour)


def _view(*items: _Item) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return view


def _progress(sight: Sight) -> str:
    match sight.job.state:
        case JobState.QUEUED | JobState.SUBMITTING:
            if sight.place is None or sight.place <= 1:
                return "⏳ Next in line."
            return f"⏳ Number {sight.place} in line."
        case JobState.GENERATING:
            if sight.ready_at_ms is None:
                return "🎬 Being made."
            return f"🎬 Being made, expected <t:{sight.ready_at_ms // 1000}:R>."
        case JobState.SUCCEEDED | JobState.STORED | JobState.POSTING:
            return "📦 Made; being fetched and posted."
        case JobState.DELIVERED:
            return "✅ Done."
        case _:
            return words.ending(sight)


def _colour(state: JobState) -> discord.Colour:
    if state is JobState.DELIVERED:
        return _GREEN
    if state is JobState.CANCELLED:
        return _GREY
    if state in PARKED:
        return _AMBER
    return _RED if state in ENDED_WITHOUT_VIDEO else _BLUE
