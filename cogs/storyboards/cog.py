"""The command /storyboard, its form, and the buttons about storyboards and their shots."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import discord
from discord import app_commands

from cogs.generation.attachments import RemoteFile
from cogs.generation.autocomplete import Autocomplete, typed_model
from cogs.generation.modals import (
    STORYBOARD_MODAL_ID,
    ModalField,
    ModalKind,
    apply_input,
    make_modal,
    uploaded_files,
)
from cogs.generation.options import (
    ASPECT_RATIO_CHOICES,
    MODEL_CHOICES,
    OPTION_DESCRIPTIONS,
    RESOLUTION_CHOICES,
    DurationRange,
    VideoOptions,
    build_draft,
    duration_choices,
)
from cogs.generation.retry import RetryDraft
from cogs.storyboards.controls import StoryboardAction, StoryboardButton
from cogs.storyboards.service import StoryboardService, decided_text
from cogs.ui import text
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError, run_handler
from cogs.ui.routing import ComponentCog, ComponentRoute, FormRoute, Interaction
from cogs.ui.shot_buttons import ShotAction, ShotButton
from cogs.ui.views import render_text
from domain.job_view import JobView
from domain.requests import GenerationCommand
from domain.storyboard import MAX_PICTURES
from workflow.context import Context
from workflow.errors import JobNotFound, ShotDecided
from workflow.results.lookup import get_job
from workflow.results.rerun import IdempotencyKeys, modal_keys
from workflow.storyboards.orders import cancel_storyboard, skip_shot

_File = discord.Attachment | None

_PICTURES: Final = [f"image{number}" for number in range(1, MAX_PICTURES + 1)]
_DESCRIPTIONS: Final = {
    **{
        name: description
        for name, description in OPTION_DESCRIPTIONS.items()
        if name not in ("fixed_lens", "web_search", "takes")
    },
    "prompt": N_("Your shots: 1. … 2. … Leave it out to write them in a form"),
    **dict.fromkeys(_PICTURES, N_("A picture that shots start from: name it as [1] to [8]")),
    "duration": N_("Length of each shot in seconds: 4 to 12 with 1.5 Pro, 4 to 15 with 2.0"),
}


class StoryboardCog(ComponentCog):
    """The command, the submissions of its form, and the buttons."""

    def __init__(
        self,
        context: Context,
        interactions: InteractionTracker,
        service: StoryboardService,
        autocomplete: Autocomplete,
    ) -> None:
        self._context = context
        self._interactions = interactions
        self._service = service
        self._autocomplete = autocomplete

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the routes of the buttons."""
        return (
            ComponentRoute(StoryboardButton, self.handle_click),
            ComponentRoute(ShotButton, self.handle_shot),
        )

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the route of the form, which an earlier process may have opened."""
        return (FormRoute(STORYBOARD_MODAL_ID, self._submit),)

    @app_commands.command(
        name="storyboard", description=N_("Make a film of up to 8 shots, each from the last")
    )
    @app_commands.describe(**_DESCRIPTIONS)
    @app_commands.choices(
        model=MODEL_CHOICES, resolution=RESOLUTION_CHOICES, aspect_ratio=ASPECT_RATIO_CHOICES
    )
    async def storyboard(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: Interaction,
        prompt: str | None = None,
        image1: _File = None,
        image2: _File = None,
        image3: _File = None,
        image4: _File = None,
        image5: _File = None,
        image6: _File = None,
        image7: _File = None,
        image8: _File = None,
        model: str | None = None,
        duration: DurationRange | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        preset: str | None = None,
        private: bool | None = None,
    ) -> None:
        """Make a film of several shots."""
        options = VideoOptions(
            prompt=prompt or "",
            model=model,
            duration=duration,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            sound=sound,
            preset=preset,
            private=private,
        )
        images = (image1, image2, image3, image4, image5, image6, image7, image8)
        files = [RemoteFile(one.filename, one.url, one.size) for one in images if one is not None]
        draft = build_draft(GenerationCommand.VIDEO, options)
        given = RetryDraft(interaction.user.id, ModalKind.STORYBOARD, draft, files=tuple(files))
        await run_handler(interaction, self._begin(interaction, given))

    @storyboard.autocomplete("duration")
    async def _suggest_seconds(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        """Suggest lengths that the chosen model makes."""
        return duration_choices(typed_model(interaction), current)

    @storyboard.autocomplete("preset")
    async def _suggest_presets(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest the server's presets."""
        return await self._autocomplete.matching_presets(interaction, current)

    async def _begin(self, interaction: Interaction, given: RetryDraft) -> None:
        if given.draft.prompt.strip():
            await self._interactions.defer_reply(interaction)
            await self._ask(interaction, given, given.files, IdempotencyKeys(interaction.id))
        else:
            await self._open_form(interaction, given)

    async def _open_form(self, interaction: Interaction, given: RetryDraft) -> None:
        """Open the form, and keep the options and the pictures that were given."""
        await self._service.gate.check_before_form(interaction)
        await self._service.retries.keep(interaction.id, given, given.draft)
        user_id, key = interaction.user.id, str(interaction.id)
        form = await self._service.retries.build_modal(key, user_id, interaction.id)
        if form is None:
            form = make_modal(ModalKind.STORYBOARD, f"mend:storyboard:{key}:{key}", given.draft)
        await interaction.response.send_modal(form)

    async def _submit(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._interactions.defer_reply(interaction)
        user_id, key = interaction.user.id, match["key"]
        before = await self._service.retries.find(key, user_id, ModalKind.STORYBOARD)
        keys = modal_keys(int(match["opened"]), user_id, f"storyboard:{key}")
        draft = apply_input(before.draft, data)
        given = RetryDraft(user_id, ModalKind.STORYBOARD, draft, before.frames)
        files = uploaded_files(data, ModalField.PICTURES) or before.files
        await self._ask(interaction, given, files, keys)

    async def _ask(
        self,
        interaction: Interaction,
        given: RetryDraft,
        files: Sequence[RemoteFile],
        keys: IdempotencyKeys,
    ) -> None:
        view = await self._service.ask(interaction, given, files, keys)
        await interaction.edit_original_response(view=view)

    async def handle_click(self, interaction: Interaction, button: StoryboardButton) -> None:
        """Make or cancel a storyboard."""
        handler = self._make if button.action is StoryboardAction.MAKE else self._cancel
        await run_handler(interaction, handler(interaction, button.subject))

    async def handle_shot(self, interaction: Interaction, button: ShotButton) -> None:
        """Try a shot again, or go on without it."""
        handler = self._try_again if button.action is ShotAction.TRY_AGAIN else self._skip
        await run_handler(interaction, handler(interaction, button.job_id))

    async def _make(self, interaction: Interaction, key: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        view = await self._service.confirm(interaction, key)
        await interaction.edit_original_response(view=view)

    async def _cancel(self, interaction: Interaction, storyboard_id: str) -> None:
        await self._interactions.defer_update_or_reply(interaction)
        try:
            user_id = interaction.user.id
            is_cancelled = await cancel_storyboard(self._context, storyboard_id, user_id)
        except JobNotFound:
            raise UserError(_(text.NO_SUCH_VIDEO)) from None
        if not is_cancelled:
            raise UserError(_("Too late to cancel. This storyboard is over."))
        view = render_text(_("🚫 **Cancelled.** You won't pay for the shots that were waiting."))
        await interaction.edit_original_response(view=view)

    async def _try_again(self, interaction: Interaction, job_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._find_own_job(interaction, job_id)
        view = await self._service.try_again(interaction, job)
        await interaction.edit_original_response(view=view)

    async def _skip(self, interaction: Interaction, job_id: str) -> None:
        await self._interactions.defer_reply(interaction)
        job = await self._find_own_job(interaction, job_id)
        try:
            await skip_shot(self._context, job.id, interaction.user.id)
        except ShotDecided:
            raise UserError(decided_text()) from None
        view = render_text(_("Skipped. I'm going on with the next shot."))
        await interaction.edit_original_response(view=view)

    async def _find_own_job(self, interaction: Interaction, job_id: str) -> JobView:
        job = await get_job(self._context, job_id)
        if job is None or interaction.guild_id not in (job.guild_id, None):
            raise UserError(_(text.NO_SUCH_VIDEO))
        if job.user_id != interaction.user.id:
            raise UserError(_("Only the person who made this can do that."))
        return job
