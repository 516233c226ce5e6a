"""The entry in the menu of a message that brings a picture of it to life."""

import mimetypes
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final, Self, cast

import aiohttp
import discord
from discord import app_commands, ui
from discord.ext import commands
from yarl import URL

from cogs.generation.attachments import (
    AttachmentLoader,
    LoadedAttachments,
    RemoteFile,
    is_discord_url,
)
from cogs.generation.modals import (
    ANIMATE_MODAL_ID,
    ModalField,
    ModalKind,
    apply_input,
    make_modal,
    match_submission,
    uploaded_files,
)
from cogs.generation.retry import RetryDraft, with_frames
from cogs.generation.service import GenerationService
from cogs.ui.i18n import N_, _
from cogs.ui.interactions import InteractionTracker, UserError, run_handler
from cogs.ui.routing import ComponentCog, ComponentRoute, dispatch_component
from cogs.ui.ttl_store import TTLStore
from domain.errors import RulesViolated
from domain.requests import Draft, GenerationCommand
from domain.violations import Source, Violation, ViolationCode
from workflow.context import Context
from workflow.results.rerun import modal_keys

MAX_PICTURES: Final = 25
"""Choices of a menu."""

_ANY: Final = "image/*"


def pictures_in(message: discord.Message) -> tuple[RemoteFile, ...]:
    """List the pictures of a message in the order in which they are seen, each once."""
    found = dict[str, RemoteFile]()
    for part in (message, *message.message_snapshots):
        for file in _of(part):
            found.setdefault(file.url.partition("?")[0], file)
    return tuple(found.values())[:MAX_PICTURES]


def _of(part: discord.Message | discord.MessageSnapshot) -> Iterator[RemoteFile]:
    for attachment in part.attachments:
        if _is_picture(attachment.content_type, attachment.filename):
            yield RemoteFile(attachment.filename, attachment.url, attachment.size)
    for embed in part.embeds:
        yield from _media((embed.image, embed.thumbnail))
    yield from _media(_laid_out(part.components))


def _laid_out(components: Iterable[Any]) -> Iterator[Any]:
    """Walk through components, and list the media that are shown as pictures."""
    for component in components:
        match component:
            case discord.MediaGalleryComponent():
                yield from (item.media for item in component.items)
            case discord.SectionComponent():
                yield from _laid_out((component.accessory,))
            case discord.ThumbnailComponent():
                yield component.media
            case discord.Container():
                yield from _laid_out(component.children)
            case _:
                pass


def _media(shown: Iterable[Any]) -> Iterator[RemoteFile]:
    """Take media at the address that Discord itself serves, if there is one."""
    for media in shown:
        url: str | None = media.url
        if not url:
            continue
        name = _name(url)
        # What an embed shows as an image says nothing of its kind, and is one.
        if _is_picture(getattr(media, "content_type", None), name, otherwise=_ANY):
            proxy: str | None = media.proxy_url
            yield RemoteFile(name, url if is_discord_url(url) or not proxy else proxy)


def _name(url: str) -> str:
    try:
        return PurePosixPath(URL(url).path).name or "picture"
    except ValueError:
        return "picture"


def _is_picture(content_type: str | None, name: str, otherwise: str = "") -> bool:
    """Tell it by either the type that Discord tells or the name; its bytes are looked at later."""
    kinds = (content_type or "", mimetypes.guess_type(name)[0] or "")
    known = [kind for kind in kinds if kind] or [otherwise]
    return any(kind.startswith("image/") for kind in known)


_NONE: Final = N_(
    "I see no picture in this message. Choose a message with a PNG, JPEG or WebP picture, or use "
    "`/animate` with a file of your own."
)
_WHICH: Final = N_("**Which picture shall come to life?**")

_GALLERY: Final = 10
_NAME_SHOWN: Final = 60

_MENU_NAME: Final = "Animate this image"
_EMPTY: Final = Draft(command=GenerationCommand.ANIMATE, prompt="")

