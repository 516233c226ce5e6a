"""Knows the controls of the panel; each names its page and itself, so it works for good."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self, cast

import discord
from discord import ui

from cogs.ui.layout import row
from cogs.ui.routing import dispatch_component


class SettingsPage(StrEnum):
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


class ControlAction(StrEnum):
    """What a control does that does not set anything by its name."""

    OPEN_PAGE = "turn"
    SELECT_SUBJECT = "choose"
    CLEAR = "clear"
    CLEAR_DELETED = "sweep"
    ADD = "add"
    EDIT = "edit"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class SettingsLocation:
    """A page, and what it is `about`: a channel's id or a preset's name on pages that have many."""

    page: SettingsPage
    subject: str = ""

    def custom_id(self, knob: str) -> str:
        """Write the custom id of a control that stands here."""
        return f"settings:{self.page}:{knob}:{self.subject}"


def parse_location(match: re.Match[str]) -> SettingsLocation:
    """Read a spot from a custom id that fits."""
    return SettingsLocation(SettingsPage(match["page"]), match["about"])


CONTROL_PATTERN: Final = (
    rf"(?P<page>{'|'.join(SettingsPage)}):(?P<knob>[a-z_]{{1,24}}):(?P<about>.{{0,40}})"
)


class SettingsControl(
    ui.DynamicItem[ui.Item[Any]], template=re.compile(f"settings:{CONTROL_PATTERN}", re.DOTALL)
):
    """A menu or a button; what it looks like is no matter here, as long as its custom id fits."""

    def __init__(self, item: ui.Item[Any], spot: SettingsLocation, knob: str) -> None:
        super().__init__(item)
        self.location = spot
        self.control_name = knob

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the control again from what Discord sends when it is used."""
        return cls(item, parse_location(match), match["knob"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand it to the cog that knows what to do."""
        await dispatch_component(interaction, self)


class ReopenFormButton(
    ui.DynamicItem[ui.Button[Any]], template=r"settings-retype:(?P<key>[0-9]{1,20})"
):
    """Opens a form once more that broke a rule."""

    def __init__(self, key: str, label: str) -> None:
        style = discord.ButtonStyle.primary
        super().__init__(ui.Button(label=label, style=style, custom_id=f"settings-retype:{key}"))
        self.form_key = key

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(match["key"], cast("ui.Button[Any]", item).label or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what was typed."""
        await dispatch_component(interaction, self)


def chosen_values(interaction: discord.Interaction[Any]) -> tuple[str, ...]:
    """List what was chosen in a menu; a button has nothing to choose."""
    data: dict[str, Any] = {**(interaction.data or {})}
    return tuple(map(str, data.get("values") or ()))


def select_row(
    spot: SettingsLocation, knob: str, options: Sequence[discord.SelectOption], **looks: Any
) -> ui.Item[Any]:
    """Lay out a row with a menu of named options."""
    custom_id = spot.custom_id(knob)
    return row(
        SettingsControl(ui.Select(custom_id=custom_id, options=[*options], **looks), spot, knob)
    )


def channel_select_row(
    spot: SettingsLocation, knob: str, *, allow_forums: bool, **looks: Any
) -> ui.Item[Any]:
    """Lay out a row with a menu of the channels that hold messages, perhaps of forums too."""
    kinds = [*_CHANNELS, *(_FORUMS if allow_forums else ())]
    select = ui.ChannelSelect[Any](custom_id=spot.custom_id(knob), channel_types=kinds, **looks)
    return row(SettingsControl(select, spot, knob))


def role_select_row(spot: SettingsLocation, knob: str, **looks: Any) -> ui.Item[Any]:
    """Lay out a row with a menu of the server's roles."""
    return row(SettingsControl(ui.RoleSelect(custom_id=spot.custom_id(knob), **looks), spot, knob))


def settings_button(
    spot: SettingsLocation,
    knob: str,
    label: str,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> ui.Item[Any]:
    """Make a button."""
    return SettingsControl(
        ui.Button(label=label, style=style, custom_id=spot.custom_id(knob)), spot, knob
    )


def danger_button(spot: SettingsLocation, knob: str, label: str) -> ui.Item[Any]:
    """Make a button for what is not undone by another click."""
    return settings_button(spot, knob, label, discord.ButtonStyle.danger)


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
