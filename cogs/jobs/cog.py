"""Buttons under a job's messages, and the modals that they open."""

import asyncio
import re
from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from discord import ui

from cogs.generation.modals import (
    EDIT_MODAL_ID,
    EXTEND_MODAL_ID,
    ModalKind,
    apply_input,
    edit_modal,
)
from cogs.generation.retry import DRAFT_EXPIRED, RetryDraft, RetryModals, remix_retry
from cogs.generation.service import GenerationService
from cogs.jobs.extend import ExtendHandler
from cogs.jobs.share import ShareHandler
from cogs.ui import takes_text, text, views
from cogs.ui.buttons import ActionButton, ButtonAction
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import (
    InteractionTracker,
    UserError,
    check_may_delete,
    is_on_private_message,
    run_handler,
    send_aside,
)
from cogs.ui.notify_button import NotifyButton, job_id_on, toggle_button
from cogs.ui.post_marks import job_id_in
from cogs.ui.routing import ComponentCog, ComponentRoute, FormRoute, Interaction
from domain.job_view import JobView
from domain.jobs import JobState
from domain.pricing import quote
from domain.requests import Draft, GenerationCommand, build_request
from domain.violations import Source, Violation, ViolationCode
from workflow.context import Context
from workflow.errors import JobNotFound, NotCancellable, NotDelivered, PublishError
from workflow.guilds import notifications, settings
from workflow.pending_interactions import KEPT_MINUTES
from workflow.results.credit import find_origin
from workflow.results.delete import delete_video, is_deleted
from workflow.results.job_list import read_job_page
from workflow.results.lookup import get_job, read_job_amounts
from workflow.results.rerun import (
    are_inputs_available,
    click_keys,
    draft_from_job,
    draft_remix,
    modal_keys,
    next_higher_resolution,
)
from workflow.stages.accept import cancel, cancel_order
from workflow.takes.lookup import list_takes_of_order
from workflow.urls.input_urls import oversized_inputs
from workflow.worker import Worker

T = TypeVar("T")

_NOT_THEIRS: Final = N_("Only the person who made this can do that.")

_MODAL_READ_S: Final = 2
"""Seconds to read a job: a modal must be the first answer, within Discord's three seconds."""


