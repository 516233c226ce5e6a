"""Autocomplete of a member's recent prompts and of a server's presets."""

import asyncio
import unicodedata
from collections.abc import Awaitable
from typing import Final, TypeVar

import structlog
from discord import app_commands

from cogs.ui.routing import Interaction
from domain.models import DEFAULT_MODEL, MODELS, Model
from workflow.context import Context
from workflow.guilds import presets, prompt_history
from workflow.guilds.prompt_history import RecentPrompt, prompt_token

_log = structlog.get_logger(__name__)

_TIMEOUT_S: Final = 2
_MAX_CHOICES: Final = 25
_MAX_CHOICE_CHARS: Final = 100
"""Characters of a choice's name and value, counted in UTF-16 as Discord's client does."""

_INVISIBLE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs"})

_Choices = list[app_commands.Choice[str]]
T = TypeVar("T")


class Autocomplete:
    """Suggestions for options that are being typed: in time, or none.

    The typed text may be anything: Discord checks it only when the command is sent.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    async def matching_prompts(self, interaction: Interaction, typed: str) -> _Choices:
        """Return the prompts that contain what was typed, newest first."""
        if interaction.guild_id is None:
            return []
        work = prompt_history.find_recent_prompts(
            self._context, interaction.guild_id, interaction.user.id, str(typed)
        )
        choices = [_choice(item) for item in await _within_timeout(work)]
        return [choice for choice in choices if choice.name][:_MAX_CHOICES]

    async def matching_presets(self, interaction: Interaction, typed: str) -> _Choices:
        """Return the presets whose names contain what was typed."""
        if interaction.guild_id is None:
            return []
        work = presets.autocomplete_preset(self._context, interaction.guild_id, str(typed))
        found = await _within_timeout(work)
        return [app_commands.Choice(name=item.name, value=item.name) for item in found]


def typed_model(interaction: Interaction) -> Model:
    """Return the model chosen so far in a command that is still being typed.

    The other options of such a command reach an autocomplete callback through the namespace
    alone: discord.py passes it none of them as arguments. Discord does not check them yet either.
    """
    typed = interaction.namespace.model
    return next((model for model in MODELS.values() if model.id == typed), DEFAULT_MODEL)


async def _within_timeout(work: Awaitable[list[T]]) -> list[T]:
    """Await a list for as long as Discord waits; return an empty one on any error."""
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            return await work
    except Exception as error:  # noqa: BLE001 - typing goes on without suggestions
        _log.warning("autocomplete failed", error=type(error).__name__)
        return []


def _choice(recent: RecentPrompt) -> app_commands.Choice[str]:
    """Offer a prompt as it is; one too long for a choice is cut, with its job's token as value."""
    prompt = recent.prompt
    visible = "".join(
        c for c in " ".join(prompt.split()) if unicodedata.category(c) not in _INVISIBLE_CATEGORIES
    )
    if visible == prompt and _units(prompt) <= _MAX_CHOICE_CHARS:
        return app_commands.Choice(name=prompt, value=prompt)
    cut = visible if _units(visible) <= _MAX_CHOICE_CHARS else f"{_truncate(visible)}…"
    return app_commands.Choice(name=cut.strip(), value=prompt_token(recent.job_id))


def _truncate(text: str) -> str:
    units = text.encode("utf-16-le")[: 2 * (_MAX_CHOICE_CHARS - 1)]
    return units.decode("utf-16-le", errors="ignore").rstrip()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