_Interaction = discord.Interaction[Any]


class PictureSelect(ui.DynamicItem[ui.Select[Any]], template=r"picture:(?P<message>[0-9]{1,20})"):
    """Chooses one of the pictures of a message."""

    def __init__(self, message_id: int, pictures: tuple[RemoteFile, ...] = ()) -> None:
        options = [
            discord.SelectOption(label=f"{number}. {_plain(file.filename)}", value=str(number))
            for number, file in enumerate(pictures, 1)
        ]
        placeholder = _("Choose a picture")
        custom_id = f"picture:{message_id}"
        super().__init__(
            ui.Select(custom_id=custom_id, placeholder=placeholder, options=options or [_UNSEEN])
        )
        self.message_id = message_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: _Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the menu again from what Discord sends with a choice."""
        return cls(int(match["message"]))

    async def callback(self, interaction: _Interaction) -> None:
        """Open the form for the chosen picture."""
        await dispatch_component(interaction, self)

    @property
    def chosen_number(self) -> int:
        """Return the number of the chosen picture, from 1; it may not exist."""
        chosen = next(iter(self.item.values), "")
        return int(chosen) if re.fullmatch("[0-9]{1,2}", chosen) else 1


_UNSEEN: Final = discord.SelectOption(label="1")
"""A menu that is made again has to have an option, though nobody sees it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The pictures of a message as a member's click on its menu showed them."""

    user_id: int
    pictures: tuple[RemoteFile, ...]