class JobButtonsCog(ComponentCog):
    """The buttons under a job's messages, and submissions of their modals."""

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
        self._extend = ExtendHandler(context, interactions, service, self._find_own_job)
        self._actions = {
            ButtonAction.CANCEL: self._cancel,
            ButtonAction.RERUN: self._rerun,
            ButtonAction.EDIT: self._edit,
            ButtonAction.MAKE_FINAL: self._ask_make_final,
            ButtonAction.CONFIRM_FINAL: self._confirm_final,
            ButtonAction.EXTEND: self._extend.open_modal,
            ButtonAction.SHARE: ShareHandler(context, interactions, self._find_job).share,
            ButtonAction.DETAILS: self._details,
            ButtonAction.DELETE: self._ask_delete,
            ButtonAction.CONFIRM_DELETE: self._confirm_delete,
            ButtonAction.REOPEN_FORM: self._reopen_form,
            ButtonAction.CONFIRM_PRICE: self._confirm_price,
            ButtonAction.CUT_CLIPS: self._cut_clips,
        }

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the route of the buttons under a job's messages."""
        return (ComponentRoute(ActionButton, self.handle_click),)

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the routes of the modals, which an earlier process may have opened."""
        return (
            FormRoute(EDIT_MODAL_ID, self._submit_edit),
            FormRoute(EXTEND_MODAL_ID, self._extend.request_extension),
        )

    async def handle_click(self, interaction: Interaction, button: ActionButton) -> None:
        """Run the handler of a button's action, which answers the click."""
        work = self._actions[button.action](interaction, button.subject)
        await run_handler(interaction, work)

    async def _cancel(self, interaction: Interaction, subject: str) -> None:
        """Cancel a job, or those takes of an order that still wait."""
        await self._interactions.defer_update_or_reply(interaction)
        takes = await list_takes_of_order(self._context, subject)
        job_id = takes[0].id if takes else subject
        going_on = 0
        try:
            if takes:
                going_on = await cancel_order(self._context, subject, interaction.user.id)
            else:
                await cancel(self._context, job_id, interaction.user.id)
        except JobNotFound:
            raise UserError(_(text.NO_SUCH_VIDEO)) from None
        except NotCancellable as error:
            await self._tell_too_late(interaction, job_id, error)
            return
        self._worker.wake()
        if going_on:
            await self._tell_partly_cancelled(interaction, job_id, going_on)
        else:
            await interaction.edit_original_response(view=views.render_text(_(text.CANCELLED)))

    async def _tell_partly_cancelled(
        self, interaction: Interaction, job_id: str, going_on: int
    ) -> None:
        """Say that some takes are made already, beside the private answer, which follows them."""
        line = takes_text.format_partly_cancelled(going_on)
        await send_aside(interaction, views.render_text(line))
        if is_on_private_message(interaction):
            await self._service.let_answer_follow(interaction, job_id)

    async def _tell_too_late(
        self, interaction: Interaction, job_id: str, error: NotCancellable
    ) -> None:
        """Say so beside the private answer, which goes on following the job."""
        view = views.render_text(text.format_too_late(error))
        await send_aside(interaction, view)
        if is_on_private_message(interaction):
            await self._service.let_answer_follow(interaction, job_id)

    async def _rerun(self, interaction: Interaction, job_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        job, user_id = await self._find_source(interaction, job_id), interaction.user.id
        keys = click_keys(interaction.id, user_id, ButtonAction.RERUN, job.id)
        draft = await self._draft(job, user_id)
        retry = remix_retry(user_id, draft) if _lacks_files(draft) else None
        view = await self._service.request_video(interaction, draft, keys, retry)
        await self._service.answer(interaction, view)

    async def _edit(self, interaction: Interaction, job_id: str) -> None:
        modal = await _in_time(self._build_edit_modal(interaction, job_id))
        await interaction.response.send_modal(modal)

    async def _build_edit_modal(self, interaction: Interaction, job_id: str) -> ui.Modal:
        """Build the modal that changes a job's request; for a remix it may have to take files."""
        job, user_id = await self._find_source(interaction, job_id), interaction.user.id
        if job.user_id == user_id:
            draft = draft_from_job(job, self._context.now_ms())
        else:
            draft = draft_remix(job, self._context.now_ms())
        if _lacks_files(draft):
            await self._retries.keep(interaction.id, remix_retry(user_id, draft), draft)
            key = str(interaction.id)
            modal = await self._retries.build_modal(key, user_id, interaction.id)
            assert modal is not None, "it was kept just now"
            return modal
        return edit_modal(draft, job.id, interaction.id)

    async def _reopen_form(self, interaction: Interaction, key: str) -> None:
        user_id = interaction.user.id
        modal = await _in_time(self._retries.build_modal(key, user_id, interaction.id))
        if modal is None:
            raise UserError(_(DRAFT_EXPIRED, minutes=KEPT_MINUTES))
        await interaction.response.send_modal(modal)
        await self._retries.renew(key, user_id)

    async def _confirm_price(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        view = await self._service.confirm(interaction, key)
        await self._service.answer(interaction, view)

    async def _cut_clips(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        view = await self._service.request_cut(interaction, key)
        await self._service.answer(interaction, view)

    async def _submit_edit(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._find_source(interaction, match["job"])
        before = await self._draft(job, interaction.user.id)
        draft = apply_input(before, data)
        keys = modal_keys(int(match["opened"]), interaction.user.id, job.id)
        retry = RetryDraft(interaction.user.id, ModalKind.EDIT, draft, job_id=job.id)
        if _lacks_files(before):
            retry = remix_retry(interaction.user.id, draft)
        elif before.violations and draft.command is GenerationCommand.ANIMATE:
            missing_frames = (None,) * len(draft.pictures)
            retry = RetryDraft(interaction.user.id, ModalKind.ANIMATE, draft, missing_frames)
        view = await self._service.request_video(interaction, draft, keys, retry)
        await self._service.answer(interaction, view)

    async def _ask_make_final(self, interaction: Interaction, job_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._find_own_job(interaction, job_id)
        draft = await self._final_draft(job)
        request = build_request(draft)
        price = quote(request).amount
        confirm = ActionButton(
            ButtonAction.CONFIRM_FINAL, f"{job.id}:{price}", text.format_spend_label(price)
        )
        await interaction.edit_original_response(
            view=views.render_question(text.format_final_question(request), confirm)
        )

    async def _confirm_final(self, interaction: Interaction, subject: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        job_id, _colon, shown_price = subject.partition(":")
        job = await self._find_own_job(interaction, job_id)
        draft = await self._final_draft(job)
        price = quote(build_request(draft)).amount
        if str(price) != shown_price:
            raise UserError(_("The price changed. Click *Make final* again."))
        keys = click_keys(interaction.id, interaction.user.id, ButtonAction.CONFIRM_FINAL, job.id)
        view = await self._service.request_video(interaction, draft, keys, agreed_price=price)
        await self._service.answer(interaction, view)

    async def _details(self, interaction: Interaction, subject: str) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._find_job(interaction, job_id_in(subject))
        is_manager = interaction.permissions.manage_guild
        sees_cost = is_manager or job.user_id == interaction.user.id
        cost = await read_job_amounts(self._context, job.id) if sees_cost else None
        origin = await find_origin(self._context, job)
        view = views.render_details(job, cost, origin, show_task_id=is_manager)
        await interaction.edit_original_response(view=view, attachments=views.prompt_files(job))

    async def _ask_delete(self, interaction: Interaction, subject: str) -> None:
        await self._interactions.defer_reply(interaction)
        found = await self._find_deletable_jobs(interaction, subject)
        confirm = ActionButton(ButtonAction.CONFIRM_DELETE, subject)
        question = takes_text.format_delete_question(len(found))
        await interaction.edit_original_response(view=views.render_question(question, confirm))

    async def _confirm_delete(self, interaction: Interaction, subject: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        found = await self._find_deletable_jobs(interaction, subject)
        try:
            for job in found:
                await delete_video(self._context, job.id, interaction.user.id)
        except NotDelivered:
            raise UserError(_("It's being posted right now. Try again in a moment.")) from None
        except PublishError:
            raise UserError(
                _("Discord didn't let me delete the message. Try again in a moment.")
            ) from None
        finally:
            self._worker.wake()
        await interaction.edit_original_response(view=views.render_text(_(text.DELETED)))

    async def _find_job(self, interaction: Interaction, job_id: str) -> JobView:
        """Return a job that is visible here: on its server, or in its member's direct messages.

        A private job is visible to its member alone.
        """
        job = await get_job(self._context, job_id)
        if job is None or interaction.guild_id not in (job.guild_id, None):
            raise UserError(_(text.NO_SUCH_VIDEO))
        is_visible_to_member_only = job.private or interaction.guild_id is None
        if is_visible_to_member_only and job.user_id != interaction.user.id:
            raise UserError(_(text.NO_SUCH_VIDEO))
        return job

    async def _find_own_job(self, interaction: Interaction, job_id: str) -> JobView:
        """Return a member's own job, on its server, to request another one like it."""
        job = await self._find_here(interaction, job_id)
        if job.user_id != interaction.user.id:
            raise UserError(_(_NOT_THEIRS))
        return job

    async def _find_source(self, interaction: Interaction, job_id: str) -> JobView:
        """Return a member's own job, or one with a public video that the server lets them remix."""
        job = await self._find_here(interaction, job_id)
        if job.user_id == interaction.user.id:
            return job
        has_video = job.state is JobState.DELIVERED and not is_deleted(job)
        chosen = await settings.read(self._context, job.guild_id)
        if not (has_video and chosen.remix_allowed):
            raise UserError(_(_NOT_THEIRS))
        return job

    async def _find_here(self, interaction: Interaction, job_id: str) -> JobView:
        """Return a job that is visible on the server where another one is asked for."""
        job = await self._find_job(interaction, job_id)
        if interaction.guild_id is None:
            raise UserError(_("Run a command on a server to make videos."))
        return job

    async def _find_deletable_jobs(self, interaction: Interaction, subject: str) -> list[JobView]:
        """Return the job, or the posted takes of an order, whose videos this user may delete."""
        takes = await list_takes_of_order(self._context, subject)
        posted = [take.id for take in takes if take.state is JobState.DELIVERED]
        found = [await self._find_job(interaction, job_id) for job_id in posted or [subject]]
        for job in found:
            check_may_delete(interaction, job.user_id, job.destination_channel_id)
        return found

    async def _draft(self, job: JobView, user_id: int) -> Draft:
        """Return the draft of a member's own job, or of their remix of another's."""
        if job.user_id != user_id:
            return draft_remix(job, self._context.now_ms())
        draft = draft_from_job(job, self._context.now_ms())
        if not await are_inputs_available(self._context, job):
            violation = Violation.of(ViolationCode.INPUTS_GONE, Source.ATTACHMENT)
        elif (files := await oversized_inputs(self._context, job)) is not None:
            violation = Violation.of(ViolationCode.INPUTS_TOO_LARGE, Source.ATTACHMENT, files=files)
        else:
            return draft
        return replace(draft, violations=(violation,))

    async def _final_draft(self, job: JobView) -> Draft:
        """Return the draft of a job at its model's next higher resolution."""
        higher = next_higher_resolution(job.request)
        if higher is None:
            raise UserError(_("This is already the highest resolution of its model."))
        return replace(await self._draft(job, job.user_id), resolution=higher)


def _lacks_files(draft: Draft) -> bool:
    """Return whether the draft is of a remix whose origin had files."""
    return any(one.code is ViolationCode.REMIX_NEEDS_FILES for one in draft.violations)


async def _in_time(read: Awaitable[T]) -> T:
    """Return what a modal is to show; raises `UserError` if reading it takes too long."""
    try:
        async with asyncio.timeout(_MODAL_READ_S):
            return await read
    except TimeoutError:
        raise UserError(_("We're a bit slow right now. Click again in a moment.")) from None


class NotificationsCog(ComponentCog):
    """The button for done-notifications."""

    def __init__(
        self, context: Context, interactions: InteractionTracker, service: GenerationService
    ) -> None:
        self._context = context
        self._interactions = interactions
        self._service = service

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the route of the button for done-notifications."""
        return (ComponentRoute(NotifyButton, self.set_notifications),)

    async def set_notifications(self, interaction: Interaction, button: NotifyButton) -> None:
        """Turn done-notifications on or off, and toggle the button."""
        work = self._set_notifications(interaction, button.guild_id, wanted=button.enabled)
        await run_handler(interaction, work)

    async def _set_notifications(
        self, interaction: Interaction, guild_id: int, *, wanted: bool
    ) -> None:
        user_id = interaction.user.id
        if interaction.guild_id is None:
            # In direct messages the button is below a video, so its member has one there.
            is_known = bool((await read_job_page(self._context, guild_id, user_id)).total)
        else:
            is_known = interaction.guild_id == guild_id
        if not is_known:
            raise UserError(_(text.NO_SUCH_VIDEO))
        await self._interactions.defer_update(interaction)
        await notifications.set_done_notification(self._context, guild_id, user_id, wanted=wanted)
        if interaction.message is not None:
            view = toggle_button(interaction.message, NotifyButton(guild_id, enabled=not wanted))
            await interaction.edit_original_response(view=view)
            # Its job may have moved on since the click, and this message been brought up to date.
            if (job_id := job_id_on(interaction.message)) is not None:
                await self._service.let_answer_follow(interaction, job_id)
