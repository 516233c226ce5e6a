"""The command that shows what a video would cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from discord import app_commands
from discord.ext import commands

from cogs.generation.options import parse_choices
from cogs.help import price_views
from cogs.ui.i18n import N_
from cogs.ui.interactions import InteractionTracker, guild_id_of, role_ids, run_handler
from cogs.ui.routing import Interaction
from domain.models import MAX_CLIP_MS, MIN_CLIP_MS, MODELS, Resolution
from domain.requests import Clip, Draft, GenerationCommand, build_request
from domain.violations import Source, Violation, ViolationCode
from workflow.billing import quotas
from workflow.billing.quotas import Member
from workflow.context import Context

_MODELS: Final = [
    app_commands.Choice(name=model.label, value=model.id.value) for model in MODELS.values()
]
_RESOLUTIONS: Final = [app_commands.Choice(name=r.value, value=r.value) for r in Resolution]
_MIN_S: Final = min(model.min_seconds for model in MODELS.values())
_MAX_S: Final = max(model.max_seconds for model in MODELS.values())
_Seconds = app_commands.Range[int, _MIN_S, _MAX_S]
_ReferenceSeconds = app_commands.Range[float, MIN_CLIP_MS / 1000, MAX_CLIP_MS / 1000]

_ANY_PROMPT: Final = "any prompt"
"""What a video shows does not change its price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PriceOptions:
    """The options of the command as they were filled in; None where nothing was."""

    model: str | None = None
    duration: int | None = None
    resolution: str | None = None
    sound: bool | None = None
    reference_seconds: float | None = None


class PriceCog(commands.Cog):
    """Private answers about prices, before anything is spent."""

    def __init__(self, context: Context, interactions: InteractionTracker) -> None:
        self._context = context
        self._interactions = interactions

    @app_commands.command(name="price", description=N_("See what a video costs"))
    @app_commands.describe(
        model=N_("Default: Seedance 1.5 Pro, or 2.0 with reference_seconds"),
        duration=N_("Length of the video in seconds"),
        resolution=N_("Video quality"),
        sound=N_("Sound on or off"),
        reference_seconds=N_("Total length of all reference clips in seconds, like 7.5"),
    )
    @app_commands.choices(model=_MODELS, resolution=_RESOLUTIONS)
    async def price(
        self,
        interaction: Interaction,
        model: str | None = None,
        duration: _Seconds | None = None,
        resolution: str | None = None,
        sound: bool | None = None,
        reference_seconds: _ReferenceSeconds | None = None,
    ) -> None:
        """Show one price, or without any option all of them."""
        options = _PriceOptions(
            model=model,
            duration=duration,
            resolution=resolution,
            sound=sound,
            reference_seconds=reference_seconds,
        )
        await run_handler(interaction, self._price(interaction, options))

    async def _price(self, interaction: Interaction, options: _PriceOptions) -> None:
        await self._interactions.defer_reply(interaction)
        request = None if options == _PriceOptions() else build_request(_draft(options))
        member = Member(guild_id_of(interaction), interaction.user.id, role_ids(interaction.user))
        remaining = (await quotas.read_quota_status(self._context, member)).remaining
        view = (
            price_views.render_price(request, remaining)
            if request
            else price_views.render_price_list(remaining)
        )
        await interaction.edit_original_response(view=view)


def _draft(options: _PriceOptions) -> Draft:
    """Build a draft with this price; one reference video represents all of them."""
    choices = parse_choices(model=options.model, resolution=options.resolution)
    clips, violations = _clips(options.reference_seconds)
    return Draft(
        command=GenerationCommand.REFERENCE if clips else GenerationCommand.VIDEO,
        prompt=_ANY_PROMPT,
        model=choices.model,
        seconds=options.duration,
        resolution=choices.resolution,
        sound=options.sound,
        videos=clips,
        violations=(*choices.violations, *violations),
    )


def _clips(seconds: float | None) -> tuple[tuple[Clip, ...], tuple[Violation, ...]]:
    """Return a clip of exactly the typed length; a fraction of a millisecond is a violation."""
    if seconds is None:
        return (), ()
    # str() of a float has the digits that were typed.
    ms = Decimal(str(seconds)) * 1000
    clip = Clip(url="", name="reference_seconds", duration_ms=int(ms))
    if ms == int(ms):
        return (clip,), ()
    return (clip,), (Violation.of(ViolationCode.REFERENCE_LENGTH_TOO_PRECISE, Source.FORM),)
