"""The command that opens a form for a new video, and the forms that mend what broke a rule."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from cogs.desk import Desk
from cogs.faults import answering
from cogs.forms.looks import Field, FormKind, make_form, takes_pictures
from cogs.forms.mending import Mending, Typed, framed, placed
from cogs.forms.reading import COMPOSE_FORM, MEND_FORM, files_in, sent_off, typed
from cogs.intake import Intake
from domain.catalogue import mark
from domain.requests import Command, Draft
from workflow.results.again import Keys, form_keys

_EMPTY: Final = Draft(command=Command.VIDEO, prompt="")

_Interaction = discord.Interaction[Any]


class Composing(commands.Cog):
    """Opens forms, and takes those that are sent off, also to an earlier process."""

    def __init__(self, desk: Desk, intake: Intake, mending: Mending) -> None:
        self._desk = desk
        self._intake = intake
        self._mending = mending

    @app_commands.command(name="compose", description=mark("Write a long prompt in a form"))
    async def compose(self, interaction: _Interaction) -> None:
        """Open a form for a video from words, or from pictures."""
        form = make_form(FormKind.COMPOSE, f"compose:{interaction.id}", _EMPTY)
        await interaction.response.send_modal(form)

    @commands.Cog.listener("on_interaction")
    async def form(self, interaction: _Interaction) -> None:
        """Take a form that is sent off."""
        if sent := sent_off(interaction, COMPOSE_FORM):
            await answering(interaction, self._composed(interaction, *sent))
        elif sent := sent_off(interaction, MEND_FORM):
            await answering(interaction, self._mended(interaction, *sent))

    async def _composed(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._desk.open(interaction)
        blank = Typed(interaction.user.id, FormKind.COMPOSE, _EMPTY)
        keys = form_keys(int(about["opened"]), interaction.user.id, "compose")
        await self._order(interaction, blank, data, keys)

    async def _mended(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._desk.open(interaction)
        user_id, key = interaction.user.id, about["key"]
        mistake = self._mending.find(key, user_id, FormKind(about["kind"]))
        keys = form_keys(int(about["opened"]), user_id, f"mend:{key}")
        await self._order(interaction, mistake, data, keys)

    async def _order(
        self, interaction: _Interaction, before: Typed, data: Mapping[str, Any], keys: Keys
    ) -> None:
        """Put on the belt what was typed over a draft, and answer."""
        after = replace(before, draft=typed(before.draft, data))
        if takes_pictures(before.kind):
            after = await self._with_pictures(after, data)
        mend = self._mending.offer(interaction.id, after)
        card = await self._desk.order(interaction, after.draft, keys, mend)
        await interaction.edit_original_response(view=card)

    async def _with_pictures(self, about: Typed, data: Mapping[str, Any]) -> Typed:
        """Take in the pictures of a form beside those that are kept; with none, words are meant."""
        gathered = await self._intake.pictures(files_in(data, Field.PICTURES))
        frames = placed(about.frames, gathered.frames)
        draft = framed(about.draft, frames, gathered.problems)
        if about.kind is FormKind.COMPOSE:
            has_pictures = gathered.frames or draft.pictures
            draft = replace(draft, command=Command.ANIMATE if has_pictures else Command.VIDEO)
        return replace(about, draft=draft, frames=frames)
