"""The entry in the menu of a message that brings a picture of it to life."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import aiohttp
import discord
from discord import app_commands, ui
from discord.ext import commands

from cogs.desk import Desk
from cogs.faults import TurnedAway, answering
from cogs.forms.drafts import Drafts
from cogs.forms.looks import Field, FormKind, make_form
from cogs.forms.mending import Mending, Typed, framed
from cogs.forms.reading import ANIMATE_FORM, files_in, sent_off, typed
from cogs.intake import File, Gathered, Intake
from cogs.shown_pictures import pictures_in
from domain.catalogue import mark, t
from domain.requests import Command, Draft
from workflow.context import Context
from workflow.results.again import form_keys

_NONE: Final = mark(
    "I see no picture in this message. Choose a message with a PNG, JPEG or WebP picture, or use "
    "`/animate` with a file of your own."
)
_WHICH: Final = mark("**Which picture shall come to life?**")
_GONE: Final = mark(
    "I can not see the picture any more: it or its message may be deleted, or I was restarted "
    "meanwhile. Click *Edit again* and attach it, or choose *Animate this image* once more."
)
_HIDDEN: Final = mark(
    "I may not read the messages of this channel. Click *Edit again* and attach the picture."
)
_SILENT: Final = mark("Discord does not answer just now. Click *Edit again* in a while.")

_GALLERY: Final = 10
_NAME_SHOWN: Final = 60

_EMPTY: Final = Draft(command=Command.ANIMATE, prompt="")

_Interaction = discord.Interaction[Any]


@app_commands.context_menu(name="Animate this image")
async def animate_this(interaction: _Interaction, message: discord.Message) -> None:
    """Open a form for a picture of a message."""
    await answering(interaction, _cog(interaction).begin(interaction, message))


class PictureMenu(ui.DynamicItem[ui.Select[Any]], template=r"picture:(?P<message>[0-9]{1,20})"):
    """Chooses one of the pictures of a message."""

    def __init__(self, message_id: int, pictures: tuple[File, ...] = ()) -> None:
        options = [
            discord.SelectOption(label=f"{number}. {_plain(file.filename)}", value=str(number))
            for number, file in enumerate(pictures, 1)
        ]
        placeholder = t("Choose a picture")
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
        """Open the form for the chosen picture; whether there is one is looked at afterwards."""
        chosen = next(iter(self.item.values), "")
        number = int(chosen) if re.fullmatch("[0-9]{1,2}", chosen) else 1
        await answering(interaction, open_form(interaction, self.message_id, number))


_UNSEEN: Final = discord.SelectOption(label="1")
"""A menu that is made again has to have an option, though nobody sees it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The pictures of a message as a member's click on its menu showed them."""

    user_id: int
    pictures: tuple[File, ...]


class Animating(commands.Cog):
    """Asks which picture of a message is meant, opens the form, and takes it when it is sent off.

    Discord shows the contents of members' messages only with the click on the menu. They are kept
    for a while; after a restart the message is fetched, of which Discord may then hide everything.
    """

    def __init__(self, context: Context, desk: Desk, intake: Intake, mending: Mending) -> None:
        self._desk = desk
        self._intake = intake
        self._mending = mending
        self._seen = Drafts[_Seen](context.now_ms)

    async def begin(self, interaction: _Interaction, message: discord.Message) -> None:
        """Answer the click on the menu: with the form, or with the pictures to choose from."""
        pictures = pictures_in(message)
        if not pictures:
            raise TurnedAway(t(_NONE))
        user_id = interaction.user.id
        self._seen.keep(f"{user_id}:{message.id}", _Seen(user_id, pictures))
        if len(pictures) == 1:
            await open_form(interaction, message.id, 1)
        else:
            card = _choice(message.id, pictures)
            await interaction.response.send_message(view=card, ephemeral=True)

    @commands.Cog.listener("on_interaction")
    async def form(self, interaction: _Interaction) -> None:
        """Take a form that is sent off, also one that an earlier process has opened."""
        if sent := sent_off(interaction, ANIMATE_FORM):
            await answering(interaction, self._order(interaction, *sent))

    async def _order(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._desk.open(interaction)
        gathered = await self._gather(interaction, about, data)
        draft = typed(framed(_EMPTY, gathered.frames, gathered.problems), data)
        mistake = Typed(interaction.user.id, FormKind.ANIMATE, draft, gathered.frames)
        keys = form_keys(int(about["opened"]), interaction.user.id, f"message:{about['message']}")
        mend = self._mending.offer(interaction.id, mistake)
        card = await self._desk.order(interaction, draft, keys, mend)
        await interaction.edit_original_response(view=card)

    async def _gather(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> Gathered:
        """Take in the picture that is meant, and the one to end on; a problem is named."""
        last = files_in(data, Field.LAST_PICTURE)[:1]
        try:
            first = await self._meant(interaction, int(about["message"]), int(about["number"]))
        except TurnedAway as reason:
            ends = await self._intake.pictures(last)
            return Gathered(problems=(str(reason), *ends.problems), frames=(None, *ends.frames))
        return await self._intake.pictures([first, *last])

    async def _meant(self, interaction: _Interaction, message_id: int, number: int) -> File:
        """Find a picture by its number, from 1.

        Raises:
            TurnedAway: it is not there, or not to be seen.
        """
        user_id = interaction.user.id
        seen = self._seen.find(f"{user_id}:{message_id}", user_id)
        pictures = seen.pictures if seen else await _fetched(interaction, message_id)
        if not 1 <= number <= len(pictures):
            raise TurnedAway(t(_GONE))
        return pictures[number - 1]


async def open_form(interaction: _Interaction, message_id: int, number: int) -> None:
    """Open the form for a picture of a message."""
    custom_id = f"animate:{message_id}:{number}:{interaction.id}"
    await interaction.response.send_modal(make_form(FormKind.MESSAGE, custom_id, _EMPTY))


def _cog(interaction: _Interaction) -> Animating:
    return cast("Animating", cast("commands.Bot", interaction.client).get_cog("Animating"))


def _choice(message_id: int, pictures: tuple[File, ...]) -> ui.LayoutView:
    """Lay out the pictures, in rows of a gallery's size, above the menu that numbers them."""
    shown = [discord.MediaGalleryItem(file.url) for file in pictures]
    view = ui.LayoutView(timeout=None).add_item(ui.TextDisplay(t(_WHICH)))
    for start in range(0, len(shown), _GALLERY):
        view.add_item(ui.MediaGallery(*shown[start : start + _GALLERY]))
    return view.add_item(ui.ActionRow[Any](PictureMenu(message_id, pictures)))


def _plain(name: str) -> str:
    return name if len(name) <= _NAME_SHOWN else f"{name[: _NAME_SHOWN - 1]}…"


async def _fetched(interaction: _Interaction, message_id: int) -> tuple[File, ...]:
    """Fetch a message of the channel that the form came from, and list its pictures.

    Raises:
        TurnedAway: it is not to be had.
    """
    if not interaction.permissions.read_message_history or interaction.channel_id is None:
        raise TurnedAway(t(_GONE))
    client = cast("commands.Bot", interaction.client)
    channel = client.get_partial_messageable(interaction.channel_id, guild_id=interaction.guild_id)
    try:
        return pictures_in(await channel.fetch_message(message_id))
    except discord.NotFound:
        raise TurnedAway(t(_GONE)) from None
    except discord.Forbidden:
        raise TurnedAway(t(_HIDDEN)) from None
    except (discord.HTTPException, aiohttp.ClientError, OSError):
        raise TurnedAway(t(_SILENT)) from None
