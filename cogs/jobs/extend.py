"""*Extend*: a modal about what comes next, and a new video from the last frame of another."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from cogs.generation.modals import ModalField, ModalKind, apply_input, extend_modal
from cogs.generation.retry import RetryDraft
from cogs.generation.service import GenerationService
from cogs.ui.forms import read_fields
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError
from cogs.ui.routing import Interaction
from domain.job_view import JobView
from domain.requests import Picture
from workflow.context import Context
from workflow.member_turns import MemberTurn
from workflow.results.extend import (
    ExtendRefusal,
    check_extendable,
    draft_continuation,
    extract_last_frame,
)
from workflow.results.rerun import modal_keys

_MODAL_READ_S: Final = 2
"""Seconds to read a job: a modal must be the first answer, within Discord's three seconds."""

_REFUSALS: Final = MappingProxyType(
    {
        ExtendRefusal.NOT_READY: N_("There's no video to extend yet."),
        ExtendRefusal.DELETED: N_("This video was deleted, so I can't extend it."),
        ExtendRefusal.NOT_KEPT: N_(
            "This video's file is gone, so I can't extend it. If you saved it, use "
            "`/animate` with its last frame."
        ),
        ExtendRefusal.NO_VIDEO_TOOLS: N_(
            "Extending isn't set up on this bot. Save the video, and use `/animate` with "
            "its last frame."
        ),
        ExtendRefusal.UNUSABLE: N_(
            "I can't read this video's last frame, so I can't extend it. You weren't charged."
        ),
    }
)


class ExtendHandler:
    """The handler of *Extend* and its modal; `find_own_job` returns a member's own job."""

    def __init__(
        self,
        context: Context,
        interactions: InteractionTracker,
        service: GenerationService,
        find_own_job: Callable[[Interaction, str], Awaitable[JobView]],
    ) -> None:
        self._context = context
        self._interactions = interactions
        self._service = service
        self._find_own_job = find_own_job

    async def open_modal(self, interaction: Interaction, job_id: str) -> None:
        """Open the modal, filled in with the request of the video."""
        try:
            async with asyncio.timeout(_MODAL_READ_S):
                job = await self._find_own_job(interaction, job_id)
                refusal = await check_extendable(self._context, job)
        except TimeoutError:
            raise UserError(_("We're a bit slow right now. Click again in a moment.")) from None
        if refusal:
            raise UserError(_(_REFUSALS[refusal]))
        # What comes next is something else: the words of the video would be made once more.
        draft = replace(draft_continuation(job, self._context.now_ms()), prompt="")
        await interaction.response.send_modal(extend_modal(draft, job.id, interaction.id))

    async def request_extension(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        """Request the video of a submitted modal; submitted twice, it is one job."""
        await self._interactions.defer_reply(interaction)
        job = await self._find_own_job(interaction, match["job"])
        keys = modal_keys(int(match["opened"]), interaction.user.id, job.id)
        known = apply_input(draft_continuation(job, self._context.now_ms()), data)
        wants_film = read_fields(data).get(ModalField.JOIN) is True
        known = replace(known, joined_to=job.id if wants_film else None)
        early = RetryDraft(interaction.user.id, ModalKind.EXTEND, known, job_id=job.id)
        async with self._service.take_turn(interaction, known, keys, retry=early) as turn:
            picture = await self._extract_last_frame(job, turn)
            draft = replace(known, pictures=(picture,))
            retry = RetryDraft(interaction.user.id, ModalKind.EXTEND, draft, job_id=job.id)
            view = await self._service.request_video(interaction, draft, keys, retry)
        await self._service.answer(interaction, view)

    async def _extract_last_frame(self, job: JobView, turn: MemberTurn) -> Picture:
        name = _("last frame of the video")
        picture = await extract_last_frame(self._context, job, name, turn.save_input)
        if isinstance(picture, ExtendRefusal):
            raise UserError(_(_REFUSALS[picture]))
        return picture
