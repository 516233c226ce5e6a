"""Knows how the service's messages look (Discord's Components V2); says nothing by itself.

Public messages are found again by the last line of their text: `-# <id>` ends a job's status
message, and `-# <settings> · <id>` its result. Buttons stand below, and are no text.
"""

import io
from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import ui

from cogs.ui import text
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _, format_usd
from cogs.ui.layout import BLUE, LayoutItem, box, fitting_lines, layout, text_block
from cogs.ui.text import format_ready_lines, format_submission_block, format_substitute_lines
from cogs.ui.violations import format_violation
from domain.job_view import JobView
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from domain.money import MicroUSD
from domain.violations import Violation
from workflow.publisher import ResultPayload, StatusView
from workflow.results.lookup import JobCost
from workflow.results.rerun import next_higher_resolution
from workflow.stages.accept import Accepted

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


def render_status(status: StatusView, *, without_prompt: bool = False) -> ui.LayoutView:
    """Lay out the public status message of a job; `without_prompt` leaves the prompt out."""
    job = status.job
    lines = [
        f"**{text.format_title(job.request)}**",
        *([] if without_prompt else [f"> {text.sanitize(job.request.prompt, _PROMPT_SHOWN)}"]),
        "-# " + _for(text.format_settings(job.request), job),
    ]
    return layout(
        box(
            _GREY if status.deleted else _colour(job.state),
            text_block("\n".join(lines)),
            *_pictures(status),
            ui.Separator[ui.LayoutView](),
            text_block(f"{_progress(status)}\n-# {job.id}"),
        ),
        *_remedies(status),
    )


def render_result(
    job: JobView, payload: ResultPayload, *, without_prompt: bool = False, private: bool = False
) -> ui.LayoutView:
    """Lay out the message that carries the video, or says what there is in its place.

    `without_prompt` is for a channel whose word filter refused it; `private` leaves out
    the buttons that ask for another video, which direct messages are no place for.
    """
    parts: list[LayoutItem] = []
    if payload.video is not None:
        address, hidden = f"attachment://{job.id}.mp4", payload.is_spoiler
        parts.append(ui.MediaGallery(discord.MediaGalleryItem(address, spoiler=hidden)))
    lines = format_ready_lines(job.user_id, payload)
    if not without_prompt:
        lines.append(f"> {text.sanitize(job.request.prompt, _PROMPT_SHOWN)}")
    small = _joined(text.format_settings(job.request), text.format_elapsed(job), job.id)
    lines.append(f"-# {small}")
    rows = [_buttons(job, *acts) for acts in _action_rows(job, private=private)]
    return layout(*parts, text_block("\n".join(lines)), *rows)


def render_failure(status: StatusView) -> ui.LayoutView:
    """Lay out the reply that tells a member, late, that there will be no video."""
    job = status.job
    content = f"<@{job.user_id}> {text.format_outcome(status)}\n-# {job.id} · {_('no video')}"
    return layout(box(_colour(job.state), text_block(content)), *_remedies(status))


def render_details(job: JobView, cost: JobCost | None, *, show_task_id: bool) -> ui.LayoutView:
    """Lay out the private answer that tells all of a job; the money and the task's id to some."""
    prompt = text.sanitize(job.request.prompt, len(job.request.prompt))
    fits = len(prompt) <= _WHOLE_PROMPT
    task = _("task {id}", id=job.task_id) if show_task_id and job.task_id else None
    lines = [
        _(
            "**{title}** for {member}",
            title=text.format_title(job.request),
            member=f"<@{job.user_id}>",
        ),
        f"> {prompt if fits else _('The prompt is long: here it is as a file.')}",
        _joined(text.format_settings(job.request), text.format_elapsed(job)),
        _("Asked for {when}.", when=f"<t:{job.created_at_ms // 1000}:f>"),
        *([text.format_cost(cost)] if cost else []),
        f"-# {_joined(job.id, task)}",
    ]
    file: list[LayoutItem] = (
        [] if fits else [ui.File[ui.LayoutView](f"attachment://{_PROMPT_FILE}")]
    )
    return layout(box(BLUE, text_block("\n".join(lines)), *file))


