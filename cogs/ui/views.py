"""Knows how the service's messages look (Discord's Components V2); says nothing by itself.

Public messages are found again by the last line of their text: `-# <id>` ends a job's status
message, and `-# <settings> · <id>` its result. Buttons stand below, and are no text.
"""

import io
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, Final

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.buttons import Act, CardButton
from cogs.ui.text import arrival, halted, instead
from domain.catalogue import n, t
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from domain.money import MicroUSD, show_usd
from workflow.publisher import JobView, Parcel, Sight
from workflow.results.lookup import Cost
from workflow.results.rerun import next_resolution
from workflow.stages.accept import Accepted

_BLUE = discord.Colour(0x5865F2)
_GREEN = discord.Colour(0x3BA55D)
_AMBER = discord.Colour(0xF0B232)
_RED = discord.Colour(0xDA373C)
_GREY = discord.Colour(0x80848E)

_PROMPT_SHOWN = 300
_LIST_SHOWN = 3_800
"""Characters of a list; a message shows 4,000 in all."""

_WHOLE_PROMPT = 3_000
"""Characters of a prompt, made harmless, that its details show; a longer one comes as a file."""

_PROMPT_FILE = "prompt.txt"
_MOST_PICTURES = 10
_SOUNDS = (".mp3", ".wav")

_Item = ui.Item[ui.LayoutView]


def status(sight: Sight, *, bare: bool = False) -> ui.LayoutView:
    """Lay out the public status message of a job; `bare` leaves the prompt out."""
    job = sight.job
    lines = [
        f"**{text.title(job.request)}**",
        *([] if bare else [f"> {text.harmless(job.request.prompt, _PROMPT_SHOWN)}"]),
        "-# " + _for(text.settings_line(job.request), job),
    ]
    return _view(
        _box(
            _GREY if sight.deleted else _colour(job.state),
            _text("\n".join(lines)),
            *_pictures(sight),
            ui.Separator[ui.LayoutView](),
            _text(f"{_progress(sight)}\n-# {job.id}"),
        ),
        *_remedies(sight),
    )


def result(
    job: JobView, parcel: Parcel, *, bare: bool = False, private: bool = False
) -> ui.LayoutView:
    """Lay out the message that carries the video, or says what there is in its place.

    `bare` leaves the prompt out, for a channel whose word filter refused it; `private` leaves out
    the buttons that ask for another video, which direct messages are no place for.
    """
    parts: list[_Item] = []
    if parcel.video is not None:
        address, hidden = f"attachment://{job.id}.mp4", parcel.is_spoiler
        parts.append(ui.MediaGallery(discord.MediaGalleryItem(address, spoiler=hidden)))
    lines = arrival(job.user_id, parcel)
    if not bare:
        lines.append(f"> {text.harmless(job.request.prompt, _PROMPT_SHOWN)}")
    small = _joined(text.settings_line(job.request), text.took(job), job.id)
    lines.append(f"-# {small}")
    rows = [_buttons(job, *acts) for acts in _acts(job, private=private)]
    return _view(*parts, _text("\n".join(lines)), *rows)


def failure(sight: Sight) -> ui.LayoutView:
    """Lay out the reply that tells a member, late, that there will be no video."""
    job = sight.job
    content = f"<@{job.user_id}> {text.ending(sight)}\n-# {job.id} · {t('no video')}"
    return _view(_box(_colour(job.state), _text(content)), *_remedies(sight))


def details(job: JobView, cost: Cost | None, *, with_task: bool) -> ui.LayoutView:
    """Lay out the private answer that tells all of a job; the money and the task's id to some."""
    prompt = text.harmless(job.request.prompt, len(job.request.prompt))
    fits = len(prompt) <= _WHOLE_PROMPT
    task = t("task {id}", id=job.task_id) if with_task and job.task_id else None
    lines = [
        t("**{title}** for {member}", title=text.title(job.request), member=f"<@{job.user_id}>"),
        f"> {prompt if fits else t('The prompt is long: here it is as a file.')}",
        _joined(text.settings_line(job.request), text.took(job)),
        t("Asked for {when}.", when=f"<t:{job.created_at_ms // 1000}:f>"),
        *([text.cost(cost)] if cost else []),
        f"-# {_joined(job.id, task)}",
    ]
    file: list[_Item] = [] if fits else [ui.File[ui.LayoutView](f"attachment://{_PROMPT_FILE}")]
    return _view(_box(_BLUE, _text("\n".join(lines)), *file))


