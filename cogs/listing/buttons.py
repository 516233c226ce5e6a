"""Knows the buttons of the list of a member's videos; each names its page, so it works for good."""

import re
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui

from domain.catalogue import mark, t

NEWEST: Final = "newest"
"""Names the page with the newest videos; any other is named by its first video."""

_LAST: Final = "last"


class Deed(StrEnum):
    """What a button does to a video on the list."""

    CANCEL = "cancel"
    POST = "post"


class Lister(Protocol):
    """The cog that shows the list; found by its name, for a button outlives it."""

    async def turn(self, interaction: discord.Interaction[Any], start: str) -> None:
        """Show the page that begins with a video."""
        ...

    async def act(
        self, interaction: discord.Interaction[Any], deed: Deed, job_id: str, start: str
    ) -> None:
        """Do something to a video, and show the page anew that begins with `start`."""
        ...


class PageButton(ui.DynamicItem[ui.Button[Any]], template=r"jobs:(?P<start>[0-9a-z]{1,20})"):
    """Turns to the page that begins with a video."""

    def __init__(self, start: str, label: str = "", *, disabled: bool = False) -> None:
        super().__init__(ui.Button(label=label, custom_id=f"jobs:{start}", disabled=disabled))
        self.start = start

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(match["start"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Turn the page."""
        await _cog(interaction).turn(interaction, self.start)


class DeedButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"jobs:(?P<deed>{'|'.join(Deed)}):(?P<job>[0-9a-z]{{1,20}}):(?P<start>[0-9a-z]{{1,20}})",
):
    """Does something to a video on the page that begins with `start`."""

    def __init__(self, deed: Deed, job_id: str, start: str) -> None:
        label, style = t(_LABELS[deed]), _STYLES[deed]
        custom_id = f"jobs:{deed}:{job_id}:{start}"
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.deed = deed
        self.job_id = job_id
        self.start = start

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(Deed(match["deed"]), match["job"], match["start"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what to do."""
        await _cog(interaction).act(interaction, self.deed, self.job_id, self.start)


LIST_ITEMS: Final = (PageButton, DeedButton)
"""What a client has to know, so that lists of earlier processes go on working."""


def page_row(newer: str | None, older: str | None) -> ui.Item[Any]:
    """Lay out the buttons that turn to the pages beside this one."""
    buttons: list[ui.Item[Any]] = [
        PageButton(newer or NEWEST, t("Previous"), disabled=newer is None),
        PageButton(older or _LAST, t("Next"), disabled=older is None),
    ]
    return ui.ActionRow[Any](*buttons)


_LABELS: Final = MappingProxyType({Deed.CANCEL: mark("Cancel"), Deed.POST: mark("Post again")})
_STYLES: Final = MappingProxyType(
    {Deed.CANCEL: discord.ButtonStyle.secondary, Deed.POST: discord.ButtonStyle.primary}
)


def _cog(interaction: discord.Interaction[Any]) -> Lister:
    return cast("Lister", interaction.client.get_cog("Listing"))
