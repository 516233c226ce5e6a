"""Slash commands that ask for videos: /video, /animate, /reference, /compose."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from cogs.generation.attachments import AttachmentLoader, RemoteFile
from cogs.generation.autocomplete import Autocomplete, typed_model
from cogs.generation.message_media import by_kind
from cogs.generation.modals import (
    COMPOSE_MODAL_ID,
    RETRY_MODAL_ID,
    ModalKind,
    apply_input,
    files_field,
    make_modal,
    takes_pictures,
    uploaded_files,
)
from cogs.generation.options import (
    ASPECT_RATIO_CHOICES,
    MODEL_CHOICES,
    OPTION_DESCRIPTIONS,
    RESOLUTION_CHOICES,
    DurationRange,
    TakesRange,
    VideoOptions,
    build_draft,
    duration_choices,
)
from cogs.generation.retry import RetryDraft, RetryModals, merge_frames, with_frames
from cogs.generation.service import GenerationService
from cogs.ui.i18n import N_
from cogs.ui.interactions import InteractionTracker
from cogs.ui.routing import ComponentCog, FormRoute, Interaction
from domain.models import (
    MAX_REFERENCE_CLIPS,
    MAX_REFERENCE_IMAGES,
    MODELS,
    Mode,
    Model,
    Resolution,
)
from domain.requests import Draft, GenerationCommand
from workflow.media_probe.types import MediaKind
from workflow.member_turns import MemberTurn
from workflow.results.rerun import IdempotencyKeys, modal_keys

_PICTURE_DESCRIPTIONS: Final = {
    "image": N_("The picture to animate: PNG, JPEG or WebP, up to 10 MB"),
    "last_image": N_("The picture the video ends on"),
}

_File = discord.Attachment | None


class _CommandCog(commands.Cog):
    """A base of the generating commands: their services and autocomplete."""

    def __init__(
        self,
        interactions: InteractionTracker,
        service: GenerationService,
        attachments: AttachmentLoader,
        autocomplete: Autocomplete,
    ) -> None:
        self._interactions = interactions
        self._service = service
        self._attachments = attachments
        self._autocomplete = autocomplete

    async def suggest_prompts(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest the member's own recent prompts on this server."""
        return await self._autocomplete.matching_prompts(interaction, current)

    async def suggest_presets(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest the server's presets."""
        return await self._autocomplete.matching_presets(interaction, current)


class GenerationCog(_CommandCog):
    """Commands for videos from words and pictures."""

    @app_commands.command(name="video", description=N_("Make a video from a prompt"))
    @app_commands.describe(**OPTION_DESCRIPTIONS)
    @app_commands.choices(
        model=MODEL_CHOICES, resolution=RESOLUTION_CHOICES, aspect_ratio=ASPECT_RATIO_CHOICES
    )
    @app_commands.autocomplete(
        prompt=_CommandCog.suggest_prompts, preset=_CommandCog.suggest_presets
    )
    async def video(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: Interaction,
        prompt: str,
        model: str | None = None,
        duration: DurationRange | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        fixed_lens: bool | None = None,
        web_search: bool | None = None,
        preset: str | None = None,
        private: bool | None = None,
        takes: TakesRange | None = None,
    ) -> None:
        """Make a video from a prompt."""
        options = VideoOptions(
            prompt=prompt,
            model=model,
            duration=duration,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            sound=sound,
            fixed_lens=fixed_lens,
            web_search=web_search,
            preset=preset,
            private=private,
            takes=takes,
        )
        await self._generate(interaction, GenerationCommand.VIDEO, options)

    @app_commands.command(name="animate", description=N_("Turn a picture into a video"))
    @app_commands.describe(**_PICTURE_DESCRIPTIONS, **OPTION_DESCRIPTIONS)
    @app_commands.choices(
        model=MODEL_CHOICES, resolution=RESOLUTION_CHOICES, aspect_ratio=ASPECT_RATIO_CHOICES
    )
    @app_commands.autocomplete(
        prompt=_CommandCog.suggest_prompts, preset=_CommandCog.suggest_presets
    )
    async def animate(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: Interaction,
        image: discord.Attachment,
        prompt: str,
        last_image: discord.Attachment | None = None,
        model: str | None = None,
        duration: DurationRange | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        fixed_lens: bool | None = None,
        web_search: bool | None = None,
        preset: str | None = None,
        private: bool | None = None,
        takes: TakesRange | None = None,
    ) -> None:
        """Make a video from one picture, or from one picture to another."""
        options = VideoOptions(
            prompt=prompt,
            model=model,
            duration=duration,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            sound=sound,
            fixed_lens=fixed_lens,
            web_search=web_search,
            preset=preset,
            private=private,
            takes=takes,
        )
        frames = _present(image, last_image)
        await self._generate(interaction, GenerationCommand.ANIMATE, options, frames)

    @video.autocomplete("duration")
    @animate.autocomplete("duration")
    async def _suggest_seconds(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        """Suggest lengths that the chosen model makes."""
        return duration_choices(typed_model(interaction), current)

    async def _generate(
        self,
        interaction: Interaction,
        command: GenerationCommand,
        options: VideoOptions,
        attachments: Sequence[discord.Attachment] = (),
    ) -> None:
        """Defer, load the pictures, request the video, and answer privately."""
        await self._interactions.defer_reply(interaction)
        known, has_files = build_draft(command, options), bool(attachments)
        early = RetryDraft(interaction.user.id, ModalKind(command), known)
        async with self._service.take_turn(
            interaction, known, has_files=has_files, retry=early
        ) as turn:
            loaded = await self._attachments.load_pictures(turn, attachments)
            draft = build_draft(command, options, loaded)
            retry = RetryDraft(interaction.user.id, ModalKind(command), draft, loaded.frames)
            view = await self._service.request_video(interaction, draft, retry=retry)
        await self._service.answer(interaction, view)


_MODEL: Final[Model] = next(
    model for model in MODELS.values() if Mode.OMNI_REFERENCE in model.modes
)
_PICTURES: Final = [f"image{number}" for number in range(1, MAX_REFERENCE_IMAGES + 1)]
_VIDEOS: Final = [f"video{number}" for number in range(1, MAX_REFERENCE_CLIPS + 1)]
_SOUNDS: Final = [f"audio{number}" for number in range(1, MAX_REFERENCE_CLIPS + 1)]
_SHARED_OPTIONS: Final = ("prompt", "web_search", "preset", "private", "takes")
_DESCRIPTIONS: Final = {
    **dict.fromkeys(_PICTURES, N_("Reference picture: PNG, JPEG or WebP, up to 10 MB")),
    **dict.fromkeys(
        _VIDEOS, N_("Reference clip: MP4 or MOV, 2 to 15 s; its seconds are billed too")
    ),
    **dict.fromkeys(
        _SOUNDS, N_("Reference sound: MP3 or WAV, 2 to 15 s; needs a picture or clip with it")
    ),
    **{
        name: description
        for name, description in OPTION_DESCRIPTIONS.items()
        if name in _SHARED_OPTIONS
    },
    "duration": N_("Length in seconds: 4 to 15"),
    "resolution": N_("Video quality"),
    "aspect_ratio": N_("Aspect ratio; default: auto"),
    "sound": N_("Sound on or off (free)"),
}
_RESOLUTIONS: Final = [
    choice for choice in RESOLUTION_CHOICES if Resolution(choice.value) in _MODEL.resolutions
]


class ReferenceCog(_CommandCog):
    """The command for videos led by references."""

    @app_commands.command(
        name="reference", description=N_("Use pictures, clips or sounds as a guide")
    )
    @app_commands.describe(**_DESCRIPTIONS)
    @app_commands.choices(resolution=_RESOLUTIONS, aspect_ratio=ASPECT_RATIO_CHOICES)
    @app_commands.autocomplete(
        prompt=_CommandCog.suggest_prompts, preset=_CommandCog.suggest_presets
    )
    async def reference(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: Interaction,
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
        duration: DurationRange | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        web_search: bool | None = None,
        preset: str | None = None,
        private: bool | None = None,
        takes: TakesRange | None = None,
    ) -> None:
        """Make a video led by references."""
        options = VideoOptions(
            prompt=prompt,
            duration=duration,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            sound=sound,
            web_search=web_search,
            preset=preset,
            private=private,
            takes=takes,
        )
        await self._generate(
            interaction,
            options,
            _present(image1, image2, image3, image4, image5, image6, image7, image8, image9),
            _present(video1, video2, video3),
            _present(audio1, audio2, audio3),
        )

    async def _generate(
        self,
        interaction: Interaction,
        options: VideoOptions,
        pictures: Sequence[discord.Attachment],
        videos: Sequence[discord.Attachment],
        audios: Sequence[discord.Attachment],
    ) -> None:
        """Defer, load the references, request the video, and answer privately."""
        await self._interactions.defer_reply(interaction)
        known = build_draft(GenerationCommand.REFERENCE, options)
        count = len(pictures) + len(videos) + len(audios)
        early = RetryDraft(
            interaction.user.id, ModalKind.REFERENCE, known, omitted_references=count
        )
        async with self._service.take_turn(
            interaction, known, has_files=bool(count), retry=early
        ) as turn:
            loaded = await self._attachments.load_references(turn, pictures, videos, audios)
            draft = build_draft(GenerationCommand.REFERENCE, options, loaded)
            omitted = len(loaded.violations)
            retry = RetryDraft(
                interaction.user.id, ModalKind.REFERENCE, draft, omitted_references=omitted
            )
            view = await self._service.request_video(interaction, draft, retry=retry)
        await self._service.answer(interaction, view)

    @reference.autocomplete("duration")
    async def _suggest_seconds(
        self, _interaction: Interaction, current: str
    ) -> list[app_commands.Choice[int]]:
        """Suggest lengths that the model makes."""
        return duration_choices(_MODEL, current)


def _present(*files: _File) -> list[discord.Attachment]:
    return [file for file in files if file is not None]


_EMPTY: Final = Draft(command=GenerationCommand.VIDEO, prompt="")


class ComposeCog(ComponentCog):
    """The /compose command, and submissions of its modal and of retry modals.

    An earlier process may have opened the modal.
    """

    def __init__(
        self,
        interactions: InteractionTracker,
        service: GenerationService,
        attachments: AttachmentLoader,
        retries: RetryModals,
        autocomplete: Autocomplete,
    ) -> None:
        self._interactions = interactions
        self._service = service
        self._attachments = attachments
        self._retries = retries
        self._autocomplete = autocomplete

    @app_commands.command(name="compose", description=N_("Write a long prompt in a form"))
    @app_commands.describe(
        **{name: OPTION_DESCRIPTIONS[name] for name in ("aspect_ratio", "sound", "preset")},
        private=OPTION_DESCRIPTIONS["private"],
    )
    @app_commands.choices(aspect_ratio=ASPECT_RATIO_CHOICES)
    async def compose(
        self,
        interaction: Interaction,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        preset: str | None = None,
        private: bool | None = None,
    ) -> None:
        """Open a modal for a video from words, or from pictures.

        Discord's forms have five fields: what they have no room for is an option of the command.
        """
        await self._service.gate.check_before_form(interaction)
        options = VideoOptions(
            prompt="", aspect_ratio=aspect_ratio, sound=sound, preset=preset, private=private
        )
        draft = build_draft(GenerationCommand.VIDEO, options)
        form = None
        if draft != _EMPTY:
            retry = RetryDraft(interaction.user.id, ModalKind.COMPOSE, draft)
            await self._retries.keep(interaction.id, retry, draft)
            form = await self._retries.build_modal(
                str(interaction.id), interaction.user.id, interaction.id
            )
        form = form or make_modal(ModalKind.COMPOSE, f"compose:{interaction.id}", _EMPTY)
        await interaction.response.send_modal(form)

    @compose.autocomplete("preset")
    async def suggest_presets(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest the server's presets."""
        return await self._autocomplete.matching_presets(interaction, current)

    @property
    def form_routes(self) -> tuple[FormRoute, ...]:
        """Return the routes of the modals, which an earlier process may have opened."""
        return (
            FormRoute(COMPOSE_MODAL_ID, self._submit_compose),
            FormRoute(RETRY_MODAL_ID, self._submit_retry),
        )

    async def _submit_compose(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._interactions.defer_reply(interaction)
        blank = RetryDraft(interaction.user.id, ModalKind.COMPOSE, _EMPTY)
        keys = modal_keys(int(match["opened"]), interaction.user.id, "compose")
        await self._request(interaction, blank, data, keys)

    async def _submit_retry(
        self, interaction: Interaction, match: re.Match[str], data: Mapping[str, Any]
    ) -> None:
        await self._interactions.defer_reply(interaction)
        user_id, key = interaction.user.id, match["key"]
        retry = await self._retries.find(key, user_id, ModalKind(match["kind"]))
        keys = modal_keys(int(match["opened"]), user_id, f"mend:{key}")
        await self._request(interaction, retry, data, keys)

    async def _request(
        self,
        interaction: Interaction,
        before: RetryDraft,
        data: Mapping[str, Any],
        keys: IdempotencyKeys,
    ) -> None:
        """Request the video of a draft with the submitted input applied, and answer."""
        updated = replace(before, draft=apply_input(before.draft, data))
        field = files_field(before.kind)
        files = uploaded_files(data, field) if field else []
        is_animation = bool(files) and takes_pictures(before.kind)
        command = GenerationCommand.ANIMATE if is_animation else updated.draft.command
        known, has_files = replace(updated.draft, command=command), bool(files)
        early = replace(updated, draft=known)
        async with self._service.take_turn(
            interaction, known, keys, has_files=has_files, retry=early
        ) as turn:
            if takes_pictures(before.kind):
                updated = await self._with_pictures(turn, updated, files)
            elif files:
                updated = await self._with_references(turn, updated, files)
            view = await self._service.request_video(interaction, updated.draft, keys, updated)
        await self._service.answer(interaction, view)

    async def _with_references(
        self, turn: MemberTurn, retry: RetryDraft, files: Sequence[RemoteFile]
    ) -> RetryDraft:
        """Put uploaded references in the place of those kept."""
        media = by_kind(files)
        loaded = await self._attachments.load_references(
            turn, media[MediaKind.PICTURE], media[MediaKind.VIDEO], media[MediaKind.AUDIO]
        )
        draft = loaded.as_references(retry.draft)
        return replace(retry, draft=draft, omitted_references=len(loaded.violations))

    async def _with_pictures(
        self, turn: MemberTurn, retry: RetryDraft, files: Sequence[RemoteFile]
    ) -> RetryDraft:
        """Merge uploaded pictures with those kept; a composed video without any is from words."""
        loaded = await self._attachments.load_pictures(turn, files)
        frames = merge_frames(retry.frames, loaded.frames)
        draft = with_frames(retry.draft, frames, loaded)
        if retry.kind is ModalKind.COMPOSE:
            has_pictures = loaded.frames or draft.pictures
            draft = replace(
                draft,
                command=GenerationCommand.ANIMATE if has_pictures else GenerationCommand.VIDEO,
            )
        return replace(retry, draft=draft, frames=frames)
