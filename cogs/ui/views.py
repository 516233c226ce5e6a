"""Layouts of the service's messages (Discord's Components V2).

A post about a job is found again by its *Details* button, see `cogs.ui.post_marks`.
"""

import io
from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import ui

from cogs.ui import takes_text, text
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _, format_number, format_price, ngettext
from cogs.ui.layout import (
    BLUE,
    LayoutItem,
    box,
    fitting_lines,
    gallery,
    layout,
    optional_row,
    row,
    text_block,
)
from cogs.ui.post_marks import carrier_mark, marked_button
from cogs.ui.quota_text import format_own_crossing, format_remaining_quota
from cogs.ui.shot_buttons import ShotAction, ShotButton
from cogs.ui.text import format_ready_lines, format_submission_block, format_substitute_lines
from cogs.ui.violations import format_violation
from domain.job_view import JobAmounts, JobView
from domain.jobs import ENDED_WITHOUT_VIDEO, PARKED, JobState
from domain.money import MicroUSD
from domain.orders import is_told
from domain.requests import Conversion
from domain.storyboard_steps import ShotState, shot_state
from domain.violations import Violation
from workflow.publisher import MessageKind, ResultPayload, StatusView
from workflow.results.rerun import next_higher_resolution
from workflow.stages.accept import Accepted

_AMBER = discord.Colour(0xF0B232)
_RED = discord.Colour(0xDA373C)
_GREY = discord.Colour(0x80848E)

_MAX_PROMPT_CHARS = 300
_MAX_LIST_CHARS = 3_800
"""Characters of a list; a message shows 4,000 in all."""

_MAX_DETAILS_PROMPT_CHARS = 3_000
"""Characters of an escaped prompt that its details show; a longer one comes as a file."""

_PROMPT_FILE = "prompt.txt"
_MAX_PICTURES = 10
_BAR_CELLS: Final = 12
CREDIT_ID: Final = 900
"""The id of the component with the credit of a remix."""

_SOUNDS = (".mp3", ".wav")


def render_status(status: StatusView, *, without_prompt: bool = False) -> ui.LayoutView:
    """Lay out the public status message of a job; `without_prompt` leaves the prompt out."""
    job = status.job
    if status.is_concluded:
        return _render_delivered(status)
    lines = [
        f"**{format_title(status)}**",
        *([] if without_prompt else [text.quote(job.request.prompt, _MAX_PROMPT_CHARS)]),
        "-# " + _for(text.format_settings(job.request), job),
    ]
    return layout(
        box(
            message_colour(status),
            text_block("\n".join(lines)),
            *_pictures(status),
            ui.Separator[ui.LayoutView](),
            text_block("\n".join([*_progress_lines(status), *_shot_lines(status)])),
        ),
        _remedies(status, MessageKind.STATUS),
    )


def format_title(status: StatusView) -> str:
    """Format what is being made, how many takes of it, and of a shot which one of how many."""
    title = text.format_title(status.job.request)
    if status.takes:
        return _("{title}, {count} takes", title=title, count=len(status.takes))
    return title if status.shot is None else f"{text.format_shot(status.shot)} · {title}"


def _progress_lines(status: StatusView) -> list[str]:
    return [line for line in (format_progress(status), _bar(status)) if line]


def _is_decided_by_member(status: StatusView) -> bool:
    """Return whether a storyboard waits for a decision about this shot."""
    state = shot_state(status.job, is_skipped=False)
    return status.shot is not None and status.shot.is_open and state is ShotState.FAILED


def _shot_lines(status: StatusView) -> list[str]:
    """Return the line about the other shots of a storyboard that waits for a decision."""
    if not _is_decided_by_member(status):
        return []
    if status.job.private:
        return [_("The other shots wait for a day. Skip this one to go on.")]
    return [_("The other shots wait for a day. Try this one again, or skip it.")]


def _render_delivered(status: StatusView) -> ui.LayoutView:
    """Lay out what is left of a status message that could not go with the result."""
    results = [take for take in status.takes if take.has_result] or [status]
    is_deleted = all(result.deleted for result in results)
    line = _("🗑️ Deleted.") if is_deleted else text.format_delivered(results[0].job)
    return _one_line(line, status.job, MessageKind.STATUS)


def message_colour(status: StatusView) -> discord.Colour:
    """Return the colour of the edge around a job, or around takes."""
    is_any = any(map(takes_text.is_running, status.takes)) or takes_text.count_ready(status)
    return BLUE if is_any else state_colour(status.job.state)


def _one_line(line: str, job: JobView, kind: MessageKind) -> ui.LayoutView:
    return layout(ui.Section[Any](text_block(line), accessory=marked_button(job.id, kind)))


