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

from cogs.operator import views as operator_cards
from cogs.operator.alerts import format_low_disk_space
from cogs.operator.buttons import (
    BIND_TASK_CUSTOM_ID,
    DecisionButton,
    ParkedPageButton,
    bind_task_modal,
    read_task_id,
)
from cogs.ui import text, views
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError, run_handler
from cogs.ui.routing import ComponentCog, ComponentRoute
from cogs.ui.text import format_limit
from cogs.ui.violations import format_violation
from domain.errors import InvalidInput
from domain.money import MicroUSD
from domain.quotas import Limit, LimitKind, LimitTarget, parse_limit
from workflow.billing import quotas
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.errors import StaleDecision, TaskCheckFailed, TaskNotBindable
from workflow.operator import control
from workflow.operator.actions import DecisionRequest, apply_decision
from workflow.operator.parked_jobs import (
    MONEY_DECISIONS,
    Decision,
    get_parked_job,
    read_parked_page,
)
from workflow.worker import Worker

_Interaction = discord.Interaction[Any]
T = TypeVar("T")

_FORM_READ_S: Final = 2
"""A form has to be the first answer, and Discord waits three seconds for it."""

_PERIODS: Final = [
    app_commands.Choice(name=kind.value, value=kind.value)
    for kind in (LimitKind.DAY, LimitKind.MONTH)
]
_STRANGER: Final = N_("Only the operator of this service can do that.")
_OVERTAKEN: Final = N_("`{job}` has moved on since: look at it anew before you decide.")
_DONE: Final = MappingProxyType(
    {
        Decision.BIND_TASK: N_("`{job}` has its task, and is asked for."),
        Decision.RETRY: N_("`{job}` is tried once more."),
        Decision.POST: N_("`{job}` is being posted again."),
        Decision.RELEASE: N_("`{job}` is ended; nobody pays for it."),
        Decision.CHARGE_OPERATOR: N_("`{job}` is ended; its member pays nothing."),
        Decision.CHARGE_MEMBER: N_("`{job}` is charged; its video is being fetched."),
        Decision.CLOSE: N_("`{job}` is off the list and stays as it is."),
    }
)

_SERVERS_LIMIT: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("The day limit of server {server}: {now}. Before: {was}."),
        LimitKind.MONTH: N_("The month limit of server {server}: {now}. Before: {was}."),
    }
)
_LIMIT_OF_ALL: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("The day limit of everything: {now}. Before: {was}."),
        LimitKind.MONTH: N_("The month limit of everything: {now}. Before: {was}."),
    }
)


