"""Knows the button that takes a grant back; it names the grant, so it works after a restart."""

import re
from typing import Any, Protocol, Self, cast

import discord
from discord import ui

from domain.catalogue import t


class Revoking(Protocol):
    """The cog that takes grants back; found by its name, for a button outlives it."""

    async def revoke(self, interaction: discord.Interaction[Any], grant_id: int) -> None:
        """Take back what is unspent of a grant, and answer the click."""
        ...


class RevokeButton(ui.DynamicItem[ui.Button[Any]], template=r"revoke:(?P<grant>\d{1,18})"):
    """A button for one grant."""

    def __init__(self, grant_id: int, label: str | None = None) -> None:
        custom_id, style = f"revoke:{grant_id}", discord.ButtonStyle.danger
        label = label or t("Revoke")
        super().__init__(ui.Button(label=label, style=style, custom_id=custom_id))
        self.grant_id = grant_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(int(match["grant"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that knows what to do."""
        cog = cast("Revoking", interaction.client.get_cog("Managing"))
        await cog.revoke(interaction, self.grant_id)
