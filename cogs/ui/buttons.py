"""Knows the buttons under the cards; each names what it is about, so it works after a restart."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.routing import dispatch_component


class ButtonAction(StrEnum):
    """What a click does, as it stands at the head of a button's custom id."""

    CANCEL = "cancel"
    RERUN = "again"
    EDIT = "edit"
    MAKE_FINAL = "final"
    CONFIRM_FINAL = "buy"
    EXTEND = "extend"
    SHARE = "share"
    DETAILS = "details"
    DELETE = "delete"
    CONFIRM_DELETE = "erase"
    REOPEN_FORM = "retype"
    CONFIRM_PRICE = "confirm"


_S: Final = discord.ButtonStyle
_LOOKS: Final = MappingProxyType(
    {
        ButtonAction.CANCEL: (N_("Cancel"), _S.secondary),
        ButtonAction.RERUN: (N_("Again"), _S.primary),
        ButtonAction.EDIT: (N_("Edit prompt"), _S.secondary),
        ButtonAction.MAKE_FINAL: (N_("Make final"), _S.secondary),
        ButtonAction.CONFIRM_FINAL: (N_("Spend"), _S.success),
        ButtonAction.EXTEND: (N_("Extend"), _S.secondary),
        ButtonAction.SHARE: (N_("Share"), _S.secondary),
        ButtonAction.DETAILS: (N_("Details"), _S.secondary),
        ButtonAction.DELETE: (N_("Delete"), _S.danger),
        ButtonAction.CONFIRM_DELETE: (N_("Delete it"), _S.danger),
        ButtonAction.REOPEN_FORM: (N_("Edit again"), _S.primary),
        ButtonAction.CONFIRM_PRICE: (N_("Spend"), _S.success),
    }
)


class ActionButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"(?P<act>{'|'.join(ButtonAction)}):(?P<subject>[0-9a-z:]{{1,80}})",
):
    """A button about a `subject`: a job's id mostly, perhaps with more after a colon."""

    def __init__(self, action: ButtonAction, subject: str, label: str | None = None) -> None:
        usual, style = _LOOKS[action]
        custom_id = f"{action}:{subject}"
        super().__init__(ui.Button(label=label or _(usual), style=style, custom_id=custom_id))
        self.action = action
        self.subject = subject

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(ButtonAction(match["act"]), match["subject"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what to do."""
        await dispatch_component(interaction, self)