def prompt_files(job: JobView) -> list[discord.File]:
    """Make the file that goes with the details of a job whose prompt is too long for a card."""
    prompt = job.request.prompt
    if len(text.sanitize(prompt, len(prompt))) <= _WHOLE_PROMPT:
        return []
    return [discord.File(io.BytesIO(prompt.encode()), filename=_PROMPT_FILE)]


def render_question(text: str, confirm_button: ui.Item[Any]) -> ui.LayoutView:
    """Lay out a private question, with the button that says yes."""
    return layout(box(BLUE, text_block(text)), ui.ActionRow(confirm_button))


def render_accepted(
    accepted: Accepted,
    cancel_button: ui.Item[Any],
    *more_buttons: ui.Item[Any],
    charge_failures: bool = False,
) -> ui.LayoutView:
    """Lay out the private answer to an accepted request; `cancel` is there while it helps."""
    job = accepted.job
    lines = [
        _("**On its way** as `{job}`.", job=job.id),
        *([text.private_notice()] if job.private else []),
        _held(job.price, failures_cost=charge_failures),
        text.format_remaining_quota(accepted.remaining),
        *(
            [format_submission_block(accepted.submission_block)]
            if accepted.submission_block and job.state is JobState.QUEUED
            else []
        ),
    ]
    body = box(BLUE, text_block("\n".join(lines)))
    buttons = [*([cancel_button] if job.state is JobState.QUEUED else []), *more_buttons]
    return layout(body, *([ui.ActionRow[ui.LayoutView](*buttons)] if buttons else []))


def render_refusal(
    violations: Sequence[Violation], retry_button: ui.Item[Any] | None = None
) -> ui.LayoutView:
    """Lay out the private answer to a request that breaks rules, naming each."""
    listed = _as_many_as_fit([f"- {format_violation(violation)}" for violation in violations])
    head = _("**This can't be made as it is.** Nothing was charged.")
    return layout(
        box(_RED, text_block(f"{head}\n{listed}")),
        *([ui.ActionRow(retry_button)] if retry_button else []),
    )


def render_text(text: str) -> ui.LayoutView:
    """Lay out one private sentence."""
    return layout(text_block(text))


def _for(settings: str, job: JobView) -> str:
    return _("{settings} · for {member}", settings=settings, member=f"<@{job.user_id}>")


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _held(price: MicroUSD, *, failures_cost: bool) -> str:
    amount = format_usd(price)
    if failures_cost:
        return _("Price: **{price}**, held now and charged also if the model fails.", price=amount)
    return _("Price: **{price}**, held now and charged only if the video is made.", price=amount)


def _as_many_as_fit(lines: Sequence[str]) -> str:
    """Join whole lines, and say how many more there are than a message holds."""
    return "\n".join(fitting_lines(lines, _LIST_SHOWN))


def _pictures(sight: StatusView) -> list[LayoutItem]:
    """Lay out what the member gave: pictures and videos together, each sound by itself."""
    sounds = [address for address in sight.preview_urls if address.endswith(_SOUNDS)]
    shown = [address for address in sight.preview_urls if address not in sounds][:_MOST_PICTURES]
    hidden = sight.is_spoiler
    gallery = [discord.MediaGalleryItem(address, spoiler=hidden) for address in shown]
    return [
        *([ui.MediaGallery[ui.LayoutView](*gallery)] if gallery else []),
        *(ui.File[ui.LayoutView](address) for address in sounds),
    ]


def _action_rows(job: JobView, *, private: bool) -> list[list[ButtonAction]]:
    """List the rows of buttons under a finished video."""
    if private:
        return [[ButtonAction.DETAILS, ButtonAction.DELETE]]
    final = [ButtonAction.MAKE_FINAL] if next_higher_resolution(job.request) else []
    return [
        [ButtonAction.RERUN, ButtonAction.EDIT, *final, ButtonAction.EXTEND],
        [ButtonAction.SHARE, ButtonAction.DETAILS, ButtonAction.DELETE],
    ]