def whole_prompt(job: JobView) -> list[discord.File]:
    """Make the file that goes with the details of a job whose prompt is too long for a card."""
    prompt = job.request.prompt
    if len(text.harmless(prompt, len(prompt))) <= _WHOLE_PROMPT:
        return []
    return [discord.File(io.BytesIO(prompt.encode()), filename=_PROMPT_FILE)]


def question(text: str, yes: ui.Item[Any]) -> ui.LayoutView:
    """Lay out a private question, with the button that says yes."""
    return _view(_box(_BLUE, _text(text)), ui.ActionRow(yes))


def accepted(
    news: Accepted,
    cancel: ui.Item[Any],
    *more: ui.Item[Any],
    failures_cost: bool = False,
) -> ui.LayoutView:
    """Lay out the private answer to an accepted request; `cancel` is there while it helps."""
    job = news.job
    lines = [
        t("**On its way** as `{job}`.", job=job.id),
        *([text.for_you_alone()] if job.private else []),
        _held(job.price, failures_cost=failures_cost),
        text.what_is_left(news.left),
        *([halted(news.halt)] if news.halt and job.state is JobState.QUEUED else []),
    ]
    body = _box(_BLUE, _text("\n".join(lines)))
    buttons = [*([cancel] if job.state is JobState.QUEUED else []), *more]
    return _view(body, *([ui.ActionRow[ui.LayoutView](*buttons)] if buttons else []))


def refusal(rules: Sequence[str], mend: ui.Item[Any] | None = None) -> ui.LayoutView:
    """Lay out the private answer to a request that breaks rules, naming each."""
    listed = _as_many_as_fit([f"- {rule}" for rule in rules])
    head = t("**This can't be made as it is.** Nothing was charged.")
    return _view(_box(_RED, _text(f"{head}\n{listed}")), *([ui.ActionRow(mend)] if mend else []))


def note(text: str) -> ui.LayoutView:
    """Lay out one private sentence."""
    return _view(_text(text))


def _for(settings: str, job: JobView) -> str:
    return t("{settings} · for {member}", settings=settings, member=f"<@{job.user_id}>")


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _held(price: MicroUSD, *, failures_cost: bool) -> str:
    amount = show_usd(price)
    if failures_cost:
        return t("Price: **{price}**, held now and charged also if the model fails.", price=amount)
    return t("Price: **{price}**, held now and charged only if the video is made.", price=amount)


def _as_many_as_fit(lines: Sequence[str]) -> str:
    """Join whole lines, and say how many more there are than a message holds."""
    ends = accumulate(len(line) + 1 for line in lines)
    fitting = sum(end <= _LIST_SHOWN for end in ends)
    more = len(lines) - fitting
    said = n("… and {count} more.", "… and {count} more.", more)
    return "\n".join([*lines[:fitting], *([f"- {said}"] if more else [])])


def _text(content: str) -> _Item:
    return ui.TextDisplay[ui.LayoutView](content)


def _box(colour: discord.Colour, *items: _Item) -> _Item:
    return ui.Container[ui.LayoutView](*items, accent_colour=colour)


def _view(*items: _Item) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    for item in items:
        view.add_item(item)
    return view


def _pictures(sight: Sight) -> list[_Item]:
    """Lay out what the member gave: pictures and videos together, each sound by itself."""
    sounds = [address for address in sight.pictures if address.endswith(_SOUNDS)]
    shown = [address for address in sight.pictures if address not in sounds][:_MOST_PICTURES]
    hidden = sight.is_spoiler
    gallery = [discord.MediaGalleryItem(address, spoiler=hidden) for address in shown]
    return [
        *([ui.MediaGallery[ui.LayoutView](*gallery)] if gallery else []),
        *(ui.File[ui.LayoutView](address) for address in sounds),
    ]


