"""The commands that ask for videos, and the background loop that turns the belt."""

import asyncio
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, TypeVar

import discord
import structlog
from discord import app_commands
from discord.ext import commands, tasks

from cogs import cards, words
from cogs.forms import CancelButton
from cogs.intake import Gathered, Intake
from domain.errors import BrokenRules
from domain.models import DEFAULT_MODEL, MODELS, AspectRatio, ModelId, Resolution
from domain.pricing import quote
from domain.requests import Command, Draft, VideoRequest, check
from workflow.accept import Accepted, Order, accept, cancel
from workflow.belt import Belt
from workflow.context import Context
from workflow.errors import NotYours, OverLimit, QueueFull, TooLate

_log = structlog.get_logger(__name__)

_LAST_S: Final = 5
"""For the last turn of the belt, and for commands that were typed before the end."""

_DRAIN_S: Final = 14
_ERROR_REST_S: Final = 1

_TEXTS: Final = {
    "prompt": "What the video should show",
    "image": "The picture to animate: PNG, JPEG or WebP, 10 MB at most",
    "last_image": "A second picture for the video to end on",
    "model": "Seedance 1.5 Pro is quick and cheap, 2.0 takes minutes and looks best",
    "duration": "Length in seconds: 4 to 12 on 1.5 Pro, 4 to 15 on 2.0",
    "resolution": "Height of the video; 1080p on 2.0 only",
    "aspect_ratio": "Shape of the video; auto on 2.0 only",
    "sound": "Whether the video has sound (doubles the price on 1.5 Pro, free on 2.0)",
    "fixed_lens": "Keep the camera still (1.5 Pro only)",
    "web_search": "Let the model look things up on the web (2.0 only)",
}
_MODELS: Final = [
    app_commands.Choice(name=model.label, value=model.id.value) for model in MODELS.values()
]
_RESOLUTIONS: Final = [app_commands.Choice(name=r.value, value=r.value) for r in Resolution]
_RATIOS: Final = [app_commands.Choice(name=r.value, value=r.value) for r in AspectRatio]
_SUGGESTED_SECONDS: Final = (4, 8, 12, 5, 6, 7, 9, 10, 11, 13, 14, 15)

_Seconds = app_commands.Range[int, 4, 15]
_Interaction = discord.Interaction[Any]
E = TypeVar("E", bound=StrEnum)


