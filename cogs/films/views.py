"""Layouts of films: the choice of videos, the progress, and the message with the film."""

from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import ui

from cogs.films.controls import FilmAction, FilmButton, VideoMenu
from cogs.ui import text
from cogs.ui.i18n import _, ngettext
from cogs.ui.layout import BLUE, LayoutItem, box, gallery, layout, row, text_block
from domain.films import MAX_PARTS, MIN_PARTS, FilmFault, FilmState, FilmView, film_seconds
from workflow.films.orders import PAGE_SIZE, Choice, KeptVideo
from workflow.publisher import ResultPayload

SHEET_FILE: Final = "videos.jpg"
_MAX_PROMPT_CHARS: Final = 80
_MAX_LABEL_CHARS: Final = 100


def render_choice(
    key: str,
    page: int,
    choice: Choice,
    chosen: Sequence[KeptVideo],
    *,
    dissolve: bool,
    has_sheet: bool,
) -> ui.LayoutView:
    """Lay out the choice of videos, and those that are chosen, in their order."""
    title = _(
        "🎞️ **New film.** Pick your videos in order, up to {count}. It's free.", count=MAX_PARTS
    )
    sheet = [discord.MediaGalleryItem(f"attachment://{SHEET_FILE}")] if has_sheet else []
    items: list[LayoutItem] = [text_block(title), *gallery(sheet)]
    if chosen:
        items.append(text_block(_format_chosen(chosen, dissolve=dissolve)))
    rows: list[LayoutItem] = []
    if len(chosen) < MAX_PARTS and choice.videos:
        rows.append(row(_menu(key, page, choice, len(chosen) + 1)))
    if page or choice.has_older:
        rows.append(
            row(
                FilmButton(FilmAction.NEWER, key, disabled=page == 0),
                FilmButton(FilmAction.OLDER, key, disabled=not choice.has_older),
            )
        )
    style = FilmAction.CUTS if dissolve else FilmAction.DISSOLVES
    rows.append(
        row(
            FilmButton(FilmAction.MAKE, key, disabled=len(chosen) < MIN_PARTS),
            FilmButton(FilmAction.UNDO, key, disabled=not chosen),
            FilmButton(style, key),
        )
    )
    return layout(box(BLUE, *items), *rows)


def render_progress(film: FilmView) -> ui.LayoutView:
    """Lay out the private answer about a film that is on its way, or what became of it."""
    lines = [format_progress(film)]
    if film.private and film.state is FilmState.JOINING:
        lines.append(text.private_notice())
    body = box(BLUE, text_block("\n".join(lines)))
    if film.state is FilmState.JOINING:
        return layout(body, row(FilmButton(FilmAction.CANCEL, film.id)))
    if film.state is FilmState.UNDELIVERABLE:
        return layout(body, row(FilmButton(FilmAction.POST_AGAIN, film.id)))
    return layout(body)


def format_progress(film: FilmView) -> str:
    """Format how far a film is, or what became of it."""
    match film.state:
        case FilmState.JOINING:
            return _("🎬 Joining your videos, {percent} % done.", percent=film.percent)
        case FilmState.POSTING:
            return _("📦 Made! Posting it now.")
        case FilmState.DELIVERED if film.private:
            return _("✅ Your film is ready. I sent it to you.")
        case FilmState.DELIVERED:
            return _("✅ Done. {link}", link=_link(film, _("Watch it")) or "")
        case FilmState.UNDELIVERABLE:
            return _("⚠️ Your film is ready, but I can't post it here or DM you.")
        case FilmState.FAILED:
            return format_fault(film.reason)
        case FilmState.CANCELLED:
            return _("🚫 **Cancelled**")
        case _:
            return _("🗑️ **Deleted**")


def format_fault(fault: FilmFault | None) -> str:
    """Format why there is no film, and what to do."""
    if fault is FilmFault.PARTS_GONE:
        return _("One of these videos is gone. Pick others with `/film`.")
    return _("I couldn't join these videos. Try others with `/film`.")


def render_film(
    film: FilmView, payload: ResultPayload, *, without_prompt: bool = False
) -> ui.LayoutView:
    """Lay out the message with a film; it shows no prompt, whether or not it is to be left out."""
    del without_prompt
    member = f"<@{film.user_id}>"
    if payload.video is not None or payload.link is not None:
        lines = [
            _("{member}, your film is ready!", member=member),
            *text.format_substitute_lines(payload),
        ]
    else:
        lines = [
            _("{member}, your film is ready, but too large for Discord.", member=member),
            _("I've kept it, and the operator of this bot can send it to you."),
        ]
    lines.append(f"-# {format_facts(film)}")
    share = [FilmAction.SHARE] if payload.can_share and not film.private else []
    actions = (*share, FilmAction.DETAILS, FilmAction.DELETE)
    buttons = row(*(FilmButton(action, film.id) for action in actions))
    return layout(*_video(film, payload), text_block("\n".join(lines)), buttons)


