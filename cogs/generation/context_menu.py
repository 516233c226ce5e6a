"""The context menu entry that animates a picture of a message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import discord
from discord import app_commands, ui

from cogs.generation.attachments import (
    AttachmentLoader,
    LoadedAttachments,
    RemoteFile,
)
from cogs.generation.message_media import fetch_message, pictures_in, unreadable
from cogs.generation.message_menu import MessageMenuCog
from cogs.generation.modals import (
    ANIMATE_MODAL_ID,
    ModalField,
    ModalKind,
    apply_input,
    make_modal,
    uploaded_files,
)
from cogs.generation.retry import RetryDraft, with_frames
from cogs.generation.service import GenerationService
from cogs.ui.forms import chosen_values
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError, run_handler
from cogs.ui.layout import gallery, layout, row, text_block
from cogs.ui.routing import ComponentRoute, FormRoute, Interaction, dispatch_component
from domain.errors import RulesViolated
from domain.requests import Draft, GenerationCommand
from domain.snowflakes import SNOWFLAKE
from domain.violations import ViolationCode
from workflow.context import Context
from workflow.member_turns import MemberTurn
from workflow.pending_interactions import PendingStore
from workflow.results.rerun import modal_keys

_NO_PICTURE: Final = N_(
    "I can't find a picture in this message. Try one with a PNG, JPEG or WebP, or use "
    "`/animate` with your own."
)
_QUESTION: Final = N_("**Which picture should I animate?**")

_GALLERY_SIZE: Final = 10
_MAX_NAME_CHARS: Final = 60

_MENU_NAME: Final = "Animate this image"
_EMPTY: Final = Draft(command=GenerationCommand.ANIMATE, prompt="")


class PictureSelect(ui.DynamicItem[ui.Select[Any]], template=f"picture:(?P<message>{SNOWFLAKE})"):
    """A menu of the pictures of a message."""

    def __init__(self, message_id: int, pictures: tuple[RemoteFile, ...] = ()) -> None:
        options = [
            discord.SelectOption(label=f"{number}. {_truncate(file.filename)}", value=str(number))
            for number, file in enumerate(pictures, 1)
        ]
        placeholder = _("Pick a picture")
        custom_id = f"picture:{message_id}"
        super().__init__(
            ui.Select(
                custom_id=custom_id,
                placeholder=placeholder,
                options=options or [_PLACEHOLDER_OPTION],
            )
        )
        self.message_id = message_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the menu from the custom id of a choice."""
        return cls(int(match["message"]))

    async def callback(self, interaction: Interaction) -> None:
        """Open the modal for the chosen picture."""
        await dispatch_component(interaction, self)


_PLACEHOLDER_OPTION: Final = discord.SelectOption(label="1")
"""An option that Discord requires, in a menu that is rebuilt for its callback and never shown."""


@dataclass(frozen=True, slots=True)
class _ShownPictures:
    """The pictures of a message as the click on its menu showed them."""

    pictures: tuple[RemoteFile, ...]


