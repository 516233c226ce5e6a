"""Buttons of the operator about servers, and the form that asks for a day limit.

Each custom id names the server and the page of its list, so they work after a restart.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Self

import discord
from discord import ui

from cogs.ui.i18n import N_, _
from cogs.ui.routing import Interaction, dispatch_component
from domain.snowflakes import SNOWFLAKE


class ServerAction(StrEnum):
    """What a click does to a server."""

    ADMIT = "admit"
    ADMIT_WITH_LIMIT = "limit"
    WITHDRAW = "withdraw"
    LEAVE = "leave"


_SUBJECT: Final = rf"(?P<server>{SNOWFLAKE}):(?P<page>[0-9]{{1,6}})"
LIMIT_CUSTOM_ID: Final = re.compile(rf"server:amount:{_SUBJECT}")
"""The custom id of the form in which a day limit is typed."""

_Style: Final = discord.ButtonStyle
_LABELS_AND_STYLES: Final = MappingProxyType(
    {
        ServerAction.ADMIT: (N_("Approve"), _Style.success),
        ServerAction.ADMIT_WITH_LIMIT: (N_("Approve with a daily limit"), _Style.secondary),
        ServerAction.WITHDRAW: (N_("Remove approval"), _Style.danger),
        ServerAction.LEAVE: (N_("Leave"), _Style.danger),
    }
)


class ServerButton(
    ui.DynamicItem[ui.Button[Any]],
    template=rf"server:(?P<action>{'|'.join(ServerAction)}):{_SUBJECT}",
):
    """A decision about a server."""

    def __init__(self, action: ServerAction, guild_id: int, page: int = 0) -> None:
        label, style = _LABELS_AND_STYLES[action]
        custom_id = f"server:{action}:{guild_id}:{page}"
        super().__init__(ui.Button(label=_(label), style=style, custom_id=custom_id))
        self.action = action
        self.guild_id = guild_id
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(ServerAction(match["action"]), int(match["server"]), int(match["page"]))

    async def callback(self, interaction: Interaction) -> None:
        """Hand the click to its handler."""
        await dispatch_component(interaction, self)


class ServerPageButton(
    ui.DynamicItem[ui.Button[Any]], template=r"server:page:(?P<page>[0-9]{1,6})"
):
    """A button that opens a page of the list, counted from 0."""

    def __init__(self, page: int, label: str = "", *, disabled: bool = False) -> None:
        custom_id = f"server:page:{page}"
        super().__init__(ui.Button(label=label, custom_id=custom_id, disabled=disabled))
        self.page = page

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from the custom id of a click."""
        return cls(int(match["page"]))

    async def callback(self, interaction: Interaction) -> None:
        """Turn the page."""
        await dispatch_component(interaction, self)


def limit_modal(guild_id: int, page: int) -> ui.Modal:
    """Build the form that asks what a server may spend in a day."""
    custom_id = f"server:amount:{guild_id}:{page}"
    modal = ui.Modal(title=_("Approve with a daily limit"), custom_id=custom_id)
    field = ui.TextInput[Any](custom_id="amount", min_length=1, max_length=20)
    modal.add_item(ui.Label(text=_("Dollars per day, like 5 or 2.50"), component=field))
    modal.stop()  # discord.py would keep the modal in memory until it is submitted
    return modal


def read_amount(data: Mapping[str, Any]) -> str:
    """Return the amount in a submitted form; empty if there is none."""
    components: Iterable[Mapping[str, Any]] = data.get("components", ())
    fields = (component.get("component", component) for component in components)
    values = (field.get("value") for field in fields if field.get("custom_id") == "amount")
    return str(next(values, None) or "").strip()