def _remedies(sight: StatusView) -> list[LayoutItem]:
    """Lay out the buttons that may help a job which ended without a video.

    One that is private is asked for again by its command, for direct messages are no place for it.
    """
    if sight.job.private:
        return (
            [_buttons(sight.job, ButtonAction.CANCEL)] if sight.job.state is JobState.QUEUED else []
        )
    buttons: list[ui.Item[Any]] = []
    if text.is_worth_editing(sight):
        buttons.append(ActionButton(ButtonAction.EDIT, sight.job.id))
    if text.is_worth_repeating(sight):
        buttons.append(ActionButton(ButtonAction.RERUN, sight.job.id, _("Try again")))
    return [ui.ActionRow[ui.LayoutView](*buttons)] if buttons else []


def _buttons(job: JobView, *acts: ButtonAction) -> LayoutItem:
    buttons: list[ui.Item[Any]] = [ActionButton(act, job.id) for act in acts]
    return ui.ActionRow[ui.LayoutView](*buttons)


def _progress(sight: StatusView) -> str:
    match sight.job.state:
        case JobState.QUEUED if sight.submission_block is not None:
            is_total = sight.submission_block.is_total
            return (
                format_submission_block(sight.submission_block)
                if is_total
                else f"{_format_position(sight)}\n{format_submission_block(sight.submission_block)}"
            )
        case JobState.QUEUED | JobState.SUBMITTING:
            return _format_position(sight)
        case JobState.GENERATING:
            return _expected(sight.ready_at_ms)
        case JobState.SUCCEEDED | JobState.STORED | JobState.POSTING:
            return _("📦 Made; being fetched and posted.")
        case JobState.DELIVERED:
            return (
                _("🗑️ Made, and deleted since.")
                if sight.deleted
                else text.format_delivered(sight.job)
            )
        case _:
            return text.format_outcome(sight)


def _format_position(sight: StatusView) -> str:
    if sight.queue_position is None or sight.queue_position <= 1:
        return _("⏳ Next in line.")
    return _("⏳ Number {place} in line.", place=sight.queue_position)


def _expected(ready_at_ms: int | None) -> str:
    if ready_at_ms is None:
        return _("🎬 Being made.")
    return _("🎬 Being made, expected {when}.", when=f"<t:{ready_at_ms // 1000}:R>")


def _colour(state: JobState) -> discord.Colour:
    if state is JobState.DELIVERED:
        return _GREEN
    if state is JobState.CANCELLED:
        return _GREY
    if state in PARKED:
        return _AMBER
    return _RED if state in ENDED_WITHOUT_VIDEO else BLUE


_SHOWCASE_PROMPT_SHOWN: Final = 300


def render_showcase(
    job: JobView, payload: ResultPayload, *, without_prompt: bool = False
) -> ui.LayoutView:
    """Lay out the post of a video; `without_prompt` leaves the prompt out."""
    view = ui.LayoutView(timeout=None)
    if payload.video is not None:
        address, hidden = f"attachment://{job.id}.mp4", payload.is_spoiler
        video = discord.MediaGalleryItem(address, spoiler=hidden)
        view.add_item(ui.MediaGallery[ui.LayoutView](video))
    quoted = (
        [] if without_prompt else [f"> {text.sanitize(job.request.prompt, _SHOWCASE_PROMPT_SHOWN)}"]
    )
    lines = [
        *quoted,
        _("A video by {member}.", member=f"<@{job.user_id}>"),
        *format_substitute_lines(payload),
        f"-# {text.format_settings(job.request)} · {showcase_signature(job.id)}",
    ]
    view.add_item(ui.TextDisplay[ui.LayoutView]("\n".join(lines)))
    buttons: list[ui.Item[Any]] = [ActionButton(ButtonAction.DETAILS, job.id)]
    view.add_item(ui.ActionRow[ui.LayoutView](*buttons))
    return view


def showcase_signature(job_id: str) -> str:
    """Name what the last line of the post ends with, in any language: the post is found by it."""
    return f"shared {job_id}"
