"""Registers what commands do in the language that is spoken; their names stay English."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Place

from domain.catalogue import language, t

_LONGEST: Final = 100
"""Characters that Discord takes for a description, or for the name of a choice."""

_TRANSLATED: Final = frozenset(
    {
        Place.command_description,
        Place.group_description,
        Place.parameter_description,
        Place.choice_name,
    }
)


class SpokenDescriptions(app_commands.Translator):
    """Translates what commands and options do for members whose Discord has the same language."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """Give the translation of a description; None leaves it English, as does one too long."""
        if context.location not in _TRANSLATED or not _is_spoken(locale):
            return None
        said = t(string.message)
        return said if said != string.message and len(said) <= _LONGEST else None


def _is_spoken(locale: discord.Locale) -> bool:
    code, _, territory = locale.value.partition("-")
    spoken = language()
    is_near = not territory or spoken.territory in (None, territory)
    return code == spoken.language and is_near
