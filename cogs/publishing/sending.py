"""Sends a video of a job, once, and without the prompt where a filter refuses it."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import discord
from discord import ui

from cogs import cards
from cogs.publishing.errors import Filtered, asked
from cogs.publishing.files import opened
from workflow.publishing import JobView, Parcel

NOBODY: Final = discord.AllowedMentions.none()


class _LayOut(Protocol):
    def __call__(self, *, bare: bool) -> ui.LayoutView: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """What a video of a job is sent with; `lay_out` makes the card, `bare` without the prompt."""

    job_id: str
    nonce: str
    mentions: discord.AllowedMentions
    lay_out: _LayOut


async def send_video(channel: discord.abc.Messageable, video: Path | None, letter: Letter) -> int:
    """Send a letter with its video, or without one; a post that is made twice is one message."""
    try:
        return await _send_once(channel, video, letter, bare=False)
    except Filtered:
        return await _send_once(channel, video, letter, bare=True)


async def follow_up(interaction: discord.Interaction[Any], job: JobView, parcel: Parcel) -> int:
    """Send a result where only its member sees it, in answer to an interaction."""
    view = cards.result(job, parcel, private=True)
    with opened([] if parcel.video is None else [parcel.video]) as files:
        send = interaction.followup.send(view=view, files=files, ephemeral=True, wait=True)
        return (await asked(send)).id


def only(user_id: int) -> discord.AllowedMentions:
    """Let a message ping one member, and nobody else."""
    return discord.AllowedMentions(
        everyone=False, roles=False, replied_user=False, users=[discord.Object(user_id)]
    )


async def _send_once(
    channel: discord.abc.Messageable, video: Path | None, letter: Letter, *, bare: bool
) -> int:
    view, nonce, mentions = letter.lay_out(bare=bare), letter.nonce, letter.mentions
    if video is None:
        return (await asked(channel.send(view=view, nonce=nonce, allowed_mentions=mentions))).id
    with closing(discord.File(video, filename=f"{letter.job_id}.mp4")) as file:
        send = channel.send(view=view, file=file, nonce=nonce, allowed_mentions=mentions)
        return (await asked(send)).id
