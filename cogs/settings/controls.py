"""Knows the controls of the panel; each names its page and itself, so it works for good."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol, Self, cast

import discord
from discord import ui


class Page(StrEnum):
    """The pages of the panel, as they stand in custom ids."""

    HOME = "home"
    WHO = "who"
    MODELS = "models"
    CHANNELS = "channels"
    MONEY = "money"
    WORDS = "words"
    KEEPING = "keeping"
    CHANNEL = "channel"
    PRESETS = "presets"


class Deed(StrEnum):
    """What a control does that does not set anything by its name."""

    TURN = "turn"
    CHOOSE = "choose"
    CLEAR = "clear"
    SWEEP = "sweep"
    ADD = "add"
    EDIT = "edit"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Spot:
    """A page, and what it is `about`: a channel's id or a preset's name on pages that have many."""

    page: Page
    about: str = ""

    def names(self, knob: str) -> str:
        """Write the custom id of a control that stands here."""
        return f"settings:{self.page}:{knob}:{self.about}"


class Panel(Protocol):
    """The cog that shows the panel; found by its name, for a control outlives it."""

    async def use(
        self, interaction: discord.Interaction[Any], spot: Spot, knob: str, values: Sequence[str]
    ) -> None:
        """Do what a control was used for, and answer."""
        ...

    async def retype(self, interaction: discord.Interaction[Any], key: str) -> None:
        """Open a form once more with what was typed into it."""
        ...


def spot_of(match: re.Match[str]) -> Spot:
    """Read a spot from a custom id that fits."""
    return Spot(Page(match["page"]), match["about"])


SPOT_AND_KNOB: Final = rf"(?P<page>{'|'.join(Page)}):(?P<knob>[a-z_]{{1,24}}):(?P<about>.{{0,40}})"


class Control(
    ui.DynamicItem[ui.Item[Any]], template=re.compile(f"settings:{SPOT_AND_KNOB}", re.DOTALL)
):
    """A menu or a button; what it looks like is no matter here, as long as its custom id fits."""

    def __init__(self, item: ui.Item[Any], spot: Spot, knob: str) -> None:
        super().__init__(item)
        self.spot = spot
        self.knob = knob

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the control again from what Discord sends when it is used."""
        return cls(item, spot_of(match), match["knob"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand it to the cog that knows what to do."""
        data: dict[str, Any] = {**(interaction.data or {})}
        values = tuple(map(str, data.get("values") or ()))
        await _panel(interaction).use(interaction, self.spot, self.knob, values)


class RetypeButton(
    ui.DynamicItem[ui.Button[Any]], template=r"settings-retype:(?P<key>[0-9]{1,20})"
):
    """Opens a form once more that broke a rule."""

    def __init__(self, key: str, label: str) -> None:
        style = discord.ButtonStyle.primary
        super().__init__(ui.Button(label=label, style=style, custom_id=f"settings-retype:{key}"))
        self.key = key

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(match["key"], cast("ui.Button[Any]", item).label or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what was typed."""
        await _panel(interaction).retype(interaction, self.key)


SETTINGS_ITEMS: Final = (Control, RetypeButton)
"""What a client has to know, so that panels of earlier processes go on working."""


def menu(
    spot: Spot, knob: str, options: Sequence[discord.SelectOption], **looks: Any
) -> ui.Item[Any]:
    """Lay out a row with a menu of named options."""
    custom_id = spot.names(knob)
    return _row(Control(ui.Select(custom_id=custom_id, options=[*options], **looks), spot, knob))


def channel_menu(spot: Spot, knob: str, *, forums: bool, **looks: Any) -> ui.Item[Any]:
    """Lay out a row with a menu of the channels that hold messages, perhaps of forums too."""
    kinds = [*_CHANNELS, *(_FORUMS if forums else ())]
    select = ui.ChannelSelect[Any](custom_id=spot.names(knob), channel_types=kinds, **looks)
    return _row(Control(select, spot, knob))


def role_menu(spot: Spot, knob: str, **looks: Any) -> ui.Item[Any]:
    """Lay out a row with a menu of the server's roles."""
    return _row(Control(ui.RoleSelect(custom_id=spot.names(knob), **looks), spot, knob))


def button(
    spot: Spot,
    knob: str,
    label: str,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> ui.Item[Any]:
    """Make a button."""
    return Control(ui.Button(label=label, style=style, custom_id=spot.names(knob)), spot, knob)


def danger(spot: Spot, knob: str, label: str) -> ui.Item[Any]:
    """Make a button for what is not undone by another click."""
    return button(spot, knob, label, discord.ButtonStyle.danger)


_T: Final = discord.ChannelType
_CHANNELS: Final = (
    _T.text,
    _T.news,
    _T.voice,
    _T.stage_voice,
    _T.public_thread,
    _T.private_thread,
    _T.news_thread,
)
_FORUMS: Final = (_T.forum, _T.media)


def _row(item: ui.Item[Any]) -> ui.Item[Any]:
    return ui.ActionRow[Any](item)


def _panel(interaction: discord.Interaction[Any]) -> Panel:
    return cast("Panel", interaction.client.get_cog("SettingsPanel"))
