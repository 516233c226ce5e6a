"""Commands of the operator: status, pause and resume, parked jobs, limits.

They are for the owner of the application, or the team that owns it. Administrators of a server see
the commands too, so every call and click checks the owner with Discord.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

import discord
from discord import app_commands

from cogs.operator import views as operator_cards
from cogs.operator.alerts import format_low_disk_space
from cogs.operator.buttons import (
    BIND_TASK_CUSTOM_ID,
    DecisionButton,
    ParkedPageButton,
    ReleaseAllButton,
    bind_task_modal,
    read_task_id,
)
from cogs.operator.owners import check_operator
from cogs.servers.cog import ServersCog
from cogs.ui import views
from cogs.ui.forms import parse_typed
from cogs.ui.i18n import N_, _, ngettext
from cogs.ui.interactions import InteractionTracker, UserError, run_handler
from cogs.ui.routing import ComponentCog, ComponentRoute, FormRoute, Interaction
from cogs.ui.text import format_limit
from domain.quotas import Limit, LimitKind, LimitTarget, parse_limit
from domain.snowflakes import parse_snowflake
from workflow.billing import quotas
from workflow.billing.quotas import Actor
from workflow.context import Context
from workflow.errors import StaleDecision, TaskCheckFailed, TaskNotBindable, TaskTaken
from workflow.operator import control
from workflow.operator.actions import DecisionRequest, apply_decision, release_all
from workflow.operator.parked_jobs import (
    MONEY_DECISIONS,
    Decision,
    count_releasable,
    get_parked_job,
    read_parked_page,
)
from workflow.worker import Worker

T = TypeVar("T")

_FORM_READ_S: Final = 2
"""A form has to be the first response, and Discord waits three seconds for it."""

_PERIODS: Final = [
    app_commands.Choice(name=kind.value, value=kind.value)
    for kind in (LimitKind.DAY, LimitKind.MONTH)
]
_STALE_DECISION: Final = N_("This has changed in the meantime. Look again before you decide.")
_NOTHING_TO_RELEASE: Final = N_("That server has nothing left to end.")
_DECISION_APPLIED: Final = MappingProxyType(
    {
        Decision.BIND_TASK: N_("Linked. I'm checking that task now."),
        Decision.RETRY: N_("Trying again."),
        Decision.POST: N_("Posting it again."),
        Decision.RELEASE: N_("Ended. Nobody pays."),
        Decision.CHARGE_OPERATOR: N_("Ended. The member pays nothing."),
        Decision.CHARGE_MEMBER: N_("Charged. I'm downloading the video."),
        Decision.CLOSE: N_("Taken off the list. Nothing else changed."),
    }
)

_SERVER_LIMIT_CHANGED: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("Daily limit for server {server}: {now} (before: {was})."),
        LimitKind.MONTH: N_("Monthly limit for server {server}: {now} (before: {was})."),
    }
)
_GLOBAL_LIMIT_CHANGED: Final = MappingProxyType(
    {
        LimitKind.DAY: N_("Daily limit for the whole bot: {now} (before: {was})."),
        LimitKind.MONTH: N_("Monthly limit for the whole bot: {now} (before: {was})."),
    }
)


class OperatorCog(ComponentCog):
    """The operator's commands and buttons: private responses, and a refusal for anyone else."""

    operator = app_commands.Group(
        name="operator",
        description=N_("For the operator of this bot only"),
        default_permissions=discord.Permissions(administrator=True),
    )

    def __init__(
        self,
        context: Context,
        worker: Worker,
        interactions: InteractionTracker,
        servers: ServersCog,
    ) -> None:
        self._context = context
        self._worker = worker
        self._interactions = interactions
        self._servers = servers

    @operator.command(name="status", description=N_("See how the bot is doing"))
    async def status(self, interaction: Interaction) -> None:
        """Show the status of the service."""
        await self._serve(interaction, self._show_status)

    @operator.command(name="pause", description=N_("Pause new videos until you resume"))
    @app_commands.describe(reason=N_("Why; members whose videos wait see it"))
    async def pause(
        self, interaction: Interaction, reason: app_commands.Range[str, 1, 200]
    ) -> None:
        """Pause submissions until the operator resumes them."""

        async def stop(interaction: Interaction) -> None:
            await control.stop_submissions(self._context, reason, _operator(interaction))
            self._worker.wake(everyone=True)
            await _reply(interaction, _("Paused. Videos already at APIXO still finish."))

        await self._serve(interaction, stop)

    @operator.command(name="resume", description=N_("Start making new videos again"))
    async def resume(self, interaction: Interaction) -> None:
        """Resume submissions after a pause or a block."""
        await self._serve(interaction, self._resume)

    @operator.command(name="parked", description=N_("See what needs your decision"))
    async def parked(self, interaction: Interaction) -> None:
        """Show the parked jobs of all servers."""
        await self._serve(interaction, self._show_parked_jobs)

    @operator.command(name="servers", description=N_("See servers, and who can make videos"))
    async def servers(self, interaction: Interaction) -> None:
        """Show the servers that the bot is on."""
        await self._serve(interaction, self._servers.show)

    @operator.command(
        name="limit", description=N_("Set a spending limit for a server or the whole bot")
    )
    @app_commands.describe(
        period=N_("Per day or per month (UTC)"),
        amount=N_('Dollars, like 5 or 2.50, or "none"; leave empty to remove the limit'),
        server=N_("A server's ID; leave empty for the whole bot"),
    )
    @app_commands.choices(period=_PERIODS)
    async def limit(
        self,
        interaction: Interaction,
        period: str,
        amount: str | None = None,
        server: str | None = None,
    ) -> None:
        """Set or clear a limit of a server or of everything."""

        async def change_limit(interaction: Interaction) -> None:
            message = await self._change_limit(
                interaction, _build_limit(period, amount, server), amount
            )
            await _reply(interaction, message)

        await self._serve(interaction, change_limit)

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the handlers of the buttons of the list of parked jobs."""
        return (
            ComponentRoute(ParkedPageButton, self.show_parked_page),
            ComponentRoute(DecisionButton, self.handle_decision),
            ComponentRoute(ReleaseAllButton, self.handle_release_all),
        )

    async def show_parked_page(self, interaction: Interaction, button: ParkedPageButton) -> None:
        """Show a page of the list, counted from 0."""
        number = button.page_number
        await self._serve(interaction, lambda it: self._show_parked_jobs(it, number), in_place=True)

    async def handle_decision(self, interaction: Interaction, button: DecisionButton) -> None:
        """Apply a decision to the job with the button's fence; confirm first where money moves."""
        decision, job_and_fence = button.decision, button.job_and_fence
        if decision is Decision.BIND_TASK:
            await run_handler(interaction, self._open_bind_task_form(interaction, job_and_fence))
        elif decision in MONEY_DECISIONS and not button.is_confirmed:
            await self._serve(
                interaction,
                lambda it: self._ask_confirmation(it, decision, job_and_fence),
                in_place=True,
            )
        else:
            await self._serve(
                interaction, lambda it: self._decide(it, decision, job_and_fence), in_place=True
            )

    async def handle_release_all(self, interaction: Interaction, button: ReleaseAllButton) -> None:
        """Release a server's jobs parked by a restore; confirm first."""
        handler = self._release_all if button.is_confirmed else self._ask_release_all
        await self._serve(interaction, lambda it: handler(it, button.guild_id), in_place=True)

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the route of the form with a task's id."""
        return (FormRoute(BIND_TASK_CUSTOM_ID, self._bind_task),)

    async def _bind_task(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        job_and_fence, task = _parse_job_and_fence(match), read_task_id(data)
        await self._serve(
            interaction,
            lambda it: self._decide(it, Decision.BIND_TASK, job_and_fence, task),
            in_place=True,
        )

    async def _serve(
        self,
        interaction: Interaction,
        handler: Callable[[Interaction], Awaitable[None]],
        *,
        in_place: bool = False,
    ) -> None:
        """Defer the response, check that the member is the operator, and run a handler."""

        async def serve() -> None:
            defer = (
                self._interactions.defer_update_or_reply
                if in_place
                else self._interactions.defer_reply
            )
            await defer(interaction)
            await check_operator(interaction)
            await handler(interaction)

        await run_handler(interaction, serve())

    async def _show_status(self, interaction: Interaction) -> None:
        view = operator_cards.render_service_status(
            await control.read_service_status(self._context)
        )
        await interaction.edit_original_response(view=view)

    async def _resume(self, interaction: Interaction) -> None:
        was_stopped = await control.resume_submissions(self._context, _operator(interaction))
        self._worker.wake(everyone=True)
        disk_space = self._context.disk_space()
        if disk_space.is_low:
            await _reply(interaction, format_low_disk_space(disk_space))
            return
        await _reply(interaction, _("Resumed.") if was_stopped else _("It's already running."))

    async def _show_parked_jobs(
        self, interaction: Interaction, number: int = 0, message: str | None = None
    ) -> None:
        page = await read_parked_page(self._context, number)
        await interaction.edit_original_response(
            view=operator_cards.render_parked_jobs(page, message)
        )

    async def _open_bind_task_form(
        self, interaction: Interaction, job_and_fence: tuple[str, int]
    ) -> None:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                await check_operator(interaction)
        except TimeoutError:
            raise UserError(_("Discord is slow right now. Click again in a moment.")) from None
        await interaction.response.send_modal(bind_task_modal(*job_and_fence))

    async def _ask_confirmation(
        self, interaction: Interaction, decision: Decision, job_and_fence: tuple[str, int]
    ) -> None:
        job_id, fence = job_and_fence
        row = await get_parked_job(self._context, job_id)
        if row is None or row.job.fence != fence or decision not in row.allowed_decisions:
            await self._show_parked_jobs(interaction, message=_(_STALE_DECISION))
            return
        await interaction.edit_original_response(
            view=operator_cards.render_confirmation(row, decision)
        )

    async def _ask_release_all(self, interaction: Interaction, guild_id: int) -> None:
        count = await count_releasable(self._context, guild_id)
        if not count:
            await self._show_parked_jobs(interaction, message=_(_NOTHING_TO_RELEASE))
            return
        await interaction.edit_original_response(
            view=operator_cards.render_release_all_question(guild_id, count)
        )

    async def _release_all(self, interaction: Interaction, guild_id: int) -> None:
        count = await release_all(self._context, guild_id, _operator(interaction))
        self._worker.wake()
        message = ngettext(
            "Ended {count} video. Nobody pays.",
            "Ended {count} videos. Nobody pays.",
            count,
        )
        message = message if count else _(_NOTHING_TO_RELEASE)
        await self._show_parked_jobs(interaction, message=message)

    async def _decide(
        self,
        interaction: Interaction,
        decision: Decision,
        job_and_fence: tuple[str, int],
        task_id: str | None = None,
    ) -> None:
        request = DecisionRequest(
            decision=decision,
            job_id=job_and_fence[0],
            fence=job_and_fence[1],
            operator=_operator(interaction),
            task_id=task_id,
        )
        message = await self._apply_decision(request)
        self._worker.wake()
        await self._show_parked_jobs(interaction, message=message)

    async def _apply_decision(self, request: DecisionRequest) -> str:
        try:
            await apply_decision(self._context, request)
        except StaleDecision:
            return _(_STALE_DECISION)
        except TaskTaken:
            return _("That task belongs to another video. Nothing changed.")
        except TaskNotBindable:
            return _("APIXO doesn't know that task. Nothing changed.")
        except TaskCheckFailed:
            return _("APIXO didn't say if it knows that task. Try again.")
        return _(_DECISION_APPLIED[request.decision])

    async def _change_limit(
        self, interaction: Interaction, limit: Limit, amount: str | None
    ) -> str:
        change = quotas.clear_limit if amount is None else quotas.set_limit
        before = await change(self._context, limit, _operator(interaction))
        was = _("default") if before is None else format_limit(before.kind, before.amount)
        now = _("default") if amount is None else format_limit(limit.kind, limit.amount)
        message = (_SERVER_LIMIT_CHANGED if limit.guild_id else _GLOBAL_LIMIT_CHANGED)[limit.kind]
        return _(message, server=limit.guild_id, now=now, was=was)


def _build_limit(period: str, amount: str | None, server: str | None) -> Limit:
    if period not in (LimitKind.DAY, LimitKind.MONTH):
        raise UserError(_("Pick day or month for period."))
    guild_id = _server_id(server)
    return Limit(
        target=LimitTarget.SERVER if guild_id else LimitTarget.EVERYTHING,
        kind=LimitKind(period),
        amount=None if amount is None else parse_typed(parse_limit, amount),
        guild_id=guild_id,
        subject_id=0,
    )


def _server_id(server: str | None) -> int:
    if server is None:
        return 0
    guild_id = parse_snowflake(server.strip())
    if guild_id is None:
        raise UserError(_("Write the server's ID, a long number."))
    return guild_id


def _operator(interaction: Interaction) -> Actor:
    return Actor(interaction.user.id, interaction.id)


def _parse_job_and_fence(match: re.Match[str]) -> tuple[str, int]:
    return match["job"], int(match["fence"])


async def _reply(interaction: Interaction, message: str) -> None:
    await interaction.edit_original_response(view=views.render_text(message))
