"""The commands by which the operator stops the service, sees how it stands, and decides on jobs.

They are for the owner of the application alone, or the members of the team that owns it, as Discord
says: a server's administrators see the commands, but each call and click asks who it is.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

import discord
from discord import app_commands
from discord.ext import commands

from cogs.generation.service import Desk
from cogs.operator import views as operator_cards
from cogs.operator.alerts import no_room
from cogs.operator.buttons import BIND_FORM, bind_form, typed_task
from cogs.ui import text, views
from cogs.ui.interactions import TurnedAway, answering
from domain.catalogue import mark, t
from domain.money import MicroUSD
from domain.quotas import Kind, Limit, Target, read_limit, show_limit
from workflow.billing import quotas
from workflow.billing.quotas import Manager
from workflow.context import Context
from workflow.errors import NoSuchTask, Overtaken, TaskNotChecked
from workflow.operator import control
from workflow.operator.actions import Verdict, decide
from workflow.operator.parked_jobs import MOVES_MONEY, Decision, evidence_of, parked_page

_Interaction = discord.Interaction[Any]
T = TypeVar("T")

_FORM_READ_S: Final = 2
"""A form has to be the first answer, and Discord waits three seconds for it."""

_PERIODS: Final = [
    app_commands.Choice(name=kind.value, value=kind.value) for kind in (Kind.DAY, Kind.MONTH)
]
_STRANGER: Final = mark("Only the operator of this service can do that.")
_OVERTAKEN: Final = mark("`{job}` has moved on since: look at it anew before you decide.")
_DONE: Final = MappingProxyType(
    {
        Decision.BIND: mark("`{job}` has its task, and is asked for."),
        Decision.ASK: mark("`{job}` is tried once more."),
        Decision.POST: mark("`{job}` is being posted again."),
        Decision.RELEASE: mark("`{job}` is ended; nobody pays for it."),
        Decision.BEAR: mark("`{job}` is ended; its member pays nothing."),
        Decision.CHARGE: mark("`{job}` is charged; its video is being fetched."),
        Decision.CLOSE: mark("`{job}` is off the list and stays as it is."),
    }
)

_SERVERS_LIMIT: Final = MappingProxyType(
    {
        Kind.DAY: mark("The day limit of server {server}: {now}. Before: {was}."),
        Kind.MONTH: mark("The month limit of server {server}: {now}. Before: {was}."),
    }
)
_LIMIT_OF_ALL: Final = MappingProxyType(
    {
        Kind.DAY: mark("The day limit of everything: {now}. Before: {was}."),
        Kind.MONTH: mark("The month limit of everything: {now}. Before: {was}."),
    }
)


class Operating(commands.Cog):
    """Serves the operator, privately, and turns everybody else away."""

    operator = app_commands.Group(
        name="operator",
        description=mark("For the operator of this service alone"),
        default_permissions=discord.Permissions(administrator=True),
    )

    def __init__(self, context: Context, desk: Desk) -> None:
        self._context = context
        self._desk = desk

    @operator.command(name="status", description=mark("See at a glance how the service stands"))
    async def status(self, interaction: _Interaction) -> None:
        """Show how the service stands."""
        await self._serve(interaction, self._status)

    @operator.command(name="pause", description=mark("Submit nothing more until you resume"))
    @app_commands.describe(reason=mark("Why; members whose videos wait see it"))
    async def pause(
        self, interaction: _Interaction, reason: app_commands.Range[str, 1, 200]
    ) -> None:
        """Stop submitting."""

        async def work(interaction: _Interaction) -> None:
            await control.stop(self._context, reason, _operator(interaction))
            self._desk.wake()
            await _say(interaction, t("Stopped. What is at APIXO already goes on."))

        await self._serve(interaction, work)

    @operator.command(name="resume", description=mark("Submit again, whatever has stopped it"))
    async def resume(self, interaction: _Interaction) -> None:
        """Go on."""
        await self._serve(interaction, self._resume)

    @operator.command(name="parked", description=mark("See the jobs that wait for your decision"))
    async def parked(self, interaction: _Interaction) -> None:
        """List the parked jobs of all servers."""
        await self._serve(interaction, self._show)

    @operator.command(name="limit", description=mark("Set what a server or everything may spend"))
    @app_commands.describe(
        period=mark("UTC day or UTC month"),
        amount=mark("US dollars, such as 5 or $2.50, or none; left out, what is set is cleared"),
        server=mark("A server's id; left out, it is for everything"),
    )
    @app_commands.choices(period=_PERIODS)
    async def limit(
        self,
        interaction: _Interaction,
        period: str,
        amount: str | None = None,
        server: str | None = None,
    ) -> None:
        """Set or clear a limit of a server or of everything."""

        async def work(interaction: _Interaction) -> None:
            said = await self._limit(interaction, _limit(period, amount, server), amount)
            await _say(interaction, said)

        await self._serve(interaction, work)

    async def turn(self, interaction: _Interaction, number: int) -> None:
        """Show a page of the list, counted from 0."""
        await self._serve(interaction, lambda it: self._show(it, number), in_place=True)

    async def decide(
        self,
        interaction: _Interaction,
        decision: Decision,
        about: tuple[str, int],
        *,
        is_sure: bool,
    ) -> None:
        """Carry out, or ask back about, a decision on the job that had this fence."""
        if decision is Decision.BIND:
            await answering(interaction, self._open_form(interaction, about))
        elif decision in MOVES_MONEY and not is_sure:
            await self._serve(
                interaction, lambda it: self._ask_back(it, decision, about), in_place=True
            )
        else:
            await self._serve(
                interaction, lambda it: self._decide(it, decision, about), in_place=True
            )

    @commands.Cog.listener("on_interaction")
    async def form(self, interaction: _Interaction) -> None:
        """Take the form with a task's id, also one that an earlier process has opened."""
        data: dict[str, Any] = {**(interaction.data or {})}
        found = BIND_FORM.fullmatch(str(data.get("custom_id")))
        if interaction.type is not discord.InteractionType.modal_submit or found is None:
            return
        about, task = _about(found), typed_task(data)
        await self._serve(
            interaction, lambda it: self._decide(it, Decision.BIND, about, task), in_place=True
        )

    async def _serve(
        self,
        interaction: _Interaction,
        work: Callable[[_Interaction], Awaitable[None]],
        *,
        in_place: bool = False,
    ) -> None:
        """Defer, make sure that it is the operator, work, and answer."""

        async def serve() -> None:
            opening = self._desk.open_in_place if in_place else self._desk.open
            await opening(interaction)
            await _check_owner(interaction)
            await work(interaction)

        await answering(interaction, serve())

    async def _status(self, interaction: _Interaction) -> None:
        view = operator_cards.standing(await control.standing(self._context))
        await interaction.edit_original_response(view=view)

    async def _resume(self, interaction: _Interaction) -> None:
        went_on = await control.go_on(self._context, _operator(interaction))
        self._desk.wake()
        room = self._context.room()
        if room.is_short:
            await _say(interaction, no_room(room))
            return
        await _say(interaction, t("It goes on.") if went_on else t("Nothing has stopped it."))

    async def _show(
        self, interaction: _Interaction, number: int = 0, said: str | None = None
    ) -> None:
        page = await parked_page(self._context, number)
        await interaction.edit_original_response(view=operator_cards.parked(page, said))

    async def _open_form(self, interaction: _Interaction, about: tuple[str, int]) -> None:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                await _check_owner(interaction)
        except TimeoutError:
            raise TurnedAway(t("Discord is slow just now. Click again in a moment.")) from None
        await interaction.response.send_modal(bind_form(*about))

    async def _ask_back(
        self, interaction: _Interaction, decision: Decision, about: tuple[str, int]
    ) -> None:
        job_id, fence = about
        row = await evidence_of(self._context, job_id)
        if row is None or row.job.fence != fence or decision not in row.decisions:
            await self._show(interaction, said=t(_OVERTAKEN, job=job_id))
            return
        await interaction.edit_original_response(view=operator_cards.question(row, decision))

    async def _decide(
        self,
        interaction: _Interaction,
        decision: Decision,
        about: tuple[str, int],
        task_id: str | None = None,
    ) -> None:
        verdict = Verdict(
            decision=decision,
            job_id=about[0],
            fence=about[1],
            operator=_operator(interaction),
            task_id=task_id,
        )
        said = await self._carried_out(verdict)
        self._desk.wake()
        await self._show(interaction, said=said)

    async def _carried_out(self, verdict: Verdict) -> str:
        try:
            await decide(self._context, verdict)
        except Overtaken:
            return t(_OVERTAKEN, job=verdict.job_id)
        except NoSuchTask as error:
            return t("`{job}` stays as it is: {why}.", job=verdict.job_id, why=error)
        except TaskNotChecked:
            return t(
                "`{job}` stays as it is: APIXO did not tell whether it knows the task. Try again.",
                job=verdict.job_id,
            )
        return t(_DONE[verdict.decision], job=verdict.job_id)

    async def _limit(self, interaction: _Interaction, limit: Limit, amount: str | None) -> str:
        change = quotas.clear_limit if amount is None else quotas.set_limit
        before = await change(self._context, limit, _operator(interaction))
        was = t("nothing set") if before is None else show_limit(before.kind, before.amount)
        now = t("nothing set") if amount is None else show_limit(limit.kind, limit.amount)
        said = (_SERVERS_LIMIT if limit.guild_id else _LIMIT_OF_ALL)[limit.kind]
        return t(said, server=limit.guild_id, now=now, was=was)


