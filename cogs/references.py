"""The command that asks for a video led by pictures, videos and sounds."""

from collections.abc import Mapping
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from cogs.desk import Desk
from cogs.forms.looks import FormKind
from cogs.forms.mending import Mending, Typed
from cogs.intake import Intake
from cogs.options import RATIOS, RESOLUTIONS, TEXTS, Seconds, draft_of, given_options
from cogs.options import suggest_seconds as suggest
from cogs.suggestions import suggest_presets, suggest_prompts
from domain.catalogue import mark
from domain.models import (
    MAX_REFERENCE_CLIPS,
    MAX_REFERENCE_IMAGES,
    MODELS,
    Mode,
    Model,
    Resolution,
)
from domain.requests import Command

_MODEL: Final[Model] = next(
    model for model in MODELS.values() if Mode.OMNI_REFERENCE in model.modes
)
_PICTURES: Final = [f"image{number}" for number in range(1, MAX_REFERENCE_IMAGES + 1)]
_VIDEOS: Final = [f"video{number}" for number in range(1, MAX_REFERENCE_CLIPS + 1)]
_SOUNDS: Final = [f"audio{number}" for number in range(1, MAX_REFERENCE_CLIPS + 1)]
_SHARED_TEXTS: Final = ("prompt", "web_search", "preset", "private")
_TEXTS: Final = {
    **dict.fromkeys(_PICTURES, mark("A picture to go by: PNG, JPEG or WebP, 10 MB at most")),
    **dict.fromkeys(_VIDEOS, mark("A video to go by: MP4 or MOV, 2 to 15 s, billed with the rest")),
    **dict.fromkeys(
        _SOUNDS, mark("A sound to go by: MP3 or WAV, 2 to 15 s, beside a picture or video")
    ),
    **{name: text for name, text in TEXTS.items() if name in _SHARED_TEXTS},
    "duration": mark("Length in seconds: 4 to 15"),
    "resolution": mark("Height of the video"),
    "aspect_ratio": mark("Shape of the video; auto when left out"),
    "sound": mark("Whether the video has sound (free)"),
}
_RESOLUTIONS: Final = [
    found for found in RESOLUTIONS if Resolution(found.value) in _MODEL.resolutions
]

_Interaction = discord.Interaction[Any]
_File = discord.Attachment | None


class References(commands.Cog):
    """Takes requests for videos that are led by references."""

    def __init__(self, desk: Desk, intake: Intake, mending: Mending) -> None:
        self._desk = desk
        self._intake = intake
        self._mending = mending

    @app_commands.command(
        name="reference", description=mark("Make a video led by pictures, videos, sounds")
    )
    @app_commands.describe(**_TEXTS)
    @app_commands.choices(resolution=_RESOLUTIONS, aspect_ratio=RATIOS)
    @app_commands.autocomplete(prompt=suggest_prompts, preset=suggest_presets)
    async def reference(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: _Interaction,
        prompt: str,
        image1: _File = None,
        image2: _File = None,
        image3: _File = None,
        image4: _File = None,
        image5: _File = None,
        image6: _File = None,
        image7: _File = None,
        image8: _File = None,
        image9: _File = None,
        video1: _File = None,
        video2: _File = None,
        video3: _File = None,
        audio1: _File = None,
        audio2: _File = None,
        audio3: _File = None,
        duration: Seconds | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        web_search: bool | None = None,
        preset: str | None = None,
        private: bool | None = None,
    ) -> None:
        """Make a video that goes by references."""
        await self._desk.open(interaction)
        given = given_options(interaction)
        files = [_files(given, names) for names in (_PICTURES, _VIDEOS, _SOUNDS)]
        gathered = await self._intake.references(*files)
        draft = draft_of(Command.REFERENCE, interaction, gathered)
        lost = len(gathered.problems)
        mistake = Typed(interaction.user.id, FormKind.REFERENCE, draft, left_out=lost)
        mend = self._mending.offer(interaction.id, mistake)
        card = await self._desk.order(interaction, draft, mend=mend)
        await interaction.edit_original_response(view=card)

    @reference.autocomplete("duration")
    async def _suggest_seconds(
        self, _interaction: _Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        """Suggest lengths that the model makes."""
        return suggest(_MODEL, current)


def _files(given: Mapping[str, Any], names: list[str]) -> list[discord.Attachment]:
    return [given[name] for name in names if given.get(name) is not None]