def render_carrier(status: StatusView, part: int) -> ui.LayoutView:
    """Lay out a message with files of a running job that its status message cannot carry."""
    job = status.job
    member = f"<@{job.user_id}>"
    line = _(
        "More files from {member} for the model. I'll delete this message afterwards.",
        member=member,
    )
    button = marked_button(job.id, carrier_mark(part))
    return layout(text_block(line), *_pictures(status), row(button))


def render_result(
    job: JobView,
    payload: ResultPayload,
    *,
    without_prompt: bool = False,
    private: bool = False,
    more_lines: Sequence[str] = (),
) -> ui.LayoutView:
    """Lay out the message with the video, or with what there is in its place, and `more_lines`.

    `without_prompt` is for a channel whose word filter refused it; `private` leaves out the buttons
    that ask for another video, which direct messages do not offer.
    """
    lines = _head_lines(job, payload)
    if not without_prompt:
        lines.append(text.quote(job.request.prompt, _MAX_PROMPT_CHARS))
    settings = text.format_settings(job.request, is_made=True)
    small = _joined(settings, text.format_elapsed(job))
    lines += [*more_lines, f"-# {small}"]
    rows = [
        _buttons(job, MessageKind.RESULT, *actions)
        for actions in _action_rows(job, payload, private=private)
    ]
    text_items = [text_block("\n".join(lines)), *credit_items(payload)]
    return layout(*_video(job, payload), *text_items, *rows)


def credit_items(payload: ResultPayload) -> list[LayoutItem]:
    """Lay out whose video it is a remix of, in an item of its own: it may have to go later."""
    if payload.origin is None:
        return []
    return [ui.TextDisplay[Any](f"-# {text.format_credit(payload.origin)}", id=CREDIT_ID)]


def _head_lines(job: JobView, payload: ResultPayload) -> list[str]:
    """Return the lines that head a result: a shot's mention nobody."""
    if payload.shot is None or (payload.video is None and payload.link is None):
        return format_ready_lines(job.user_id, payload)
    title = f"🎞️ **{text.format_shot(payload.shot)}**"
    return [title, *format_substitute_lines(payload)]


def render_failure(status: StatusView, *, tells_why: bool) -> ui.LayoutView:
    """Lay out the reply that pings a member without a video; its status message may say why."""
    job = status.job
    if not tells_why:
        return _one_line(_format_ping(status), job, MessageKind.FAILURE)
    content = f"<@{job.user_id}> {format_progress(status)}"
    return layout(
        box(message_colour(status), text_block(content)), _remedies(status, MessageKind.FAILURE)
    )


def _format_ping(status: StatusView) -> str:
    """Format the call to a member; of takes, the first that its message says something of."""
    if status.takes and not any(take.has_result for take in status.takes):
        return _("{member}, none of your takes worked out.", member=f"<@{status.job.user_id}>")
    ended = [take for take in status.takes if not (take.has_result or is_told(take.job))]
    return text.format_ping((ended or [status])[0].job)


def render_details(
    job: JobView, cost: JobAmounts | None, origin: JobView | None, *, show_task_id: bool
) -> ui.LayoutView:
    """Lay out the private answer with all of a job; money and task id for some users only."""
    prompt, is_made = _whole(job.request.prompt), job.state is JobState.DELIVERED
    fits = len(prompt) <= _MAX_DETAILS_PROMPT_CHARS
    task = _("task {id}", id=job.task_id) if show_task_id and job.task_id else None
    lines = [
        _(
            "**{title}** for {member}",
            title=text.format_title(job.request),
            member=f"<@{job.user_id}>",
        ),
        prompt if fits else f"> {_('The prompt is in the file below.')}",
        _joined(text.format_settings(job.request, is_made=is_made), text.format_elapsed(job)),
        *([text.format_credit(origin)] if origin else []),
        _("Requested {when}.", when=f"<t:{job.created_at_ms // 1000}:f>"),
        *([text.format_cost(cost)] if cost else []),
        f"-# {_joined(job.id, task)}",
    ]
    file: list[LayoutItem] = (
        [] if fits else [ui.File[ui.LayoutView](f"attachment://{_PROMPT_FILE}")]
    )
    return layout(box(BLUE, text_block("\n".join(lines)), *file))


def prompt_files(job: JobView) -> list[discord.File]:
    """Return the file for the details of a job whose prompt is too long for a view."""
    prompt = job.request.prompt
    if len(_whole(prompt)) <= _MAX_DETAILS_PROMPT_CHARS:
        return []
    return [discord.File(io.BytesIO(prompt.encode()), filename=_PROMPT_FILE)]


