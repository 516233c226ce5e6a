"""Suggests prompts and presets while a command is typed; to each member their own."""

import asyncio
import unicodedata
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

import discord
import structlog
from discord import app_commands

from domain.models import DEFAULT_MODEL, MODELS, Model
from workflow.context import Context
from workflow.guilds import presets, prompt_history
from workflow.guilds.prompt_history import RecentPrompt, prompt_token

_log = structlog.get_logger(__name__)

_ANSWER_S: Final = 2
_MOST: Final = 25
_LONGEST: Final = 100
"""Characters of a choice's name, and of its value; counted in UTF-16, as Discord's client does."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})

_Interaction = discord.Interaction[Any]
_Choices = list[app_commands.Choice[str]]
T = TypeVar("T")


class Autocomplete:
    """Answers the fields that are being filled in: soon, or with nothing.

    What was typed may be anything: Discord checks it only when the command is sent.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    async def matching_prompts(self, interaction: _Interaction, typed: str) -> _Choices:
        """List the prompts that contain what was typed, newest first."""
        if interaction.guild_id is None:
            return []
        work = prompt_history.find_recent_prompts(
            self._context, interaction.guild_id, interaction.user.id, str(typed)
        )
        choices = [_choice(one) for one in await _soon(work)]
        return [choice for choice in choices if choice.name][:_MOST]

    async def matching_presets(self, interaction: _Interaction, typed: str) -> _Choices:
        """List the presets whose name contains what was typed."""
        if interaction.guild_id is None:
            return []
        work = presets.autocomplete_preset(self._context, interaction.guild_id, str(typed))
        found = await _soon(work)
        return [app_commands.Choice(name=one.name, value=one.name) for one in found]


def typed_model(interaction: _Interaction) -> Model:
    """Return the model chosen so far in a command that is still being typed.

    The other options of such a command reach an autocomplete callback through the namespace
    alone: discord.py passes it none of them as arguments. Discord does not check them yet either.
    """
    typed = interaction.namespace.model
    return next((model for model in MODELS.values() if model.id == typed), DEFAULT_MODEL)


async def _soon(work: Awaitable[list[T]]) -> list[T]:
    """Await a list for as long as Discord waits; nothing if it fails."""
    try:
        async with asyncio.timeout(_ANSWER_S):
            return await work
    except Exception as error:  # noqa: BLE001 - whatever it is, typing goes on without suggestions
        _log.warning("nothing suggested", error=type(error).__name__)
        return []


def _choice(recent: RecentPrompt) -> app_commands.Choice[str]:
    """Offer a prompt under itself; one that no choice can hold, cut, under its job's token."""
    prompt = recent.prompt
    seen = "".join(c for c in " ".join(prompt.split()) if unicodedata.category(c) not in _UNSEEN)
    if seen == prompt and _units(prompt) <= _LONGEST:
        return app_commands.Choice(name=prompt, value=prompt)
    cut = seen if _units(seen) <= _LONGEST else f"{_start(seen)}…"
    return app_commands.Choice(name=cut.strip(), value=prompt_token(recent.job_id))


def _start(text: str) -> str:
    units = text.encode("utf-16-le")[: 2 * (_LONGEST - 1)]
    return units.decode("utf-16-le", errors="ignore").rstrip()


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
