"""What the buttons under the cards do, and the forms that two of them open."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import discord
from discord.ext import commands

from cogs.generation.modals import (
    EDIT_MODAL_ID,
    EXTEND_MODAL_ID,
    ModalKind,
    apply_input,
    edit_modal,
    match_submission,
)
from cogs.generation.retry import DRAFT_EXPIRED, RetryDraft, RetryModals
from cogs.generation.service import GenerationService
from cogs.jobs.extend import ExtendHandler
from cogs.jobs.share import ShareHandler
from cogs.ui import text, views
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import _
from cogs.ui.interactions import InteractionTracker, UserError, run_handler
from cogs.ui.notify_button import NotifyButton, toggle_button
from cogs.ui.routing import ComponentCog, ComponentRoute
from cogs.ui.ttl_store import TTL_MINUTES
from domain.job_view import JobView
from domain.pricing import quote
from domain.requests import Draft, GenerationCommand, build_request
from domain.violations import Source, Violation, ViolationCode
from workflow.context import Context
from workflow.errors import JobNotFound, NotCancellable, NotDelivered, PublishError
from workflow.guilds import notifications
from workflow.results.delete import delete_video
from workflow.results.lookup import get_job, read_job_cost
from workflow.results.rerun import (
    are_inputs_available,
    click_keys,
    draft_from_job,
    modal_keys,
    next_higher_resolution,
)
from workflow.stages.accept import cancel
from workflow.worker import Worker

_FORM_READ_S: Final = 2
"""A form has to be the first answer, and Discord waits three seconds for it."""

_Interaction = discord.Interaction[Any]


class JobButtonsCog(ComponentCog):
    """Answers whoever clicks a button under a card, or sends off the form."""

    def __init__(
        self,
        context: Context,
        worker: Worker,
        interactions: InteractionTracker,
        service: GenerationService,
        retries: RetryModals,
    ) -> None:
        self._context = context
        self._worker = worker
        self._interactions = interactions
        self._service = service
        self._retries = retries
        self._extend = ExtendHandler(context, interactions, service, self._own)
        self._actions = {
            ButtonAction.CANCEL: self._cancel,
            ButtonAction.RERUN: self._again,
            ButtonAction.EDIT: self._edit,
            ButtonAction.MAKE_FINAL: self._ask_final,
            ButtonAction.CONFIRM_FINAL: self._buy_final,
            ButtonAction.EXTEND: self._extend.open_modal,
            ButtonAction.SHARE: ShareHandler(context, interactions, self._found).share,
            ButtonAction.DETAILS: self._details,
            ButtonAction.DELETE: self._ask_delete,
            ButtonAction.CONFIRM_DELETE: self._erase,
            ButtonAction.REOPEN_FORM: self._retype,
            ButtonAction.CONFIRM_PRICE: self._confirm_price,
        }

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """List the buttons under cards."""
        return (ComponentRoute(ActionButton, self.handle_click),)

    async def handle_click(self, interaction: _Interaction, button: ActionButton) -> None:
        """Do what the click on a button asks for, and answer it."""
        work = self._actions[button.action](interaction, button.subject)
        await run_handler(interaction, work)

    @commands.Cog.listener("on_interaction")
    async def on_modal_submit(self, interaction: _Interaction) -> None:
        """Take a form that is sent off, also one that an earlier process has opened."""
        if sent := match_submission(interaction, EDIT_MODAL_ID):
            await run_handler(interaction, self._order_typed(interaction, *sent))
        elif sent := match_submission(interaction, EXTEND_MODAL_ID):
            await run_handler(interaction, self._extend.request_extension(interaction, *sent))

    async def _cancel(self, interaction: _Interaction, job_id: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        try:
            await cancel(self._context, job_id, interaction.user.id)
        except JobNotFound:
            raise UserError(_(text.NO_SUCH_VIDEO)) from None
        except NotCancellable as error:
            raise UserError(text.format_too_late(error)) from None
        self._worker.wake()
        said = _("Cancelled `{job}`. Nothing was charged.", job=job_id)
        await interaction.edit_original_response(view=views.render_text(said))

    async def _again(self, interaction: _Interaction, job_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._own(interaction, job_id)
        keys = click_keys(interaction.id, interaction.user.id, ButtonAction.RERUN, job.id)
        card = await self._service.request_video(interaction, await self._draft(job), keys)
        await interaction.edit_original_response(view=card)

    async def _edit(self, interaction: _Interaction, job_id: str) -> None:
        try:
            async with asyncio.timeout(_FORM_READ_S):
                job = await self._own(interaction, job_id)
        except TimeoutError:
            raise UserError(_("The service is slow just now. Click again in a moment.")) from None
        draft = draft_from_job(job, self._context.now_ms())
        await interaction.response.send_modal(edit_modal(draft, job.id, interaction.id))

    async def _retype(self, interaction: _Interaction, key: str) -> None:
        form = self._retries.build_modal(key, interaction.user.id, interaction.id)
        if form is None:
            raise UserError(_(DRAFT_EXPIRED, minutes=TTL_MINUTES))
        await interaction.response.send_modal(form)

    async def _confirm_price(self, interaction: _Interaction, key: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        card = await self._service.confirm(interaction, key)
        await interaction.edit_original_response(view=card)

    async def _order_typed(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._own(interaction, about["job"])
        before = await self._draft(job)
        draft = apply_input(before, data)
        keys = modal_keys(int(about["opened"]), interaction.user.id, job.id)
        retry = RetryDraft(interaction.user.id, ModalKind.EDIT, draft, job_id=job.id)
        if before.violations and draft.command is GenerationCommand.ANIMATE:
            lost = (None,) * len(draft.pictures)
            retry = RetryDraft(interaction.user.id, ModalKind.ANIMATE, draft, lost)
        card = await self._service.request_video(interaction, draft, keys, retry)
        await interaction.edit_original_response(view=card)

    async def _ask_final(self, interaction: _Interaction, job_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._own(interaction, job_id)
        draft = await self._final(job)
        request = build_request(draft)
        price = quote(request).amount
        spend = ActionButton(
            ButtonAction.CONFIRM_FINAL, f"{job.id}:{price}", text.format_spend_label(price)
        )
        await interaction.edit_original_response(
            view=views.render_question(text.format_final_question(request), spend)
        )

    async def _buy_final(self, interaction: _Interaction, subject: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        job_id, _colon, seen = subject.partition(":")
        job = await self._own(interaction, job_id)
        draft = await self._final(job)
        price = quote(build_request(draft)).amount
        if str(price) != seen:
            raise UserError(_("The price has changed since. Click *Make final* once more."))
        keys = click_keys(interaction.id, interaction.user.id, ButtonAction.CONFIRM_FINAL, job.id)
        card = await self._service.request_video(interaction, draft, keys, agreed_price=price)
        await interaction.edit_original_response(view=card)

    async def _details(self, interaction: _Interaction, job_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._found(interaction, job_id)
        manages = interaction.permissions.manage_guild
        sees_cost = manages or job.user_id == interaction.user.id
        cost = await read_job_cost(self._context, job.id) if sees_cost else None
        card = views.render_details(job, cost, show_task_id=manages)
        await interaction.edit_original_response(view=card, attachments=views.prompt_files(job))

    async def _ask_delete(self, interaction: _Interaction, job_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._deletable(interaction, job_id)
        erase_it = ActionButton(ButtonAction.CONFIRM_DELETE, job.id)
        await interaction.edit_original_response(
            view=views.render_question(_(text.DELETE_QUESTION), erase_it)
        )

    async def _erase(self, interaction: _Interaction, job_id: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        job = await self._deletable(interaction, job_id)
        try:
            await delete_video(self._context, job.id, interaction.user.id)
        except NotDelivered:
            raise UserError(_("It is being posted just now. Try again in a moment.")) from None
        except PublishError:
            raise UserError(
                _("Discord did not let me delete the message. Try again in a while.")
            ) from None
        finally:
            self._worker.wake()
        await interaction.edit_original_response(view=views.render_text(_(text.DELETED)))

    async def _found(self, interaction: _Interaction, job_id: str) -> JobView:
        """Find a job where the click came from: its server, or its member's direct messages.

        A private one is there for its member alone.
        """
        job = await get_job(self._context, job_id)
        if job is None or interaction.guild_id not in (job.guild_id, None):
            raise UserError(_(text.NO_SUCH_VIDEO))
        is_theirs_alone = job.private or interaction.guild_id is None
        if is_theirs_alone and job.user_id != interaction.user.id:
            raise UserError(_(text.NO_SUCH_VIDEO))
        return job

    async def _own(self, interaction: _Interaction, job_id: str) -> JobView:
        """Find a job to ask for another one like it, on its server, by its own member."""
        job = await self._found(interaction, job_id)
        if interaction.guild_id is None:
            raise UserError(_("Videos are asked for in a server. Use a command there."))
        if job.user_id != interaction.user.id:
            raise UserError(_("Only the member who asked for this video can do that."))
        return job

    async def _deletable(self, interaction: _Interaction, job_id: str) -> JobView:
        """Find a job whose video this user may delete."""
        job = await self._found(interaction, job_id)
        here = interaction.channel_id == job.destination_channel_id
        moderates = here and interaction.permissions.manage_messages
        if not (moderates or job.user_id == interaction.user.id):
            raise UserError(
                _(
                    "Only the member who asked for this video, or who has *Manage Messages*, can "
                    "delete it."
                )
            )
        return job

    async def _draft(self, job: JobView) -> Draft:
        draft = draft_from_job(job, self._context.now_ms())
        if await are_inputs_available(self._context, job):
            return draft
        gone = Violation.of(ViolationCode.INPUTS_GONE, Source.ATTACHMENT)
        return replace(draft, violations=(gone,))

    async def _final(self, job: JobView) -> Draft:
        """Write the draft of a job at its model's next higher resolution."""
        higher = next_higher_resolution(job.request)
        if higher is None:
            raise UserError(_("It has the highest resolution of its model already."))
        return replace(await self._draft(job), resolution=higher)


class NotificationsCog(ComponentCog):
    """Remembers who wants to be written to."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._context = context
        self._interactions = interactions

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """List the button about messages."""
        return (ComponentRoute(NotifyButton, self.set_notifications),)

    async def set_notifications(self, interaction: _Interaction, button: NotifyButton) -> None:
        """Do what the click on the button asks for, and turn the button round."""
        work = self._choose(interaction, button.guild_id, wanted=button.enabled)
        await run_handler(interaction, work)

    async def _choose(self, interaction: _Interaction, guild_id: int, *, wanted: bool) -> None:
        if interaction.guild_id not in (guild_id, None):
            raise UserError(_(text.NO_SUCH_VIDEO))
        await self._interactions.defer_update(interaction)
        user_id = interaction.user.id
        await notifications.set_done_notification(self._context, guild_id, user_id, wanted=wanted)
        if interaction.message is not None:
            card = toggle_button(interaction.message, NotifyButton(guild_id, enabled=not wanted))
            await interaction.edit_original_response(view=card)