def _acts(job: JobView, *, private: bool) -> list[list[Act]]:
    """List the rows of buttons under a finished video."""
    if private:
        return [[Act.DETAILS, Act.DELETE]]
    final = [Act.FINAL] if next_resolution(job.request) else []
    return [[Act.AGAIN, Act.EDIT, *final, Act.EXTEND], [Act.SHARE, Act.DETAILS, Act.DELETE]]


def _remedies(sight: Sight) -> list[_Item]:
    """Lay out the buttons that may help a job which ended without a video.

    One that is private is asked for again by its command, for direct messages are no place for it.
    """
    if sight.job.private:
        return [_buttons(sight.job, Act.CANCEL)] if sight.job.state is JobState.QUEUED else []
    buttons: list[ui.Item[Any]] = []
    if text.is_worth_changing(sight):
        buttons.append(CardButton(Act.EDIT, sight.job.id))
    if text.is_worth_repeating(sight):
        buttons.append(CardButton(Act.AGAIN, sight.job.id, t("Try again")))
    return [ui.ActionRow[ui.LayoutView](*buttons)] if buttons else []


def _buttons(job: JobView, *acts: Act) -> _Item:
    buttons: list[ui.Item[Any]] = [CardButton(act, job.id) for act in acts]
    return ui.ActionRow[ui.LayoutView](*buttons)


def _progress(sight: Sight) -> str:
    match sight.job.state:
        case JobState.QUEUED if sight.halt is not None:
            is_total = sight.halt.is_total
            return halted(sight.halt) if is_total else f"{_place(sight)}\n{halted(sight.halt)}"
        case JobState.QUEUED | JobState.SUBMITTING:
            return _place(sight)
        case JobState.GENERATING:
            return _expected(sight.ready_at_ms)
        case JobState.SUCCEEDED | JobState.STORED | JobState.POSTING:
            return t("📦 Made; being fetched and posted.")
        case JobState.DELIVERED:
            return t("🗑️ Made, and deleted since.") if sight.deleted else text.done(sight.job)
        case _:
            return text.ending(sight)


def _place(sight: Sight) -> str:
    if sight.place is None or sight.place <= 1:
        return t("⏳ Next in line.")
    return t("⏳ Number {place} in line.", place=sight.place)


def _expected(ready_at_ms: int | None) -> str:
    if ready_at_ms is None:
        return t("🎬 Being made.")
    return t("🎬 Being made, expected {when}.", when=f"<t:{ready_at_ms // 1000}:R>")


def _colour(state: JobState) -> discord.Colour:
    if state is JobState.DELIVERED:
        return _GREEN
    if state is JobState.CANCELLED:
        return _GREY
    if state in PARKED:
        return _AMBER
    return _RED if state in ENDED_WITHOUT_VIDEO else _BLUE


_SHOWCASE_PROMPT_SHOWN: Final = 300


def shared(job: JobView, parcel: Parcel, *, bare: bool = False) -> ui.LayoutView:
    """Lay out the post of a video; `bare` leaves the prompt out."""
    view = ui.LayoutView(timeout=None)
    if parcel.video is not None:
        address, hidden = f"attachment://{job.id}.mp4", parcel.is_spoiler
        video = discord.MediaGalleryItem(address, spoiler=hidden)
        view.add_item(ui.MediaGallery[ui.LayoutView](video))
    quoted = [] if bare else [f"> {text.harmless(job.request.prompt, _SHOWCASE_PROMPT_SHOWN)}"]
    lines = [
        *quoted,
        t("A video by {member}.", member=f"<@{job.user_id}>"),
        *instead(parcel),
        f"-# {text.settings_line(job.request)} · {mark_of(job.id)}",
    ]
    view.add_item(ui.TextDisplay[ui.LayoutView]("\n".join(lines)))
    buttons: list[ui.Item[Any]] = [CardButton(Act.DETAILS, job.id)]
    view.add_item(ui.ActionRow[ui.LayoutView](*buttons))
    return view


def mark_of(job_id: str) -> str:
    """Name what the last line of the post ends with, in any language: the post is found by it."""
    return f"shared {job_id}"
