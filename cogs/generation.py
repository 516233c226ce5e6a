"""The commands that ask for videos from words, and from one or two pictures."""

from collections.abc import Sequence
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from cogs.desk import Desk
from cogs.forms.looks import FormKind
from cogs.forms.mending import Mending, Typed
from cogs.intake import Intake
from cogs.options import MODEL_CHOICES, RATIOS, RESOLUTIONS, TEXTS, Seconds, draft_of
from cogs.options import suggest_seconds as suggest
from cogs.suggestions import suggest_presets, suggest_prompts
from domain.catalogue import mark
from domain.models import DEFAULT_MODEL, MODELS
from domain.requests import Command

_PICTURE_TEXTS: Final = {
    "image": mark("The picture to animate: PNG, JPEG or WebP, 10 MB at most"),
    "last_image": mark("A second picture for the video to end on"),
}

_Interaction = discord.Interaction[Any]


class Generation(commands.Cog):
    """Takes requests for videos from words and pictures."""

    def __init__(self, desk: Desk, intake: Intake, mending: Mending) -> None:
        self._desk = desk
        self._intake = intake
        self._mending = mending

    @app_commands.command(name="video", description=mark("Make a short video from a prompt"))
    @app_commands.describe(**TEXTS)
    @app_commands.choices(model=MODEL_CHOICES, resolution=RESOLUTIONS, aspect_ratio=RATIOS)
    @app_commands.autocomplete(prompt=suggest_prompts, preset=suggest_presets)
    async def video(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: _Interaction,
        prompt: str,
        model: str | None = None,
        duration: Seconds | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        fixed_lens: bool | None = None,
        web_search: bool | None = None,
        preset: str | None = None,
        private: bool | None = None,
    ) -> None:
        """Make a video from a prompt."""
        await self._serve(interaction, Command.VIDEO)

    @app_commands.command(name="animate", description=mark("Bring a picture to life"))
    @app_commands.describe(**_PICTURE_TEXTS, **TEXTS)
    @app_commands.choices(model=MODEL_CHOICES, resolution=RESOLUTIONS, aspect_ratio=RATIOS)
    @app_commands.autocomplete(prompt=suggest_prompts, preset=suggest_presets)
    async def animate(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: _Interaction,
        image: discord.Attachment,
        prompt: str,
        last_image: discord.Attachment | None = None,
        model: str | None = None,
        duration: Seconds | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        fixed_lens: bool | None = None,
        web_search: bool | None = None,
        preset: str | None = None,
        private: bool | None = None,
    ) -> None:
        """Make a video from one picture, or from one picture to another."""
        given = [image] if last_image is None else [image, last_image]
        await self._serve(interaction, Command.ANIMATE, given)

    @video.autocomplete("duration")
    @animate.autocomplete("duration")
    async def _suggest_seconds(
        self, interaction: _Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        """Suggest lengths that the chosen model makes, those it bills predictably first."""
        chosen = str(interaction.namespace.model or DEFAULT_MODEL.id)
        model = next((m for m in MODELS.values() if m.id == chosen), DEFAULT_MODEL)
        return suggest(model, current)

    async def _serve(
        self,
        interaction: _Interaction,
        command: Command,
        attachments: Sequence[discord.Attachment] = (),
    ) -> None:
        """Defer, gather what was given, put it on the belt, answer privately."""
        await self._desk.open(interaction)
        gathered = await self._intake.pictures(attachments)
        draft = draft_of(command, interaction, gathered)
        mistake = Typed(interaction.user.id, FormKind(command), draft, gathered.frames)
        mend = self._mending.offer(interaction.id, mistake)
        card = await self._desk.order(interaction, draft, mend=mend)
        await interaction.edit_original_response(view=card)