async def _check_owner(interaction: _Interaction) -> None:
    bot = cast("commands.Bot", interaction.client)
    if not await bot.is_owner(cast("discord.User", interaction.user)):
        raise TurnedAway(t(_STRANGER))


def _limit(period: str, amount: str | None, server: str | None) -> Limit:
    if period not in (Kind.DAY, Kind.MONTH):
        raise TurnedAway(t("period can be day or month."))
    guild_id = _server_id(server)
    return Limit(
        target=Target.SERVER if guild_id else Target.EVERYTHING,
        kind=Kind(period),
        amount=None if amount is None else _amount(amount),
        guild_id=guild_id,
        subject_id=0,
    )


def _server_id(server: str | None) -> int:
    if server is None:
        return 0
    if re.fullmatch(r"[1-9][0-9]{0,18}", server.strip()) is None:
        raise TurnedAway(t("server is the id of a server: a long number."))
    return int(server)


def _amount(amount: str) -> MicroUSD | None:
    try:
        return read_limit(amount)
    except ValueError as error:
        shown = text.harmless(amount, 40)
        raise TurnedAway(t("“{shown}” can not be taken: {why}.", shown=shown, why=error)) from None


def _operator(interaction: _Interaction) -> Manager:
    return Manager(interaction.user.id, interaction.id)


def _about(found: re.Match[str]) -> tuple[str, int]:
    return found["job"], int(found["fence"])


async def _say(interaction: _Interaction, said: str) -> None:
    await interaction.edit_original_response(view=views.note(said))
