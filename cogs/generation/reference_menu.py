"""The context menu entry that uses the files of a message as references."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import app_commands

from cogs.generation.attachments import AttachmentLoader, LoadedAttachments, RemoteFile
from cogs.generation.message_media import fetch_message, media_in, unreadable
from cogs.generation.message_menu import MessageMenuCog
from cogs.generation.modals import REFER_MODAL_ID, ModalKind, apply_input, make_modal
from cogs.generation.retry import RetryDraft
from cogs.generation.service import GenerationService
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError
from cogs.ui.routing import FormRoute, Interaction
from domain.errors import RulesViolated
from domain.requests import Draft, GenerationCommand
from domain.violations import ViolationCode
from workflow.context import Context
from workflow.media_probe.types import MediaKind
from workflow.member_turns import MemberTurn
from workflow.pending_interactions import PendingStore
from workflow.results.rerun import modal_keys

_MENU_NAME: Final = N_("Use as reference")
_NO_FILES: Final = N_(
    "I can't find a picture, video or sound in this message. Try another one, or attach "
    "files to `/reference`."
)
_EMPTY: Final = Draft(command=GenerationCommand.REFERENCE, prompt="")

_Media = Mapping[MediaKind, tuple[RemoteFile, ...]]


@dataclass(frozen=True, slots=True)
class _ShownMedia:
    """The files of a message as the click on its menu showed them."""

    media: _Media


class ReferenceMenuCog(MessageMenuCog):
    """The context menu entry: opening the modal, handling its submission."""

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        context: Context,
        interactions: InteractionTracker,
        service: GenerationService,
        attachments: AttachmentLoader,
    ) -> None:
        super().__init__(tree, _MENU_NAME, interactions, service, attachments)
        self._shown = PendingStore(context.database, context.now_ms, "shown files", _ShownMedia)

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the route of the modal, which an earlier process may have opened."""
        return (FormRoute(REFER_MODAL_ID, self._request),)

    async def _start(self, interaction: Interaction, message: discord.Message) -> None:
        await self._service.gate.check_before_form(interaction)
        media = media_in(message)
        names = [file.filename for kind in MediaKind for file in media[kind]]
        if not names:
            raise UserError(_(_NO_FILES))
        user_id = interaction.user.id
        await self._shown.put(f"{user_id}:{message.id}", user_id, _ShownMedia(media))
        note = _("From the message: {files}", files=", ".join(names))
        custom_id = f"refer:{message.id}:{interaction.id}"
        modal = make_modal(ModalKind.REFERENCE, custom_id, _EMPTY, note)
        await interaction.response.send_modal(modal)

    async def _request(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._interactions.defer_reply(interaction)
        user_id, message_id = interaction.user.id, int(match["message"])
        keys = modal_keys(int(match["opened"]), user_id, f"refer:{message_id}")
        known = apply_input(_EMPTY, data)
        early = RetryDraft(user_id, ModalKind.REFERENCE, known, omitted_references=1)
        async with self._service.take_turn(interaction, known, keys, retry=early) as turn:
            loaded = await self._load(turn, interaction, message_id)
            draft = loaded.as_references(known)
            omitted = len(loaded.violations)
            retry = RetryDraft(user_id, ModalKind.REFERENCE, draft, omitted_references=omitted)
            view = await self._service.request_video(interaction, draft, keys, retry)
        await self._service.answer(interaction, view)

    async def _load(
        self, turn: MemberTurn, interaction: Interaction, message_id: int
    ) -> LoadedAttachments:
        """Load the files of a message; return violations instead of raising."""
        try:
            media = await self._find_media(interaction, message_id)
        except RulesViolated as error:
            return LoadedAttachments(violations=error.violations)
        return await self._attachments.load_references(
            turn, media[MediaKind.PICTURE], media[MediaKind.VIDEO], media[MediaKind.AUDIO]
        )

    async def _find_media(self, interaction: Interaction, message_id: int) -> _Media:
        user_id = interaction.user.id
        if (shown := await self._shown.get(f"{user_id}:{message_id}", user_id)) is not None:
            return shown.media
        gone = ViolationCode.MESSAGE_FILES_GONE
        media = media_in(await fetch_message(interaction, message_id, gone))
        if not any(media.values()):
            raise unreadable(gone)
        return media
