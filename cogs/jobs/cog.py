"""What the buttons under the cards do, and the forms that two of them open."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import discord
from discord.ext import commands

from cogs.generation.modals import EDIT_FORM, EXTEND_FORM, FormKind, edit_form, sent_off, typed
from cogs.generation.retry import TYPED_GONE, Mending, Typed
from cogs.generation.service import Desk
from cogs.jobs.extend import Extending
from cogs.jobs.share import Showing
from cogs.ui import text, views
from cogs.ui.buttons import Act, CardButton
from cogs.ui.interactions import TurnedAway, answering
from cogs.ui.notify_button import TellButton, turned
from cogs.ui.ttl_store import KEPT_MINUTES
from domain.catalogue import t
from domain.pricing import quote
from domain.requests import Command, Draft, check
from workflow.context import Context
from workflow.errors import NotYours, PublishError, TooLate, TooSoon
from workflow.guilds import notifications
from workflow.publisher import JobView
from workflow.results.delete import erase
from workflow.results.lookup import cost_of, recall
from workflow.results.rerun import click_keys, draft_of, form_keys, inputs_remain, next_resolution
from workflow.stages.accept import cancel

_FORM_READ_S: Final = 2
"""A form has to be the first answer, and Discord waits three seconds for it."""

_Interaction = discord.Interaction[Any]


class Clicks(commands.Cog):
    """Answers whoever clicks a button under a card, or sends off the form."""

    def __init__(self, context: Context, desk: Desk, mending: Mending) -> None:
        self._context = context
        self._desk = desk
        self._mending = mending
        self._extending = Extending(context, desk, mending, self._own)
        self._acts = {
            Act.CANCEL: self._cancel,
            Act.AGAIN: self._again,
            Act.EDIT: self._edit,
            Act.FINAL: self._ask_final,
            Act.BUY: self._buy_final,
            Act.EXTEND: self._extending.ask,
            Act.SHARE: Showing(context, desk, self._found).share,
            Act.DETAILS: self._details,
            Act.DELETE: self._ask_delete,
            Act.ERASE: self._erase,
            Act.RETYPE: self._retype,
            Act.CONFIRM: desk.confirm,
        }

    async def click(self, interaction: _Interaction, act: Act, subject: str) -> None:
        """Do what the click on a button asks for, and answer it."""
        await answering(interaction, self._acts[act](interaction, subject))

    @commands.Cog.listener("on_interaction")
    async def form(self, interaction: _Interaction) -> None:
        """Take a form that is sent off, also one that an earlier process has opened."""
        if sent := sent_off(interaction, EDIT_FORM):
            await answering(interaction, self._order_typed(interaction, *sent))
        elif sent := sent_off(interaction, EXTEND_FORM):
            await answering(interaction, self._extending.order(interaction, *sent))

    async def _cancel(self, interaction: _Interaction, job_id: str) -> None:
        await self._desk.open_in_place(interaction)
        try:
            await cancel(self._context, job_id, interaction.user.id)
        except NotYours:
            raise TurnedAway(t(text.NO_SUCH_VIDEO)) from None
        except TooLate as error:
            raise TurnedAway(text.too_late(error)) from None
        self._desk.wake()
        said = t("Cancelled `{job}`. Nothing was charged.", job=job_id)
        await interaction.edit_original_response(view=views.note(said))

    async def _again(self, interaction: _Interaction, job_id: str) -> None:
        await self._desk.open(interaction)
        job = await self._own(interaction, job_id)
        keys = click_keys(interaction.id, interaction.user.id, Act.AGAIN, job.id)
        card = await self._desk.order(interaction, await self._draft(job), keys)
        await interaction.edit_original_response(view=card)

    async def _edit(self, interaction: _Interaction, job_id: str) -> None:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                job = await self._own(interaction, job_id)
        except TimeoutError:
            raise TurnedAway(t("The service is slow just now. Click again in a moment.")) from None
        draft = draft_of(job, self._context.now_ms())
        await interaction.response.send_modal(edit_form(draft, job.id, interaction.id))

    async def _retype(self, interaction: _Interaction, key: str) -> None:
        form = self._mending.form(key, interaction.user.id, interaction.id)
        if form is None:
            raise TurnedAway(t(TYPED_GONE, minutes=KEPT_MINUTES))
        await interaction.response.send_modal(form)

    async def _order_typed(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._desk.open(interaction)
        job = await self._own(interaction, about["job"])
        before = await self._draft(job)
        draft = typed(before, data)
        keys = form_keys(int(about["opened"]), interaction.user.id, job.id)
        mistake = Typed(interaction.user.id, FormKind.EDIT, draft, job_id=job.id)
        if before.problems and draft.command is Command.ANIMATE:
            lost = (None,) * len(draft.pictures)
            mistake = Typed(interaction.user.id, FormKind.ANIMATE, draft, lost)
        mend = self._mending.offer(interaction.id, mistake)
        card = await self._desk.order(interaction, draft, keys, mend)
        await interaction.edit_original_response(view=card)

    async def _ask_final(self, interaction: _Interaction, job_id: str) -> None:
        await self._desk.open(interaction)
        job = await self._own(interaction, job_id)
        draft = await self._final(job)
        request = check(draft)
        price = quote(request).amount
        spend = CardButton(Act.BUY, f"{job.id}:{price}", text.spend(price))
        await interaction.edit_original_response(view=views.question(text.final(request), spend))

    async def _buy_final(self, interaction: _Interaction, subject: str) -> None:
        await self._desk.open_in_place(interaction)
        job_id, _, seen = subject.partition(":")
        job = await self._own(interaction, job_id)
        draft = await self._final(job)
        price = quote(check(draft)).amount
        if str(price) != seen:
            raise TurnedAway(t("The price has changed since. Click *Make final* once more."))
        keys = click_keys(interaction.id, interaction.user.id, Act.BUY, job.id)
        card = await self._desk.order(interaction, draft, keys, agreed=price)
        await interaction.edit_original_response(view=card)

    async def _details(self, interaction: _Interaction, job_id: str) -> None:
        await self._desk.open(interaction)
        job = await self._found(interaction, job_id)
        manages = interaction.permissions.manage_guild
        sees_cost = manages or job.user_id == interaction.user.id
        cost = await cost_of(self._context, job.id) if sees_cost else None
        card = views.details(job, cost, with_task=manages)
        await interaction.edit_original_response(view=card, attachments=views.whole_prompt(job))

    async def _ask_delete(self, interaction: _Interaction, job_id: str) -> None:
        await self._desk.open(interaction)
        job = await self._deletable(interaction, job_id)
        erase_it = CardButton(Act.ERASE, job.id)
        await interaction.edit_original_response(view=views.question(t(text.DELETE), erase_it))

    async def _erase(self, interaction: _Interaction, job_id: str) -> None:
        await self._desk.open_in_place(interaction)
        job = await self._deletable(interaction, job_id)
        try:
            await erase(self._context, job.id, interaction.user.id)
        except TooSoon:
            raise TurnedAway(t("It is being posted just now. Try again in a moment.")) from None
        except PublishError:
            raise TurnedAway(
                t("Discord did not let me delete the message. Try again in a while.")
            ) from None
        finally:
            self._desk.wake()
        await interaction.edit_original_response(view=views.note(t(text.DELETED)))

    async def _found(self, interaction: _Interaction, job_id: str) -> JobView:
        """Find a job where the click came from: its server, or its member's direct messages.

        A private one is there for its member alone.
        """
        job = await recall(self._context, job_id)
        if job is None or interaction.guild_id not in (job.guild_id, None):
            raise TurnedAway(t(text.NO_SUCH_VIDEO))
        is_theirs_alone = job.private or interaction.guild_id is None
        if is_theirs_alone and job.user_id != interaction.user.id:
            raise TurnedAway(t(text.NO_SUCH_VIDEO))
        return job

    async def _own(self, interaction: _Interaction, job_id: str) -> JobView:
        """Find a job to ask for another one like it, on its server, by its own member."""
        job = await self._found(interaction, job_id)
        if interaction.guild_id is None:
            raise TurnedAway(t("Videos are asked for in a server. Use a command there."))
        if job.user_id != interaction.user.id:
            raise TurnedAway(t("Only the member who asked for this video can do that."))
        return job

    async def _deletable(self, interaction: _Interaction, job_id: str) -> JobView:
        """Find a job whose video this user may delete."""
        job = await self._found(interaction, job_id)
        here = interaction.channel_id == job.place_id
        moderates = here and interaction.permissions.manage_messages
        if not (moderates or job.user_id == interaction.user.id):
            raise TurnedAway(
                t(
                    "Only the member who asked for this video, or who has *Manage Messages*, can "
                    "delete it."
                )
            )
        return job

    async def _draft(self, job: JobView) -> Draft:
        draft = draft_of(job, self._context.now_ms())
        if await inputs_remain(self._context, job):
            return draft
        return replace(draft, problems=(t(text.INPUTS_GONE),))

    async def _final(self, job: JobView) -> Draft:
        """Write the draft of a job at its model's next higher resolution."""
        higher = next_resolution(job.request)
        if higher is None:
            raise TurnedAway(t("It has the highest resolution of its model already."))
        return replace(await self._draft(job), resolution=higher)


class Telling(commands.Cog):
    """Remembers who wants to be written to."""

    def __init__(self, context: Context, desk: Desk) -> None:
        self._context = context
        self._desk = desk

    async def choose(self, interaction: _Interaction, guild_id: int, *, wanted: bool) -> None:
        """Do what the click on the button asks for, and turn the button round."""
        await answering(interaction, self._choose(interaction, guild_id, wanted=wanted))

    async def _choose(self, interaction: _Interaction, guild_id: int, *, wanted: bool) -> None:
        if interaction.guild_id not in (guild_id, None):
            raise TurnedAway(t(text.NO_SUCH_VIDEO))
        await self._desk.open_to_change(interaction)
        user_id = interaction.user.id
        await notifications.set_told(self._context, guild_id, user_id, wanted=wanted)
        if interaction.message is not None:
            card = turned(interaction.message, TellButton(guild_id, wanted=not wanted))
            await interaction.edit_original_response(view=card)