class OperatorCog(ComponentCog):
    """Serves the operator, privately, and turns everybody else away."""

    operator = app_commands.Group(
        name="operator",
        description=N_("For the operator of this service alone"),
        default_permissions=discord.Permissions(administrator=True),
    )

    def __init__(self, context: Context, worker: Worker, interactions: InteractionTracker) -> None:
        self._context = context
        self._worker = worker
        self._interactions = interactions

    @operator.command(name="status", description=N_("See at a glance how the service stands"))
    async def status(self, interaction: _Interaction) -> None:
        """Show how the service stands."""
        await self._serve(interaction, self._status)

    @operator.command(name="pause", description=N_("Submit nothing more until you resume"))
    @app_commands.describe(reason=N_("Why; members whose videos wait see it"))
    async def pause(
        self, interaction: _Interaction, reason: app_commands.Range[str, 1, 200]
    ) -> None:
        """Stop submitting."""

        async def stop(interaction: _Interaction) -> None:
            await control.stop_submissions(self._context, reason, _operator(interaction))
            self._worker.wake()
            await _say(interaction, _("Stopped. What is at APIXO already goes on."))

        await self._serve(interaction, stop)

    @operator.command(name="resume", description=N_("Submit again, whatever has stopped it"))
    async def resume(self, interaction: _Interaction) -> None:
        """Go on."""
        await self._serve(interaction, self._resume)

    @operator.command(name="parked", description=N_("See the jobs that wait for your decision"))
    async def parked(self, interaction: _Interaction) -> None:
        """List the parked jobs of all servers."""
        await self._serve(interaction, self._show)

    @operator.command(name="limit", description=N_("Set what a server or everything may spend"))
    @app_commands.describe(
        period=N_("UTC day or UTC month"),
        amount=N_("US dollars, such as 5 or $2.50, or none; left out, what is set is cleared"),
        server=N_("A server's id; left out, it is for everything"),
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

        async def change_limit(interaction: _Interaction) -> None:
            said = await self._limit(interaction, _limit(period, amount, server), amount)
            await _say(interaction, said)

        await self._serve(interaction, change_limit)

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """List the buttons of the list of parked jobs."""
        return (
            ComponentRoute(ParkedPageButton, self.show_parked_page),
            ComponentRoute(DecisionButton, self.handle_decision),
        )

    async def show_parked_page(self, interaction: _Interaction, button: ParkedPageButton) -> None:
        """Show a page of the list, counted from 0."""
        number = button.page_number
        await self._serve(interaction, lambda it: self._show(it, number), in_place=True)

    async def handle_decision(self, interaction: _Interaction, button: DecisionButton) -> None:
        """Carry out, or ask back about, a decision on the job that had the button's fence."""
        decision, job_and_fence = button.decision, button.job_and_fence
        if decision is Decision.BIND_TASK:
            await run_handler(interaction, self._open_form(interaction, job_and_fence))
        elif decision in MONEY_DECISIONS and not button.is_confirmed:
            await self._serve(
                interaction, lambda it: self._ask_back(it, decision, job_and_fence), in_place=True
            )
        else:
            await self._serve(
                interaction, lambda it: self._decide(it, decision, job_and_fence), in_place=True
            )

    @commands.Cog.listener("on_interaction")
    async def on_bind_task_submit(self, interaction: _Interaction) -> None:
        """Take the form with a task's id, also one that an earlier process has opened."""
        data: dict[str, Any] = {**(interaction.data or {})}
        found = BIND_TASK_CUSTOM_ID.fullmatch(str(data.get("custom_id")))
        if interaction.type is not discord.InteractionType.modal_submit or found is None:
            return
        about, task = _about(found), read_task_id(data)
        await self._serve(
            interaction, lambda it: self._decide(it, Decision.BIND_TASK, about, task), in_place=True
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
            opening = (
                self._interactions.defer_update_or_reply
                if in_place
                else self._interactions.defer_reply
            )
            await opening(interaction)
            await _check_owner(interaction)
            await work(interaction)

        await run_handler(interaction, serve())

    async def _status(self, interaction: _Interaction) -> None:
        view = operator_cards.render_service_status(
            await control.read_service_status(self._context)
        )
        await interaction.edit_original_response(view=view)

    async def _resume(self, interaction: _Interaction) -> None:
        went_on = await control.resume_submissions(self._context, _operator(interaction))
        self._worker.wake()
        room = self._context.disk_space()
        if room.is_low:
            await _say(interaction, format_low_disk_space(room))
            return
        await _say(interaction, _("It goes on.") if went_on else _("Nothing has stopped it."))

    async def _show(
        self, interaction: _Interaction, number: int = 0, said: str | None = None
    ) -> None:
        page = await read_parked_page(self._context, number)
        await interaction.edit_original_response(view=operator_cards.render_parked_jobs(page, said))

    async def _open_form(self, interaction: _Interaction, about: tuple[str, int]) -> None:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                await _check_owner(interaction)
        except TimeoutError:
            raise UserError(_("Discord is slow just now. Click again in a moment.")) from None
        await interaction.response.send_modal(bind_task_modal(*about))

    async def _ask_back(
        self, interaction: _Interaction, decision: Decision, about: tuple[str, int]
    ) -> None:
        job_id, fence = about
        row = await get_parked_job(self._context, job_id)
        if row is None or row.job.fence != fence or decision not in row.allowed_decisions:
            await self._show(interaction, said=_(_OVERTAKEN, job=job_id))
            return
        await interaction.edit_original_response(
            view=operator_cards.render_confirmation(row, decision)
        )

    async def _decide(
        self,
        interaction: _Interaction,
        decision: Decision,
        about: tuple[str, int],
        task_id: str | None = None,
    ) -> None:
        verdict = DecisionRequest(
            decision=decision,
            job_id=about[0],
            fence=about[1],
            operator=_operator(interaction),
            task_id=task_id,
        )
        said = await self._carried_out(verdict)
        self._worker.wake()
        await self._show(interaction, said=said)

    async def _carried_out(self, verdict: DecisionRequest) -> str:
        try:
            await apply_decision(self._context, verdict)
        except StaleDecision:
            return _(_OVERTAKEN, job=verdict.job_id)
        except TaskNotBindable as error:
            return _("`{job}` stays as it is: {why}.", job=verdict.job_id, why=error)
        except TaskCheckFailed:
            return _(
                "`{job}` stays as it is: APIXO did not tell whether it knows the task. Try again.",
                job=verdict.job_id,
            )
        return _(_DONE[verdict.decision], job=verdict.job_id)

    async def _limit(self, interaction: _Interaction, limit: Limit, amount: str | None) -> str:
        change = quotas.clear_limit if amount is None else quotas.set_limit
        before = await change(self._context, limit, _operator(interaction))
        was = _("nothing set") if before is None else format_limit(before.kind, before.amount)
        now = _("nothing set") if amount is None else format_limit(limit.kind, limit.amount)
        said = (_SERVERS_LIMIT if limit.guild_id else _LIMIT_OF_ALL)[limit.kind]
        return _(said, server=limit.guild_id, now=now, was=was)


async def _check_owner(interaction: _Interaction) -> None:
    bot = cast("commands.Bot", interaction.client)
    if not await bot.is_owner(cast("discord.User", interaction.user)):
        raise UserError(_(_STRANGER))


def _limit(period: str, amount: str | None, server: str | None) -> Limit:
    if period not in (LimitKind.DAY, LimitKind.MONTH):
        raise UserError(_("period can be day or month."))
    guild_id = _server_id(server)
    return Limit(
        target=LimitTarget.SERVER if guild_id else LimitTarget.EVERYTHING,
        kind=LimitKind(period),
        amount=None if amount is None else _amount(amount),
        guild_id=guild_id,
        subject_id=0,
    )


def _server_id(server: str | None) -> int:
    if server is None:
        return 0
    if re.fullmatch(r"[1-9][0-9]{0,18}", server.strip()) is None:
        raise UserError(_("server is the id of a server: a long number."))
    return int(server)


def _amount(amount: str) -> MicroUSD | None:
    try:
        return parse_limit(amount)
    except InvalidInput as error:
        shown, why = text.sanitize(amount, 40), format_violation(error.violation)
        raise UserError(_("“{shown}” can not be taken: {why}.", shown=shown, why=why)) from None


def _operator(interaction: _Interaction) -> Actor:
    return Actor(interaction.user.id, interaction.id)


def _about(found: re.Match[str]) -> tuple[str, int]:
    return found["job"], int(found["fence"])


async def _say(interaction: _Interaction, said: str) -> None:
    await interaction.edit_original_response(view=views.render_text(said))