class ContextMenuCog(MessageMenuCog):
    """The context menu entry: choosing a picture, opening the modal, handling its submission."""

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        context: Context,
        interactions: InteractionTracker,
        service: GenerationService,
        attachments: AttachmentLoader,
    ) -> None:
        super().__init__(tree, _MENU_NAME, interactions, service, attachments)
        self._shown = PendingStore(
            context.database, context.now_ms, "shown pictures", _ShownPictures
        )

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """Return the route of the picture menu."""
        return (ComponentRoute(PictureSelect, self.open_form),)

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the route of the modal, which an earlier process may have opened."""
        return (FormRoute(ANIMATE_MODAL_ID, self._request),)

    async def open_form(self, interaction: Interaction, menu: PictureSelect) -> None:
        """Open the modal for the chosen picture; the choice is checked on submission."""
        work = open_animate_modal(interaction, menu.message_id, _chosen_number(interaction))
        await run_handler(interaction, work)

    async def _start(self, interaction: Interaction, message: discord.Message) -> None:
        """Answer with the modal, or with a menu if there are several pictures."""
        await self._service.gate.check_before_form(interaction)
        pictures = pictures_in(message)
        if not pictures:
            raise UserError(_(_NO_PICTURE))
        user_id = interaction.user.id
        await self._shown.put(f"{user_id}:{message.id}", user_id, _ShownPictures(pictures))
        if len(pictures) == 1:
            await open_animate_modal(interaction, message.id, 1)
        else:
            view = _render_choice(message.id, pictures)
            await interaction.response.send_message(view=view, ephemeral=True)

    async def _request(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._interactions.defer_reply(interaction)
        keys = modal_keys(int(match["opened"]), interaction.user.id, f"message:{match['message']}")
        known = apply_input(_EMPTY, data)
        early = RetryDraft(interaction.user.id, ModalKind.ANIMATE, known)
        async with self._service.take_turn(interaction, known, keys, retry=early) as turn:
            loaded = await self._load(turn, interaction, match, data)
            draft = apply_input(with_frames(_EMPTY, loaded.frames, loaded), data)
            retry = RetryDraft(interaction.user.id, ModalKind.ANIMATE, draft, loaded.frames)
            view = await self._service.request_video(interaction, draft, keys, retry)
        await self._service.answer(interaction, view)

    async def _load(
        self,
        turn: MemberTurn,
        interaction: Interaction,
        match: re.Match[str],
        data: Mapping[str, Any],
    ) -> LoadedAttachments:
        """Load the chosen picture and the one to end on; return violations instead of raising."""
        last = uploaded_files(data, ModalField.LAST_PICTURE)[:1]
        try:
            first = await self._find_picture(
                interaction, int(match["message"]), int(match["number"])
            )
        except RulesViolated as error:
            loaded = await self._attachments.load_pictures(turn, last)
            return LoadedAttachments(
                violations=(*error.violations, *loaded.violations),
                frames=(None, *loaded.frames),
                conversions=loaded.conversions,
            )
        return await self._attachments.load_pictures(turn, [first, *last])

    async def _find_picture(
        self, interaction: Interaction, message_id: int, number: int
    ) -> RemoteFile:
        """Return a picture by its number, from 1.

        Raises:
            RulesViolated: it is gone, or not visible.
        """
        user_id = interaction.user.id
        shown = await self._shown.get(f"{user_id}:{message_id}", user_id)
        pictures = shown.pictures if shown else await _fetch_pictures(interaction, message_id)
        if not 1 <= number <= len(pictures):
            raise unreadable(ViolationCode.MESSAGE_PICTURE_GONE)
        return pictures[number - 1]


def _chosen_number(interaction: Interaction) -> int:
    """Return the number of the chosen picture, from 1; it may not exist."""
    number = next(iter(chosen_values(interaction)), "")
    return int(number) if re.fullmatch("[0-9]{1,2}", number) else 1


async def open_animate_modal(interaction: Interaction, message_id: int, number: int) -> None:
    """Open the modal for a picture of a message."""
    custom_id = f"animate:{message_id}:{number}:{interaction.id}"
    await interaction.response.send_modal(make_modal(ModalKind.MESSAGE, custom_id, _EMPTY))


def _render_choice(message_id: int, pictures: tuple[RemoteFile, ...]) -> ui.LayoutView:
    """Lay out the pictures in galleries, above the menu that numbers them."""
    items = [discord.MediaGalleryItem(file.url) for file in pictures]
    starts = range(0, len(items), _GALLERY_SIZE)
    galleries = [item for start in starts for item in gallery(items[start : start + _GALLERY_SIZE])]
    return layout(text_block(_(_QUESTION)), *galleries, row(PictureSelect(message_id, pictures)))


def _truncate(name: str) -> str:
    return name if len(name) <= _MAX_NAME_CHARS else f"{name[: _MAX_NAME_CHARS - 1]}…"


async def _fetch_pictures(interaction: Interaction, message_id: int) -> tuple[RemoteFile, ...]:
    """Fetch a message of the modal's channel, and return its pictures; raises `RulesViolated`."""
    message = await fetch_message(interaction, message_id, ViolationCode.MESSAGE_PICTURE_GONE)
    return pictures_in(message)
