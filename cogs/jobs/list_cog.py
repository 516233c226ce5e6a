"""The command that lists a member's own videos, and what the buttons on the list do."""

from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from cogs.generation.service import Desk
from cogs.jobs import list_views as list_cards
from cogs.jobs.list_views import NEWEST, Deed
from cogs.ui import text
from cogs.ui.interactions import TurnedAway, answering
from domain.catalogue import mark, t
from workflow.context import Context
from workflow.errors import (
    NotYours,
    PublishError,
    TooLargeToPost,
    TooLate,
    TooSoon,
    TryLater,
)
from workflow.results.job_list import page_of
from workflow.results.repost import post_again
from workflow.stages.accept import cancel

_Interaction = discord.Interaction[Any]


class Listing(commands.Cog):
    """Lists videos to those who asked for them, privately."""

    def __init__(self, context: Context, desk: Desk) -> None:
        self._context = context
        self._desk = desk

    @app_commands.command(name="jobs", description=mark("See your videos here: cancel, post again"))
    async def jobs(self, interaction: _Interaction) -> None:
        """List the newest videos of whoever asks."""
        await answering(interaction, self._list(interaction))

    async def turn(self, interaction: _Interaction, start: str) -> None:
        """Show the page that begins with a video."""
        await answering(interaction, self._turn(interaction, start))

    async def act(self, interaction: _Interaction, deed: Deed, job_id: str, start: str) -> None:
        """Do something to a video, and show the page anew that begins with `start`."""
        await answering(interaction, self._act(interaction, deed, job_id, start))

    async def _list(self, interaction: _Interaction) -> None:
        await self._desk.open(interaction)
        await self._show(interaction, NEWEST)

    async def _turn(self, interaction: _Interaction, start: str) -> None:
        await self._desk.open_in_place(interaction)
        await self._show(interaction, start)

    async def _act(self, interaction: _Interaction, deed: Deed, job_id: str, start: str) -> None:
        await self._desk.open_in_place(interaction)
        doing = self._cancel if deed is Deed.CANCEL else self._post
        try:
            said = await doing(interaction, job_id)
        except NotYours:
            said = t(text.NO_SUCH_VIDEO)
        finally:
            self._desk.wake()
        await self._show(interaction, start, said)

    async def _cancel(self, interaction: _Interaction, job_id: str) -> str:
        try:
            await cancel(self._context, job_id, interaction.user.id)
        except TooLate as error:
            return text.too_late(error)
        return t("Cancelled `{job}`. Nothing was charged.", job=job_id)

    async def _post(self, interaction: _Interaction, job_id: str) -> str:
        guild_id, user_id = _guild_id(interaction), interaction.user.id
        try:
            self._desk.answer_privately(interaction, job_id)
            done = await post_again(self._context, job_id, guild_id, user_id)
        except TooSoon:
            return t("There is no video of it that could be posted.")
        except TooLargeToPost:
            return t(
                "It is too large for here. It is kept; a manager of the service can hand it to you."
            )
        except TryLater:
            return t(
                "Discord did not answer. Look whether the video is there; if not, click *Post "
                "again* once more in a moment."
            )
        except PublishError:
            return t(
                "Discord did not take it, neither in its channel nor in your direct messages. Let "
                "me post there or write to you, then click *Post again* once more."
            )
        return list_cards.posted_again(done.outcome, done.job)

    async def _show(self, interaction: _Interaction, start: str, said: str | None = None) -> None:
        first = None if start == NEWEST else start
        page = await page_of(self._context, _guild_id(interaction), interaction.user.id, first)
        view = list_cards.listed(page, start, said)
        await interaction.edit_original_response(view=view)


def _guild_id(interaction: _Interaction) -> int:
    if interaction.guild_id is None:
        raise TurnedAway(t(text.NO_SUCH_VIDEO))
    return interaction.guild_id
