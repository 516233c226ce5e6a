"""Knows how a video looks in a server's showcase channel.

Its last line, `-# <settings> · shared <id>`, tells it from the result, which may be there too.
"""

from typing import Any, Final

import discord
from discord import ui

from cogs import words
from cogs.buttons import Act, CardButton
from cogs.parcels import instead
from domain.catalogue import t
from workflow.publishing import JobView, Parcel

_PROMPT_SHOWN: Final = 300


def shared(job: JobView, parcel: Parcel, *, bare: bool = False) -> ui.LayoutView:
    """Lay out the post of a video; `bare` leaves the prompt out."""
    view = ui.LayoutView(timeout=None)
    if parcel.video is not None:
        address, hidden = f"attachment://{job.id}.mp4", parcel.is_spoiler
        video = discord.MediaGalleryItem(address, spoiler=hidden)
        view.add_item(ui.MediaGallery[ui.LayoutView](video))
    quoted = [] if bare else [f"> {words.harmless(job.request.prompt, _PROMPT_SHOWN)}"]
    lines = [
        *quoted,
        t("A video by {member}.", member=f"<@{job.user_id}>"),
        *instead(parcel),
        f"-# {words.settings_line(job.request)} · {mark_of(job.id)}",
    ]
    view.add_item(ui.TextDisplay[ui.LayoutView]("\n".join(lines)))
    buttons: list[ui.Item[Any]] = [CardButton(Act.DETAILS, job.id)]
    view.add_item(ui.ActionRow[ui.LayoutView](*buttons))
    return view


def mark_of(job_id: str) -> str:
    """Name what the last line of the post ends with, in any language: the post is found by it."""
    return f"shared {job_id}"
