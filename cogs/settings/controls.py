"""Controls of the settings panel.

The custom id names the page and the control, so that a panel works after a restart.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.layout import row
from cogs.ui.routing import Interaction, dispatch_component
from domain.snowflakes import SNOWFLAKE


class SettingsPage(StrEnum):
    """The pages of the panel, as written in custom ids."""

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
    """Controls that act on a page; every other control is named after the field that it sets."""

    OPEN_PAGE = "turn"
    SELECT_SUBJECT = "choose"
    CLEAR = "clear"
    CLEAR_DELETED = "sweep"
    ADD = "add"
    EDIT = "edit"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class SettingsLocation:
    """A page, and its `subject`: a channel's id or a preset's name on pages that have several."""

    page: SettingsPage
    subject: str = ""

    def custom_id(self, control_name: str) -> str:
        """Return the custom id of a control on this page."""
        return f"settings:{self.page}:{control_name}:{self.subject}"


def parse_location(match: re.Match[str]) -> SettingsLocation:
    """Return the location in a custom id that matched `CONTROL_PATTERN`."""
    return SettingsLocation(SettingsPage(match["page"]), match["subject"])


CONTROL_PATTERN: Final = (
    rf"(?!{SettingsPage.CHANNEL}:[a-z_]*:(?!{SNOWFLAKE}\Z))"
    rf"(?P<page>{'|'.join(SettingsPage)}):(?P<control>[a-z_]{{1,24}}):(?P<subject>.{{0,40}})"
)
"""A page, a control, and the page's subject, which is an id on the page of a channel."""


class SettingsControl(
    ui.DynamicItem[ui.Item[Any]], template=re.compile(f"settings:{CONTROL_PATTERN}", re.DOTALL)
):
    """A menu or a button of the panel, recognised by its custom id alone."""

    def __init__(self, item: ui.Item[Any], location: SettingsLocation, control_name: str) -> None:
        super().__init__(item)
        self.location = location
        self.control_name = control_name

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the control from the interaction that Discord sends."""
        return cls(item, parse_location(match), match["control"])

    async def callback(self, interaction: Interaction) -> None:
        """Dispatch the interaction to the cog that handles it."""
        await dispatch_component(interaction, self)


class ReopenFormButton(
    ui.DynamicItem[ui.Button[Any]], template=f"settings-retype:(?P<key>{SNOWFLAKE})"
):
    """A button that reopens a rejected form with its values."""

    def __init__(self, key: str, label: str = "") -> None:
        style = discord.ButtonStyle.primary
        super().__init__(ui.Button(label=label, style=style, custom_id=f"settings-retype:{key}"))
        self.form_key = key

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the interaction that Discord sends."""
        return cls(match["key"])

    async def callback(self, interaction: Interaction) -> None:
        """Dispatch the click to the cog, which keeps the rejected values."""
        await dispatch_component(interaction, self)


def select_row(
    location: SettingsLocation,
    control_name: str,
    options: Sequence[discord.SelectOption],
    **select_kwargs: Any,
) -> ui.Item[Any]:
    """Build a row with a menu of named options."""
    custom_id = location.custom_id(control_name)
    return row(
        SettingsControl(
            ui.Select(custom_id=custom_id, options=[*options], **select_kwargs),
            location,
            control_name,
        )
    )


def channel_select_row(
    location: SettingsLocation, control_name: str, *, allow_forums: bool, **select_kwargs: Any
) -> ui.Item[Any]:
    """Build a row with a menu of the channels that hold messages, and of forums if allowed."""
    kinds = [*_CHANNELS, *(_FORUMS if allow_forums else ())]
    select = ui.ChannelSelect[Any](
        custom_id=location.custom_id(control_name), channel_types=kinds, **select_kwargs
    )
    return row(SettingsControl(select, location, control_name))


def role_select_row(
    location: SettingsLocation, control_name: str, **select_kwargs: Any
) -> ui.Item[Any]:
    """Build a row with a menu of the server's roles."""
    return row(
        SettingsControl(
            ui.RoleSelect(custom_id=location.custom_id(control_name), **select_kwargs),
            location,
            control_name,
        )
    )


def settings_button(
    location: SettingsLocation,
    control_name: str,
    label: str,
    style: discord.ButtonStyle = discord.ButtonStyle.secondary,
) -> ui.Item[Any]:
    """Build a button of the panel."""
    return SettingsControl(
        ui.Button(label=label, style=style, custom_id=location.custom_id(control_name)),
        location,
        control_name,
    )


def danger_button(location: SettingsLocation, control_name: str, label: str) -> ui.Item[Any]:
    """Build a button for a change that another click cannot undo."""
    return settings_button(location, control_name, label, discord.ButtonStyle.danger)


_ChannelType: Final = discord.ChannelType
_CHANNELS: Final = (
    _ChannelType.text,
    _ChannelType.news,
    _ChannelType.voice,
    _ChannelType.stage_voice,
    _ChannelType.public_thread,
    _ChannelType.private_thread,
    _ChannelType.news_thread,
)
_FORUMS: Final = (_ChannelType.forum, _ChannelType.media)
