"""Layout of the message with the takes of one request."""

from typing import Final

import discord

from cogs.ui import takes_text, text
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _, ngettext
from cogs.ui.layout import LayoutItem, gallery, layout, row, text_block
from cogs.ui.post_marks import marked_button
from cogs.ui.views import credit_items, render_result
from domain.job_view import JobView
from domain.jobs import JobState
from workflow.publisher import MessageKind, ResultPayload, TakesPost
from workflow.results.rerun import next_higher_resolution

_MAX_PROMPT_CHARS: Final = 300


def render_takes(
    post: TakesPost, *, without_prompt: bool = False, private: bool = False
) -> discord.ui.LayoutView:
    """Lay out the message with takes: their videos, why there are no more, buttons for each.

    `without_prompt` is for a channel whose word filter refused it; `private` leaves out the buttons
    that ask for another video.
    """
    missing = takes_text.format_without_video(
        [take for take in post.without_video if not _is_known(take.job)]
    )
    if len(post.takes) == 1:
        job, payload = post.takes[0]
        return render_result(
            job, payload, without_prompt=without_prompt, private=private, more_lines=missing
        )
    lines = [_headline(post)]
    if not without_prompt:
        lines.append(text.quote(post.job.request.prompt, _MAX_PROMPT_CHARS))
    numbered = [(job.order_index or 0, payload) for job, payload in post.takes]
    lines += [*takes_text.format_substitutes(numbered), *missing]
    small = [text.format_settings(post.job.request, is_made=True), text.format_elapsed(post.job)]
    lines.append(f"-# {' · '.join(filter(None, small))}")
    per_take = [
        item for job, payload in post.takes for item in _take_items(job, payload, private=private)
    ]
    last_row = row(*_shared_buttons(post, private=private))
    credit = credit_items(post.takes[0][1])
    return layout(*_gallery(post), text_block("\n".join(lines)), *credit, *per_take, last_row)


def _is_known(job: JobView) -> bool:
    return job.state is JobState.CANCELLED and job.fail_code is None


def _headline(post: TakesPost) -> str:
    member = f"<@{post.job.user_id}>"
    return ngettext(
        "{member}, your {count} video is ready!",
        "{member}, your {count} videos are ready!",
        len(post.takes),
        member=member,
    )


def _gallery(post: TakesPost) -> list[LayoutItem]:
    return gallery(
        discord.MediaGalleryItem(
            f"attachment://{job.id}.mp4",
            description=format_number_of_take(job),
            spoiler=payload.is_spoiler,
        )
        for job, payload in post.takes
        if payload.video is not None
    )


def format_number_of_take(job: JobView) -> str:
    """Format which take of its request a job is."""
    return _("Take {number}", number=job.order_index)


def _take_items(job: JobView, payload: ResultPayload, *, private: bool) -> list[LayoutItem]:
    share = [ButtonAction.SHARE] if payload.can_share else []
    others = [] if private else [ButtonAction.RERUN, ButtonAction.EXTEND, *share]
    buttons = (
        *(ActionButton(action, job.id) for action in others),
        marked_button(job.id, MessageKind.RESULT),
        ActionButton(ButtonAction.DELETE, job.id),
    )
    return [text_block(f"**{format_number_of_take(job)}**"), row(*buttons)]


def _shared_buttons(post: TakesPost, *, private: bool) -> list[ActionButton]:
    """Return the buttons that are about what the takes have in common, and about all of them."""
    job = post.job
    final = [ButtonAction.MAKE_FINAL] if next_higher_resolution(job.request) else []
    shared = [] if private else [ButtonAction.EDIT, *final]
    return [
        *(ActionButton(action, job.id) for action in shared),
        ActionButton(ButtonAction.DELETE, post.order_id, _("Delete all")),
    ]
