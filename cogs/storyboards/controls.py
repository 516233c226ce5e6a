"""Buttons of a storyboard's private cards; each custom id names what it is about."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.routing import Interaction, dispatch_component


class StoryboardAction(StrEnum):
    """What a click does: the second part of a button's custom id."""

    MAKE = "make"
    CANCEL = "cancel"


_LABELS_AND_STYLES: Final = MappingProxyType(
    {
        StoryboardAction.MAKE: (N_("Make it"), discord.ButtonStyle.success),
        StoryboardAction.CANCEL: (N_("Cancel"), discord.ButtonStyle.secondary),
    }
)


class StoryboardButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"board:(?P<action>{'|'.join(StoryboardAction)}):(?P<subject>[0-9a-z]{{1,20}})",
):
    """A button about a `subject`: the key of a question, or a storyboard's id."""

    def __init__(self, action: StoryboardAction, subject: str, label: str | None = None) -> None:
        default_label, style = _LABELS_AND_STYLES[action]
        custom_id = f"board:{action}:{subject}"
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
        return cls(StoryboardAction(match["action"]), match["subject"])

    async def callback(self, interaction: Interaction) -> None:
        """Hand the click to its handler."""
        await dispatch_component(interaction, self)