def _whole(prompt: str) -> str:
    """Quote the whole of a prompt."""
    return text.quote(prompt, 4 * len(prompt) + 1)


def render_question(text: str, confirm_button: ui.Item[Any]) -> ui.LayoutView:
    """Lay out a private question with the button that confirms it."""
    return layout(box(BLUE, text_block(text)), row(confirm_button))


def render_accepted(
    accepted: Accepted,
    cancel_button: ui.Item[Any],
    *more_buttons: ui.Item[Any],
    charge_failures: bool = False,
    conversions: Sequence[Conversion] = (),
) -> ui.LayoutView:
    """Lay out the private answer to an accepted request; cancelling is offered while queued."""
    job = accepted.job
    lines = [
        accepted_line(len(accepted.jobs)),
        *([text.private_notice()] if job.private else []),
        _held(accepted.price, charge_failures=charge_failures),
        format_remaining_quota(accepted.remaining),
        *map(format_own_crossing, accepted.crossings),
        *map(format_conversion, conversions),
        *(
            [format_submission_block(accepted.submission_block)]
            if accepted.submission_block and job.state is JobState.QUEUED
            else []
        ),
    ]
    body = box(BLUE, text_block("\n".join(lines)))
    buttons = [*([cancel_button] if job.state is JobState.QUEUED else []), *more_buttons]
    return layout(body, row(*buttons, ActionButton(ButtonAction.DETAILS, job.id)))


def accepted_line(count: int = 1) -> str:
    """Return the line that heads the private answer until its jobs end."""
    if count == 1:
        return _("Got it! Your video is on its way.")
    return ngettext(
        "Got it! Your {count} video is on its way.",
        "Got it! Your {count} videos are on their way.",
        count,
    )


def format_conversion(conversion: Conversion) -> str:
    """Format what was done to a member's file for the model."""
    if conversion.is_first_frame:
        return _("{name} is animated, so I used its first frame.", name=conversion.name)
    seconds = format_number((conversion.length_ms or 0) / 1000, decimals=3)
    return _(
        "I converted {name} for the model: {seconds} s.", name=conversion.name, seconds=seconds
    )


def render_refusal(violations: Sequence[Violation], *buttons: ui.Item[Any] | None) -> ui.LayoutView:
    """Lay out the private answer to a request that breaks rules, naming each."""
    lines = _join_fitting([f"- {format_violation(violation)}" for violation in violations])
    head = _("**I can't make this yet:**")
    return layout(
        box(_RED, text_block(f"{head}\n{lines}")),
        *optional_row(*buttons),
    )


def render_text(text: str) -> ui.LayoutView:
    """Lay out one private sentence."""
    return layout(text_block(text))


def _for(settings: str, job: JobView) -> str:
    return _("{settings} · for {member}", settings=settings, member=f"<@{job.user_id}>")


def _joined(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)


def _held(price: MicroUSD, *, charge_failures: bool) -> str:
    amount = format_price(price)
    if charge_failures:
        return _("Costs **{price}**. You also pay if it fails.", price=amount)
    return _("Costs **{price}**. You only pay if it works.", price=amount)


def _join_fitting(lines: Sequence[str]) -> str:
    """Join whole lines, and count those that a message has no room for."""
    return "\n".join(fitting_lines(lines, _MAX_LIST_CHARS))


def _pictures(status: StatusView) -> list[LayoutItem]:
    """Lay out what the member gave: pictures and videos together, each sound by itself."""
    sounds = [url for url in status.preview_urls if url.endswith(_SOUNDS)]
    visuals = [url for url in status.preview_urls if url not in sounds][:_MAX_PICTURES]
    is_spoiler = status.is_spoiler
    items = (discord.MediaGalleryItem(url, spoiler=is_spoiler) for url in visuals)
    return [
        *gallery(items),
        *(ui.File[ui.LayoutView](url) for url in sounds),
    ]


def _action_rows(
    job: JobView, payload: ResultPayload, *, private: bool
) -> list[list[ButtonAction]]:
    """Return the rows of buttons under a finished video."""
    if private:
        return [[ButtonAction.DETAILS, ButtonAction.DELETE]]
    final = [ButtonAction.MAKE_FINAL] if next_higher_resolution(job.request) else []
    share = [ButtonAction.SHARE] if payload.can_share else []
    return [
        [ButtonAction.RERUN, ButtonAction.EDIT, *final, ButtonAction.EXTEND],
        [*share, ButtonAction.DETAILS, ButtonAction.DELETE],
    ]


