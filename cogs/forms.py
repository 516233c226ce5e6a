"""Knows the buttons under the cards; each carries its job's id, so it works after a restart."""

import re
from typing import Any, Protocol, Self, cast

import discord
from discord import ui


class Canceller(Protocol):
    """The cog that cancels jobs; found by its name, since a button outlives its process."""

    async def answer_cancel(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Cancel a job for the member who clicked, and say what came of it."""
        ...


class CancelButton(ui.DynamicItem[ui.Button[Any]], template=r"cancel:(?P<job>[0-9a-z]{20})"):
    """Takes a waiting job off the belt."""

    def __init__(self, job_id: str) -> None:
        super().__init__(
            ui.Button(
                label="Cancel", style=discord.ButtonStyle.secondary, custom_id=f"cancel:{job_id}"
            )
        )
        self.job_id = job_id

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button again from what Discord sends with a click."""
        return cls(match["job"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the click to the cog that generates."""
        cog = cast("Canceller", interaction.client.get_cog("Generation"))
        await cog.answer_cancel(interaction, self.job_id)
