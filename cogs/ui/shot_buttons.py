"""Buttons about a shot without a video: its member tries it again, or goes on without it."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.routing import Interaction, dispatch_component


class ShotAction(StrEnum):
    """What a click does: the second part of a button's custom id."""

    TRY_AGAIN = "again"
    SKIP = "skip"


_LABELS_AND_STYLES: Final = MappingProxyType(
    {
        ShotAction.TRY_AGAIN: (N_("Try again"), discord.ButtonStyle.primary),
        ShotAction.SKIP: (N_("Skip this shot"), discord.ButtonStyle.secondary),
    }
)


class ShotButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"shot:(?P<action>{'|'.join(ShotAction)}):(?P<job>[0-9a-z]{{1,20}})",
):
    """A button about the shot of a job."""

    def __init__(self, action: ShotAction, job_id: str) -> None:
        label, style = _LABELS_AND_STYLES[action]
        super().__init__(
            ui.Button(label=_(label), style=style, custom_id=f"shot:{action}:{job_id}")
        )
        self.action = action
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(ShotAction(match["action"]), match["job"])

    async def callback(self, interaction: Interaction) -> None:
        """Hand the click to its handler."""
        await dispatch_component(interaction, self)