def render_shared(
    film: FilmView, payload: ResultPayload, *, without_prompt: bool = False
) -> ui.LayoutView:
    """Lay out the post of a film in a showcase channel; it shows no prompt anyway."""
    del without_prompt
    lines = [
        _("Made by {member}", member=f"<@{film.user_id}>"),
        *text.format_substitute_lines(payload),
        f"-# {format_facts(film)}",
    ]
    details = row(FilmButton(FilmAction.SHARED_DETAILS, film.id))
    return layout(*_video(film, payload), text_block("\n".join(lines)), details)


def render_failure(film: FilmView) -> ui.LayoutView:
    """Lay out the message to a member that there will be no film."""
    return layout(text_block(f"<@{film.user_id}> {format_fault(film.reason)}"))


def render_details(film: FilmView, videos: Sequence[KeptVideo]) -> ui.LayoutView:
    """Lay out the private answer with all of a film."""
    lines = [
        _("**{title}** for {member}", title=_("Film"), member=f"<@{film.user_id}>"),
        *([_format_list(videos)] if videos else []),
        format_facts(film),
        _("Requested {when}.", when=f"<t:{film.created_at_ms // 1000}:f>"),
        f"-# {film.id}",
    ]
    return layout(box(BLUE, text_block("\n".join(lines))))


def list_items(films: Sequence[FilmView]) -> list[LayoutItem]:
    """Lay out films for the list of a member's videos."""
    items: list[LayoutItem] = []
    for film in films:
        when = f"<t:{film.created_at_ms // 1000}:R>"
        content = f"🎞️ **{_('Film')}** · {when}\n{format_progress(film)}\n-# {format_facts(film)}"
        summary = text_block(content)
        action = {
            FilmState.JOINING: FilmAction.CANCEL,
            FilmState.UNDELIVERABLE: FilmAction.POST_AGAIN,
        }.get(film.state)
        items.append(
            summary
            if action is None
            else ui.Section[Any](summary, accessory=FilmButton(action, film.id))
        )
    return [box(BLUE, *items)] if items else []


def format_facts(film: FilmView) -> str:
    """Format of how many videos a film is, and about how long."""
    count = len(film.parts)
    videos = ngettext("{count} video", "{count} videos", count)
    return f"{videos} · {_format_length(film.seconds)}"


def _menu(key: str, page: int, choice: Choice, number: int) -> VideoMenu:
    options = [
        discord.SelectOption(
            label=_label(page * PAGE_SIZE + index, video),
            value=video.id,
            description=text.format_settings(video.request)[:_MAX_LABEL_CHARS],
        )
        for index, video in enumerate(choice.videos, 1)
    ]
    return VideoMenu(key, _("Add video {number}", number=number), options)


def _label(number: int, video: KeptVideo) -> str:
    prompt = " ".join(video.request.prompt.split())
    label = f"{number}. {prompt}"
    return label if len(label) <= _MAX_LABEL_CHARS else f"{label[: _MAX_LABEL_CHARS - 1]}…"


def _format_chosen(chosen: Sequence[KeptVideo], *, dissolve: bool) -> str:
    total = film_seconds((video.request.seconds for video in chosen), dissolve=dissolve)
    videos = ngettext("{count} video", "{count} videos", len(chosen))
    lines = [_format_list(chosen), f"{videos} · {_format_length(total)}"]
    if any(video.private for video in chosen):
        lines.append(_("One of them is private, so your film will be private too."))
    return "\n".join(lines)


def _format_list(videos: Sequence[KeptVideo]) -> str:
    return "\n".join(
        f"{number}. {text.sanitize(video.request.prompt, _MAX_PROMPT_CHARS)} · "
        + _("{seconds} s", seconds=video.request.seconds)
        for number, video in enumerate(videos, 1)
    )


def _format_length(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"


def _link(film: FilmView, label: str) -> str | None:
    if film.message_id is None:
        return None
    place = f"{film.guild_id}/{film.destination_channel_id}/{film.message_id}"
    return f"[{label}](https://discord.com/channels/{place})"


def _video(film: FilmView, payload: ResultPayload) -> list[LayoutItem]:
    if payload.video is None:
        return []
    url = f"attachment://{film.id}.mp4"
    return gallery([discord.MediaGalleryItem(url, spoiler=payload.is_spoiler)])