class ContextMenuCog(ComponentCog):
    """Asks which picture of a message is meant, opens the form, and takes it when it is sent off.

    Discord shows the contents of members' messages only with the click on the menu. They are kept
    for a while; after a restart the message is fetched, of which Discord may then hide everything.
    """

    def __init__(
        self,
        tree: app_commands.CommandTree[Any],
        context: Context,
        interactions: InteractionTracker,
        service: GenerationService,
        attachments: AttachmentLoader,
    ) -> None:
        self._tree = tree
        self._menu = app_commands.ContextMenu(name=_MENU_NAME, callback=self.animate_image)
        self._interactions = interactions
        self._service = service
        self._attachments = attachments
        self._seen = TTLStore[_Seen](context.now_ms)

    @property
    def component_routes(self) -> tuple[ComponentRoute[Any], ...]:
        """List the menu of a message's pictures."""
        return (ComponentRoute(PictureSelect, self.open_form),)

    async def cog_load(self) -> None:
        """Register the entry; the library registers by itself only a cog's slash commands."""
        self._tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Remove the entry."""
        self._tree.remove_command(self._menu.name, type=self._menu.type)

    async def animate_image(self, interaction: _Interaction, message: discord.Message) -> None:
        """Open a form for a picture of a message."""
        await run_handler(interaction, self._start(interaction, message))

    async def open_form(self, interaction: _Interaction, menu: PictureSelect) -> None:
        """Open the form for the chosen picture; it is checked when the form is submitted."""
        work = open_animate_modal(interaction, menu.message_id, menu.chosen_number)
        await run_handler(interaction, work)

    async def _start(self, interaction: _Interaction, message: discord.Message) -> None:
        """Answer the click on the menu: with the form, or with the pictures to choose from."""
        pictures = pictures_in(message)
        if not pictures:
            raise UserError(_(_NONE))
        user_id = interaction.user.id
        self._seen.put(f"{user_id}:{message.id}", _Seen(user_id, pictures))
        if len(pictures) == 1:
            await open_animate_modal(interaction, message.id, 1)
        else:
            card = _choice(message.id, pictures)
            await interaction.response.send_message(view=card, ephemeral=True)

    @commands.Cog.listener("on_interaction")
    async def on_modal_submit(self, interaction: _Interaction) -> None:
        """Take a form that is sent off, also one that an earlier process has opened."""
        if sent := match_submission(interaction, ANIMATE_MODAL_ID):
            await run_handler(interaction, self._order(interaction, *sent))

    async def _order(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._interactions.defer_reply(interaction)
        gathered = await self._gather(interaction, about, data)
        draft = apply_input(with_frames(_EMPTY, gathered.frames, gathered.violations), data)
        retry = RetryDraft(interaction.user.id, ModalKind.ANIMATE, draft, gathered.frames)
        keys = modal_keys(int(about["opened"]), interaction.user.id, f"message:{about['message']}")
        card = await self._service.request_video(interaction, draft, keys, retry)
        await interaction.edit_original_response(view=card)

    async def _gather(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> LoadedAttachments:
        """Take in the picture that is meant, and the one to end on; what is wrong is named."""
        last = uploaded_files(data, ModalField.LAST_PICTURE)[:1]
        try:
            first = await self._meant(interaction, int(about["message"]), int(about["number"]))
        except RulesViolated as error:
            ends = await self._attachments.load_pictures(last)
            return LoadedAttachments(
                violations=(*error.violations, *ends.violations), frames=(None, *ends.frames)
            )
        return await self._attachments.load_pictures([first, *last])

    async def _meant(self, interaction: _Interaction, message_id: int, number: int) -> RemoteFile:
        """Find a picture by its number, from 1.

        Raises:
            RulesViolated: it is not there, or not to be seen.
        """
        user_id = interaction.user.id
        seen = self._seen.get(f"{user_id}:{message_id}", user_id)
        pictures = seen.pictures if seen else await _fetched(interaction, message_id)
        if not 1 <= number <= len(pictures):
            raise _unreadable(ViolationCode.MESSAGE_PICTURE_GONE)
        return pictures[number - 1]


async def open_animate_modal(interaction: _Interaction, message_id: int, number: int) -> None:
    """Open the form for a picture of a message."""
    custom_id = f"animate:{message_id}:{number}:{interaction.id}"
    await interaction.response.send_modal(make_modal(ModalKind.MESSAGE, custom_id, _EMPTY))


def _choice(message_id: int, pictures: tuple[RemoteFile, ...]) -> ui.LayoutView:
    """Lay out the pictures, in rows of a gallery's size, above the menu that numbers them."""
    shown = [discord.MediaGalleryItem(file.url) for file in pictures]
    view = ui.LayoutView(timeout=None).add_item(ui.TextDisplay(_(_WHICH)))
    for start in range(0, len(shown), _GALLERY):
        view.add_item(ui.MediaGallery(*shown[start : start + _GALLERY]))
    return view.add_item(ui.ActionRow[Any](PictureSelect(message_id, pictures)))


def _plain(name: str) -> str:
    return name if len(name) <= _NAME_SHOWN else f"{name[: _NAME_SHOWN - 1]}…"


async def _fetched(interaction: _Interaction, message_id: int) -> tuple[RemoteFile, ...]:
    """Fetch a message of the channel that the form came from, and list its pictures.

    Raises:
        RulesViolated: it is not to be had.
    """
    if not interaction.permissions.read_message_history or interaction.channel_id is None:
        raise _unreadable(ViolationCode.MESSAGE_PICTURE_GONE)
    client = cast("commands.Bot", interaction.client)
    channel = client.get_partial_messageable(interaction.channel_id, guild_id=interaction.guild_id)
    try:
        return pictures_in(await channel.fetch_message(message_id))
    except discord.NotFound:
        raise _unreadable(ViolationCode.MESSAGE_PICTURE_GONE) from None
    except discord.Forbidden:
        raise _unreadable(ViolationCode.MESSAGES_HIDDEN) from None
    except (discord.HTTPException, aiohttp.ClientError, OSError):
        raise _unreadable(ViolationCode.DISCORD_SILENT) from None


def _unreadable(code: ViolationCode) -> RulesViolated:
    return RulesViolated([Violation.of(code, Source.ATTACHMENT)])
