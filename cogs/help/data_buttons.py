"""Buttons about what is kept of the member who clicks them."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.routing import Interaction, dispatch_component


class DataAction(StrEnum):
    """What a click does: the last part of a button's custom id."""

    EXPORT = "export"
    DELETE = "delete"
    CONFIRM_DELETE = "erase"


_Style: Final = discord.ButtonStyle
_LABELS_AND_STYLES: Final = MappingProxyType(
    {
        DataAction.EXPORT: (N_("Export my data"), _Style.secondary),
        DataAction.DELETE: (N_("Delete my data"), _Style.danger),
        DataAction.CONFIRM_DELETE: (N_("Delete it all"), _Style.danger),
    }
)


class DataButton(
    ui.DynamicItem[ui.Button[Any]], template=rf"data:(?P<action>{'|'.join(DataAction)})"
):
    """A button about the data of the member who clicks it."""

    def __init__(self, action: DataAction) -> None:
        label, style = _LABELS_AND_STYLES[action]
        super().__init__(ui.Button(label=_(label), style=style, custom_id=f"data:{action}"))
        self.action = action

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(DataAction(match["action"]))

    async def callback(self, interaction: Interaction) -> None:
        """Hand the click to its handler."""
        await dispatch_component(interaction, self)