def _remedies(status: StatusView, kind: MessageKind) -> LayoutItem:
    """Lay out the buttons that may help a job that ended without a video, and *Details*.

    A private job has only *Cancel*, or *Skip*: direct messages do not offer another video.
    """
    job = status.job
    buttons: list[ui.Item[Any]] = []
    if _is_decided_by_member(status):
        actions = [ShotAction.SKIP] if job.private else [*ShotAction]
        buttons += [ShotButton(action, job.id) for action in actions]
    elif job.private:
        if any(one.state is JobState.QUEUED for one in status.jobs):
            buttons.append(ActionButton(ButtonAction.CANCEL, status.subject))
    else:
        buttons += remedy_buttons(status)
    return row(*buttons, marked_button(job.id, kind))


def remedy_buttons(status: StatusView) -> list[ui.Item[Any]]:
    """Return the buttons to change or repeat what has no video; of takes, once all ended."""
    if any(map(takes_text.is_running, status.takes)):
        return []
    ended = [take for take in status.takes if not take.has_result] or [status]
    editable = next(filter(text.is_worth_editing, ended), None)
    repeatable = next(filter(text.is_worth_repeating, ended), None)
    edit = [ActionButton(ButtonAction.EDIT, editable.job.id)] if editable else []
    if repeatable is None:
        return [*edit]
    return [*edit, ActionButton(ButtonAction.RERUN, repeatable.job.id, _("Try again"))]


def _buttons(job: JobView, kind: MessageKind, *actions: ButtonAction) -> LayoutItem:
    return row(
        *(
            marked_button(job.id, kind)
            if action is ButtonAction.DETAILS
            else ActionButton(action, job.id)
            for action in actions
        )
    )


def format_progress(status: StatusView) -> str:
    """Format how far a job without a result is, or why there is none; takes are counted."""
    if status.takes:
        return takes_text.format_takes(status, format_progress)
    match status.job.state:
        case JobState.QUEUED if status.submission_block is not None:
            block = format_submission_block(status.submission_block)
            is_total = status.submission_block.is_total
            return block if is_total else f"{_format_position(status)}\n{block}"
        case JobState.QUEUED | JobState.SUBMITTING:
            return _format_position(status)
        case JobState.GENERATING:
            return _expected(status)
        case JobState.SUCCEEDED | JobState.STORED | JobState.POSTING:
            return _("📦 Made! Posting it now.")
        case _:
            return text.format_outcome(status)


def _format_position(status: StatusView) -> str:
    if status.queue_position is None or status.queue_position <= 1:
        return _("⏳ You're next.")
    return _("⏳ Number {place} in line.", place=text.format_place(status.queue_position))


def _expected(status: StatusView) -> str:
    if status.ready_at_ms is None:
        return _("🎬 Making your video.")
    if status.is_late:
        return _("🎬 Making your video. Almost there, taking a bit longer than usual.")
    return _("🎬 Making your video, ready {when}.", when=f"<t:{status.ready_at_ms // 1000}:R>")


def _bar(status: StatusView) -> str | None:
    """Draw how much of the expected time is over; None where the message says enough."""
    if status.job.state is not JobState.GENERATING or status.ready_at_ms is None or status.is_late:
        return None
    filled = int(status.share_done * _BAR_CELLS)
    return "▰" * filled + "▱" * (_BAR_CELLS - filled)


def state_colour(state: JobState) -> discord.Colour:
    """Return the colour of a job's edge in a state."""
    if state is JobState.CANCELLED:
        return _GREY
    if state in PARKED:
        return _AMBER
    return _RED if state in ENDED_WITHOUT_VIDEO else BLUE


_MAX_SHOWCASE_PROMPT_CHARS: Final = 300


def render_showcase(
    job: JobView, payload: ResultPayload, *, without_prompt: bool = False
) -> ui.LayoutView:
    """Lay out the post of a video; `without_prompt` leaves the prompt out."""
    quoted = [] if without_prompt else [text.quote(job.request.prompt, _MAX_SHOWCASE_PROMPT_CHARS)]
    lines = [
        *quoted,
        _("Made by {member}", member=f"<@{job.user_id}>"),
        *format_substitute_lines(payload),
        f"-# {text.format_settings(job.request, is_made=True)}",
    ]
    details = marked_button(job.id, MessageKind.SHARED)
    text_items = [text_block("\n".join(lines)), *credit_items(payload)]
    return layout(*_video(job, payload), *text_items, row(details))


def _video(job: JobView, payload: ResultPayload) -> list[LayoutItem]:
    """Lay out the attached video, if the message carries one."""
    if payload.video is None:
        return []
    url = f"attachment://{job.id}.mp4"
    return gallery([discord.MediaGalleryItem(url, spoiler=payload.is_spoiler)])
