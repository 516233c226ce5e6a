"""The commands that ask for videos from words, and from one or two pictures."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from cogs.generation.attachments import Intake
from cogs.generation.autocomplete import suggest_presets, suggest_prompts
from cogs.generation.modals import (
    COMPOSE_FORM,
    MEND_FORM,
    Field,
    FormKind,
    files_in,
    make_form,
    sent_off,
    takes_pictures,
    typed,
)
from cogs.generation.options import (
    MODEL_CHOICES,
    RATIOS,
    RESOLUTIONS,
    TEXTS,
    Seconds,
    draft_of,
    given_options,
)
from cogs.generation.options import suggest_seconds as suggest
from cogs.generation.retry import Mending, Typed, framed, placed
from cogs.generation.service import Desk
from cogs.ui.interactions import answering
from domain.catalogue import mark
from domain.models import (
    DEFAULT_MODEL,
    MAX_REFERENCE_CLIPS,
    MAX_REFERENCE_IMAGES,
    MODELS,
    Mode,
    Model,
    Resolution,
)
from domain.requests import Command, Draft
from workflow.results.rerun import Keys, form_keys

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


_EMPTY: Final = Draft(command=Command.VIDEO, prompt="")


class Composing(commands.Cog):
    """Opens forms, and takes those that are sent off, also to an earlier process."""

    def __init__(self, desk: Desk, intake: Intake, mending: Mending) -> None:
        self._desk = desk
        self._intake = intake
        self._mending = mending

    @app_commands.command(name="compose", description=mark("Write a long prompt in a form"))
    async def compose(self, interaction: _Interaction) -> None:
        """Open a form for a video from words, or from pictures."""
        form = make_form(FormKind.COMPOSE, f"compose:{interaction.id}", _EMPTY)
        await interaction.response.send_modal(form)

    @commands.Cog.listener("on_interaction")
    async def form(self, interaction: _Interaction) -> None:
        """Take a form that is sent off."""
        if sent := sent_off(interaction, COMPOSE_FORM):
            await answering(interaction, self._composed(interaction, *sent))
        elif sent := sent_off(interaction, MEND_FORM):
            await answering(interaction, self._mended(interaction, *sent))

    async def _composed(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._desk.open(interaction)
        blank = Typed(interaction.user.id, FormKind.COMPOSE, _EMPTY)
        keys = form_keys(int(about["opened"]), interaction.user.id, "compose")
        await self._order(interaction, blank, data, keys)

    async def _mended(
        self, interaction: _Interaction, about: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._desk.open(interaction)
        user_id, key = interaction.user.id, about["key"]
        mistake = self._mending.find(key, user_id, FormKind(about["kind"]))
        keys = form_keys(int(about["opened"]), user_id, f"mend:{key}")
        await self._order(interaction, mistake, data, keys)

    async def _order(
        self, interaction: _Interaction, before: Typed, data: Mapping[str, Any], keys: Keys
    ) -> None:
        """Put on the belt what was typed over a draft, and answer."""
        after = replace(before, draft=typed(before.draft, data))
        if takes_pictures(before.kind):
            after = await self._with_pictures(after, data)
        mend = self._mending.offer(interaction.id, after)
        card = await self._desk.order(interaction, after.draft, keys, mend)
        await interaction.edit_original_response(view=card)

    async def _with_pictures(self, about: Typed, data: Mapping[str, Any]) -> Typed:
        """Take in the pictures of a form beside those that are kept; with none, words are meant."""
        gathered = await self._intake.pictures(files_in(data, Field.PICTURES))
        frames = placed(about.frames, gathered.frames)
        draft = framed(about.draft, frames, gathered.problems)
        if about.kind is FormKind.COMPOSE:
            has_pictures = gathered.frames or draft.pictures
            draft = replace(draft, command=Command.ANIMATE if has_pictures else Command.VIDEO)
        return replace(about, draft=draft, frames=frames)
