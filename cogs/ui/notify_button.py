"""Knows the button about messages when a video is done, and how such a message looks."""

import re
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui
from discord.ext import commands

from cogs.ui import text
from domain.catalogue import t
from workflow.publisher import JobView

_BUTTON: Final = r"tell:(?P<wanted>on|off):(?P<guild>[0-9]{1,20})"

_Interaction = discord.Interaction[Any]


class Choosing(Protocol):
    """The cog that remembers the choice; found by its name, for a button outlives it."""

    async def choose(self, interaction: _Interaction, guild_id: int, *, wanted: bool) -> None:
        """Do what the click on the button asks for, and turn the button round."""
        ...


class TellButton(ui.DynamicItem[ui.Button[Any]], template=_BUTTON):
    """Turns the messages about a server's videos on or off, as `wanted` says."""

    def __init__(self, guild_id: int, *, wanted: bool) -> None:
        label = t("Message me when done") if wanted else t("Stop messaging me")
        custom_id = f"tell:{'on' if wanted else 'off'}:{guild_id}"
        super().__init__(ui.Button(label=label, custom_id=custom_id))
        self.guild_id = guild_id
        self.wanted = wanted

    @classmethod
    async def from_custom_id(
        cls, _interaction: _Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(int(match["guild"]), wanted=match["wanted"] == "on")

    async def callback(self, interaction: _Interaction) -> None:
        """Hand the click to the cog that knows what to do."""
        cog = cast("Choosing", cast("commands.Bot", interaction.client).get_cog("Telling"))
        await cog.choose(interaction, self.guild_id, wanted=self.wanted)


def told(job: JobView) -> ui.LayoutView:
    """Lay out the direct message that says that a video is done, and where it is."""
    link = text.link_to_result(job, t("go to it"))
    content = f"{t('✅ Your video is ready: {link}.', link=link)}\n-# {job.id} · {t('done')}"
    row = ui.ActionRow[Any](TellButton(job.guild_id, wanted=False))
    return ui.LayoutView(timeout=None).add_item(ui.TextDisplay(content)).add_item(row)


def turned(message: discord.Message, button: TellButton) -> ui.LayoutView:
    """Lay out a message as it is, with its button turned round."""
    view = ui.LayoutView.from_message(message, timeout=None)
    for item in view.walk_children():
        if isinstance(item, ui.Button) and re.fullmatch(_BUTTON, item.custom_id or ""):
            item.custom_id, item.label = button.item.custom_id, button.item.label
    view.stop()  # so the library keeps nothing of it
    return view
