"""Knows the buttons under the cards; each names what it is about, so it works after a restart."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from domain.catalogue import mark, t


class Act(StrEnum):
    """What a click does, as it stands at the head of a button's custom id."""

    CANCEL = "cancel"
    AGAIN = "again"
    EDIT = "edit"
    FINAL = "final"
    BUY = "buy"
    EXTEND = "extend"
    SHARE = "share"
    DETAILS = "details"
    DELETE = "delete"
    ERASE = "erase"
    RETYPE = "retype"
    CONFIRM = "confirm"


class Clicked(Protocol):
    """The cog that does what clicks ask for; found by its name, for a button outlives it."""

    async def click(self, interaction: discord.Interaction[Any], act: Act, subject: str) -> None:
        """Do what the click on a button asks for, and answer it."""
        ...


_S: Final = discord.ButtonStyle
_LOOKS: Final = MappingProxyType(
    {
        Act.CANCEL: (mark("Cancel"), _S.secondary),
        Act.AGAIN: (mark("Again"), _S.primary),
        Act.EDIT: (mark("Edit prompt"), _S.secondary),
        Act.FINAL: (mark("Make final"), _S.secondary),
        Act.BUY: (mark("Spend"), _S.success),
        Act.EXTEND: (mark("Extend"), _S.secondary),
        Act.SHARE: (mark("Share"), _S.secondary),
        Act.DETAILS: (mark("Details"), _S.secondary),
        Act.DELETE: (mark("Delete"), _S.danger),
        Act.ERASE: (mark("Delete it"), _S.danger),
        Act.RETYPE: (mark("Edit again"), _S.primary),
        Act.CONFIRM: (mark("Spend"), _S.success),
    }
)


class CardButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"(?P<act>{'|'.join(Act)}):(?P<subject>[0-9a-z:]{{1,80}})",
):
    """A button about a `subject`: a job's id mostly, perhaps with more after a colon."""

    def __init__(self, act: Act, subject: str, label: str | None = None) -> None:
        usual, style = _LOOKS[act]
        custom_id = f"{act}:{subject}"
        super().__init__(ui.Button(label=label or t(usual), style=style, custom_id=custom_id))
        self.act = act
        self.subject = subject

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(Act(match["act"]), match["subject"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what to do."""
        cog = cast("Clicked", interaction.client.get_cog("Clicks"))
        await cog.click(interaction, self.act, self.subject)
