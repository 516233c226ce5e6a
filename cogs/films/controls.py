"""Buttons and the menu of films; each custom id names a choice or a film, so it works for good."""

import re
from collections.abc import Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.routing import Interaction, dispatch_component


class FilmAction(StrEnum):
    """What a click does: the second part of a button's custom id."""

    UNDO = "undo"
    CUTS = "cuts"
    DISSOLVES = "dissolves"
    NEWER = "newer"
    OLDER = "older"
    MAKE = "make"
    CANCEL = "cancel"
    DETAILS = "details"
    SHARE = "share"
    SHARED_DETAILS = "shared"
    """*Details* under a post in a showcase channel."""

    DELETE = "delete"
    CONFIRM_DELETE = "erase"
    POST_AGAIN = "post"


_Style: Final = discord.ButtonStyle
_LABELS_AND_STYLES: Final = MappingProxyType(
    {
        FilmAction.UNDO: (N_("Undo"), _Style.secondary),
        FilmAction.CUTS: (N_("Use cuts"), _Style.secondary),
        FilmAction.DISSOLVES: (N_("Use dissolves"), _Style.secondary),
        FilmAction.NEWER: (N_("Previous"), _Style.secondary),
        FilmAction.OLDER: (N_("Next"), _Style.secondary),
        FilmAction.MAKE: (N_("Make film"), _Style.success),
        FilmAction.CANCEL: (N_("Cancel"), _Style.secondary),
        FilmAction.DETAILS: (N_("Details"), _Style.secondary),
        FilmAction.SHARE: (N_("Share"), _Style.secondary),
        FilmAction.SHARED_DETAILS: (N_("Details"), _Style.secondary),
        FilmAction.DELETE: (N_("Delete"), _Style.danger),
        FilmAction.CONFIRM_DELETE: (N_("Delete it"), _Style.danger),
        FilmAction.POST_AGAIN: (N_("Post again"), _Style.primary),
    }
)


class FilmButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"film:(?P<action>{'|'.join(FilmAction)}):(?P<subject>[0-9a-z]{{1,20}})",
):
    """A button about a `subject`: the key of a choice, or a film's id."""

    def __init__(self, action: FilmAction, subject: str, *, disabled: bool = False) -> None:
        label, style = _LABELS_AND_STYLES[action]
        custom_id = f"film:{action}:{subject}"
        super().__init__(
            ui.Button(label=_(label), style=style, custom_id=custom_id, disabled=disabled)
        )
        self.action = action
        self.subject = subject

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(FilmAction(match["action"]), match["subject"])

    async def callback(self, interaction: Interaction) -> None:
        """Hand the click to its handler."""
        await dispatch_component(interaction, self)


class VideoMenu(ui.DynamicItem[ui.Select[Any]], template=r"film:pick:(?P<key>[0-9]{1,20})"):
    """The menu from which the next video of a film is picked; its values are jobs' ids."""

    def __init__(
        self, key: str, placeholder: str = "", options: Sequence[discord.SelectOption] = ()
    ) -> None:
        super().__init__(
            ui.Select(
                custom_id=f"film:pick:{key}", placeholder=placeholder or None, options=[*options]
            )
        )
        self.key = key

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the menu from the custom id of a click."""
        return cls(match["key"])

    async def callback(self, interaction: Interaction) -> None:
        """Hand the choice to its handler."""
        await dispatch_component(interaction, self)


def film_mark(film_id: str) -> str:
    """Return the custom id by which a film's message is found again."""
    return f"film:{FilmAction.DETAILS}:{film_id}"


def shared_film_mark(film_id: str) -> str:
    """Return the custom id by which a film's post in a showcase channel is found again."""
    return f"film:{FilmAction.SHARED_DETAILS}:{film_id}"