class Generation(commands.Cog):
    """Takes requests for videos and keeps the belt turning."""

    def __init__(self, context: Context, belt: Belt, intake: Intake) -> None:
        self._context = context
        self._belt = belt
        self._intake = intake
        self._serving = set[asyncio.Task[Any]]()

    async def cog_load(self) -> None:
        """Make good what a crash left, and start the loop."""
        await self._belt.start()
        self._turn.start()

    async def cog_unload(self) -> None:
        """Stop the loop and let what is under way finish, while Discord can still be reached."""
        turning = self._turn.get_task()
        self._turn.stop()
        self._belt.wake()
        if last := {*self._serving, *([turning] if turning else [])}:
            await asyncio.wait(last, timeout=_LAST_S)
        if turning is not None:
            turning.cancel()
        await self._belt.drain(_DRAIN_S)

    @app_commands.command(name="video", description="Make a short video from a prompt")
    @app_commands.describe(**{k: v for k, v in _TEXTS.items() if "image" not in k})
    @app_commands.choices(model=_MODELS, resolution=_RESOLUTIONS, aspect_ratio=_RATIOS)
    async def video(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: _Interaction,
        prompt: str,
        model: str | None = None,
        duration: _Seconds | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        fixed_lens: bool | None = None,
        web_search: bool | None = None,
    ) -> None:
        """Make a video from a prompt."""
        await self._serve(interaction, Command.VIDEO)

    @app_commands.command(name="animate", description="Bring a picture to life")
    @app_commands.describe(**_TEXTS)
    @app_commands.choices(model=_MODELS, resolution=_RESOLUTIONS, aspect_ratio=_RATIOS)
    async def animate(  # noqa: PLR0913 - Discord's options are arguments
        self,
        interaction: _Interaction,
        image: discord.Attachment,
        prompt: str,
        last_image: discord.Attachment | None = None,
        model: str | None = None,
        duration: _Seconds | None = None,
        resolution: str | None = None,
        aspect_ratio: str | None = None,
        sound: bool | None = None,
        fixed_lens: bool | None = None,
        web_search: bool | None = None,
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
        # Discord does not check what stands in a field that is being filled in.
        typed = str(current).strip()
        return [
            app_commands.Choice(name=f"{seconds} seconds", value=seconds)
            for seconds in _SUGGESTED_SECONDS
            if model.min_seconds <= seconds <= model.max_seconds and str(seconds).startswith(typed)
        ]

    async def answer_cancel(self, interaction: _Interaction, job_id: str) -> None:
        """Cancel a waiting job for the member who clicked, and say what came of it."""
        await interaction.response.defer()
        try:
            await cancel(self._context, job_id, interaction.user.id)
        except NotYours:
            said = "There is no such video of yours."
        except TooLate as error:
            said = words.too_late(error)
        else:
            self._belt.wake()
            said = f"Cancelled `{job_id}`. Nothing was charged."
        await interaction.edit_original_response(view=cards.note(said))

    async def _serve(
        self,
        interaction: _Interaction,
        command: Command,
        attachments: Sequence[discord.Attachment] = (),
    ) -> None:
        """Defer, gather what was given, put it on the belt, answer privately."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        serving = asyncio.current_task()
        assert serving is not None, "a command runs in a task"
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)
        gathered = await self._intake.pictures(attachments)
        try:
            request = check(_draft(command, interaction, gathered))
            news = await self._accept(interaction, request)
        except BrokenRules as error:
            await interaction.edit_original_response(view=cards.refusal(error.rules))
            return
        self._belt.wake()
        policy = self._context.policy
        card = cards.accepted(
            news, CancelButton(news.job.id), failures_cost=policy.charge_failed_tasks
        )
        await interaction.edit_original_response(view=card)

    async def _accept(self, interaction: _Interaction, request: VideoRequest) -> Accepted:
        """Put a request on the belt; what the quota or the queue says no to is a broken rule."""
        assert interaction.guild_id is not None, "the commands exist in servers only"
        assert interaction.channel_id is not None, "a command comes from a channel"
        order = Order(
            interaction_id=interaction.id,
            guild_id=interaction.guild_id,
            channel_id=interaction.channel_id,
            user_id=interaction.user.id,
            request=request,
        )
        try:
            return await accept(self._context, order)
        except OverLimit as error:
            raise BrokenRules(words.over_limit(error, quote(request).amount)) from None
        except QueueFull as error:
            raise BrokenRules([words.queue_full(error)]) from None

    @tasks.loop(seconds=0)
    async def _turn(self) -> None:
        """Turn the belt and rest; a fault of one turn is logged and the next one comes."""
        try:
            await self._belt.turn()
            await self._belt.rest()
        except Exception:  # noqa: BLE001 - whatever it is, the belt goes on
            _log.exception("a turn of the belt failed")
            await asyncio.sleep(_ERROR_REST_S)


def _draft(command: Command, interaction: _Interaction, gathered: Gathered) -> Draft:
    # dict(namespace) would ask it for keys(), and it answers None to any name.
    given = dict(iter(interaction.namespace))
    model, resolution, ratio, unknown = _choices(given)
    return Draft(
        command=command,
        prompt=given["prompt"],
        model=model,
        seconds=given.get("duration"),
        resolution=resolution,
        aspect_ratio=ratio,
        sound=given.get("sound"),
        fixed_lens=given.get("fixed_lens"),
        web_search=given.get("web_search"),
        pictures=gathered.pictures,
        problems=(*gathered.problems, *unknown, *_channel_problems(interaction)),
    )


def _choices(
    given: Mapping[str, Any],
) -> tuple[ModelId | None, Resolution | None, AspectRatio | None, list[str]]:
    """Read the options with fixed values; a client with old commands may send others."""
    problems = list[str]()

    def read(kind: type[E], name: str) -> E | None:
        value = given.get(name)
        if value is None or value in list(kind):
            return None if value is None else kind(value)
        problems.append(f"{name} can be {', '.join(kind)}, not {words.harmless(value, 40)}.")
        return None

    return (
        read(ModelId, "model"),
        read(Resolution, "resolution"),
        read(AspectRatio, "aspect_ratio"),
        problems,
    )


def _channel_problems(interaction: _Interaction) -> list[str]:
    """Name what the bot lacks in this channel to post a video there later."""
    allowed = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = {
        "View Channel": allowed.view_channel,
        "Send Messages in Threads" if in_thread else "Send Messages": (
            allowed.send_messages_in_threads if in_thread else allowed.send_messages
        ),
        "Attach Files": allowed.attach_files,
    }
    lacking = [name for name, granted in needed.items() if not granted]
    if not lacking:
        return []
    return [f"I could not post the video here: I lack {', '.join(lacking)} in this channel."]
