"""Buttons under jobs' messages; the custom id names a job, so they work after a restart."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.routing import Interaction, dispatch_component


class ButtonAction(StrEnum):
    """What a click does: the first part of a button's custom id."""

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
    CUT_CLIPS = "cut"


_Style: Final = discord.ButtonStyle
_LABELS_AND_STYLES: Final = MappingProxyType(
    {
        ButtonAction.CANCEL: (N_("Cancel"), _Style.secondary),
        ButtonAction.RERUN: (N_("Again"), _Style.primary),
        ButtonAction.EDIT: (N_("Edit prompt"), _Style.secondary),
        ButtonAction.MAKE_FINAL: (N_("Make final"), _Style.secondary),
        ButtonAction.CONFIRM_FINAL: (N_("Make it"), _Style.success),
        ButtonAction.EXTEND: (N_("Extend"), _Style.secondary),
        ButtonAction.SHARE: (N_("Share"), _Style.secondary),
        ButtonAction.DETAILS: (N_("Details"), _Style.secondary),
        ButtonAction.DELETE: (N_("Delete"), _Style.danger),
        ButtonAction.CONFIRM_DELETE: (N_("Delete it"), _Style.danger),
        ButtonAction.REOPEN_FORM: (N_("Edit again"), _Style.primary),
        ButtonAction.CONFIRM_PRICE: (N_("Make it"), _Style.success),
        ButtonAction.CUT_CLIPS: (N_("Use the first 15 s"), _Style.primary),
    }
)


class ActionButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"(?P<action>{'|'.join(ButtonAction)}):(?P<subject>[0-9a-z:]{{1,80}})",
):
    """A button about a `subject`: usually a job's id, perhaps with more after a colon."""

    def __init__(self, action: ButtonAction, subject: str, label: str | None = None) -> None:
        default_label, style = _LABELS_AND_STYLES[action]
        custom_id = f"{action}:{subject}"
        super().__init__(
            ui.Button(label=label or _(default_label), style=style, custom_id=custom_id)
        )
        self.action = action
        self.subject = subject

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(ButtonAction(match["action"]), match["subject"])

    async def callback(self, interaction: Interaction) -> None:
        """Hand the click to its handler."""
        await dispatch_component(interaction, self)
